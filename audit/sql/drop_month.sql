-- How a month of the log goes (AUD-5, BEY-10); what is over, held and in a month stands in retention.sql.

-- Whether a month may go. Everything is taken from the log, the seals and the holds; nothing from the caller but which month and
-- which three events speak for it. Returns how many events would go; raises where anything lacks. Until the transaction ends no
-- hold is placed, so that what lies outside of the log and goes with the month is erased after this and before audit.drop_month.
CREATE OR REPLACE FUNCTION audit.check_month(
    p_month date, p_announced uuid, p_agency uuid, p_operator uuid, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '1s'
AS $function$
DECLARE
    announced audit.event;
    said jsonb;
    wanted jsonb;
    covered bigint;
    facts record;
BEGIN
    -- Partitions are made and dropped one at a time; no hold is placed while a month goes.
    PERFORM pg_advisory_xact_lock(7303001);
    LOCK TABLE public.audit_legalhold IN SHARE MODE;
    SELECT e.* INTO announced FROM audit.event_by_id(p_announced) e WHERE e.kind = 'retention.announced';
    said := announced.payload::jsonb;
    SELECT item INTO wanted FROM jsonb_array_elements(said->'details'->'months') item
    WHERE item->>'month' = to_char(p_month, 'YYYY-MM');
    IF wanted IS NULL OR said->>'role' <> 'operations' THEN
        RAISE EXCEPTION 'no announcement names this month' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM audit.checkpoint c WHERE c.size = (said->'details'->>'size')::bigint
                   AND encode(c.root, 'hex') = said->'details'->>'root') THEN
        RAISE EXCEPTION 'the announcement names another tree' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The first checkpoint over the announcement; what approves it comes after that, and is sealed itself.
    SELECT min(c.size) INTO covered FROM audit.sealed_leaf l JOIN audit.checkpoint c ON c.size > l.index
    WHERE l.id = p_announced AND l.leaf = announced.leaf;
    IF (SELECT count(DISTINCT e.actor_id) FROM unnest(ARRAY[p_agency, p_operator], ARRAY['agency_appointer', 'operations'])
            side (id, role)
        CROSS JOIN LATERAL audit.event_by_id(side.id) e
        JOIN audit.sealed_leaf l ON l.id = e.id AND l.leaf = e.leaf
        WHERE e.kind = 'retention.approved' AND e.payload::jsonb->>'role' = side.role
            AND e.payload::jsonb->'details'->>'announcement' = p_announced::text
            AND l.index >= covered AND EXISTS (SELECT FROM audit.checkpoint c WHERE c.size > l.index)) <> 2 THEN
        RAISE EXCEPTION 'two persons of two sides approve, after the seal of the announcement'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- A withdrawal names the months that were left; one that names none is of all of them (audit/verifier.py says the same).
    IF EXISTS (SELECT FROM audit.event e CROSS JOIN LATERAL (SELECT e.payload::jsonb->'details' AS details) w
               WHERE e.kind = 'retention.withdrawn' AND e.at >= announced.at AND w.details->>'announcement' = p_announced::text
               AND CASE jsonb_typeof(w.details->'months') WHEN 'array' THEN w.details->'months' ? to_char(p_month, 'YYYY-MM')
                   ELSE true END) THEN
        RAISE EXCEPTION 'the announcement was withdrawn' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT audit.is_over(p_month, p_now) THEN
        RAISE EXCEPTION 'the month is not past its retention' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF audit.is_held(p_month) THEN
        RAISE EXCEPTION 'a legal hold is on the month' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO facts FROM audit.month_facts(p_month);
    IF facts.unsealed > 0 OR facts.size > (said->'details'->>'size')::bigint
            OR (facts.events, facts.digest) IS DISTINCT FROM ((wanted->>'events')::bigint, wanted->>'digest') THEN
        RAISE EXCEPTION 'the month does not hold what was announced' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN facts.events;
END
$function$;

-- The only way for events to go; it asks all of it anew. Returns how many events went.
CREATE OR REPLACE FUNCTION audit.drop_month(
    p_month date, p_announced uuid, p_agency uuid, p_operator uuid, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '1s'
AS $function$
DECLARE
    gone bigint := audit.check_month(p_month, p_announced, p_agency, p_operator, p_now);
    partition_name text := 'event_' || to_char(p_month, 'YYYY_MM');
BEGIN
    EXECUTE format('INSERT INTO audit.kept_event SELECT * FROM audit.%I '
                   'WHERE kind IN (''retention.announced'', ''retention.approved'', ''retention.withdrawn'')', partition_name);
    EXECUTE format('DROP TABLE audit.%I', partition_name);
    RETURN gone;
END
$function$;
