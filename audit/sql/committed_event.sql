-- The time that an event's id carries (UUID version 7), to the millisecond.
CREATE OR REPLACE FUNCTION audit.stamp(p_id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
AS $function$
    SELECT to_timestamp((('x' || lpad(substr(replace(p_id::text, '-', ''), 1, 12), 16, '0'))::bit(64)::bigint) / 1000.0)
$function$;

CREATE OR REPLACE FUNCTION audit.event_by_id(p_id uuid) RETURNS SETOF audit.event
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    stamp timestamptz := audit.stamp(p_id);
BEGIN
    RETURN QUERY SELECT e.* FROM audit.event e
    WHERE e.at >= stamp - interval '1 millisecond' AND e.at < stamp + interval '2 milliseconds' AND e.id = p_id;
END
$function$;

-- The event that opens a door: committed by another transaction, and not older than a minute (decisions 5 and 9a).
-- The transaction is compared because a transaction sees its own uncommitted rows, also behind a released savepoint.
CREATE OR REPLACE FUNCTION audit.committed_event(p_id uuid) RETURNS audit.event
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    event audit.event;
BEGIN
    SELECT e.* INTO event FROM audit.event_by_id(p_id) e;
    IF event.id IS NULL OR event.xact IS NOT DISTINCT FROM pg_current_xact_id_if_assigned() THEN
        RAISE EXCEPTION 'no committed event of this id' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF event.at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() + interval '5 seconds' THEN
        RAISE EXCEPTION 'the event is older than a minute' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN event;
END
$function$;
