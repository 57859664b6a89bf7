-- A delivery of the log (AUD-13): the job's committed look opens the events of the request that it names, with what a proof
-- needs. Who asked, what for and until when is taken from those two events alone (decision 9a).
CREATE OR REPLACE FUNCTION audit.delivery_page(
    p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, xact text, kind varchar, nonce bytea, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    request audit.event;
    wanted jsonb;
    of_area text := '';
BEGIN
    IF asked.kind = 'delivery.read' THEN
        SELECT e.* INTO request FROM audit.event_by_id((asked.payload::jsonb->'details'->>'search')::uuid) e
        WHERE e.kind = 'delivery.asked' AND e.actor_id = asked.actor_id;
    END IF;
    IF request.id IS NULL
            OR coalesce(asked.payload::jsonb->>'role', '') NOT IN ('agency_appointer', 'opr_auditor')
            OR coalesce(request.payload::jsonb->>'role', '') NOT IN ('agency_appointer', 'opr_auditor') THEN
        RAISE EXCEPTION 'this event opens no delivery' USING ERRCODE = 'insufficient_privilege';
    END IF;
    wanted := request.payload::jsonb->'details'->'criteria';
    IF NOT (wanted ? 'from' AND wanted ? 'until') THEN
        RAISE EXCEPTION 'a delivery has a period' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Of an area: what it did, and what others did in the name of its people, as its keepers read the log (audit.events_page).
    IF wanted ? 'aor' THEN
        of_area := ' AND (lower(e.aor) = lower($1->>''aor'') OR (e.on_behalf_of IS NOT NULL'
                   ' AND (e.payload::jsonb->''named_aors'') ? ($1->>''aor'')))';
    END IF;
    RETURN QUERY EXECUTE
        'SELECT e.at, e.id, e.xact::text, e.kind, e.nonce, e.payload FROM audit.event e WHERE e.at < $4' || of_area
        || audit.search_conditions(wanted - 'aor', p_before_at IS NOT NULL, false) || ' ORDER BY e.at DESC, e.id DESC LIMIT $5'
        USING wanted, p_before_at, p_before_id, request.at, least(greatest(p_limit, 1), 1000);
END
$function$;
