-- Reading the log is itself on the log (decision 9a): the caller names the committed event that asks, and this function
-- takes who asks, what for and how far from that event alone.
--   audit.searched, audit.viewed   the search's criteria, within the AOR of a manager or supervisor, everywhere for OPR
--   query.recalled                 the asker's own queries, by the criteria of the event
--   query.viewed, query.replayed   the attempt and the outcome of the query that the event names
CREATE OR REPLACE FUNCTION audit.events_page(
    p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, kind varchar, actor_id bigint, actor varchar, aor varchar, on_behalf_of text,
               plate varchar, state varchar, reason varchar, query uuid, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    search audit.event := asked;
    said jsonb := asked.payload::jsonb;
    wanted jsonb;
    conditions text := '';
BEGIN
    IF asked.kind = 'audit.viewed' THEN
        SELECT e.* INTO search FROM audit.event_by_id((said->'details'->>'search')::uuid) e
        WHERE e.kind = 'audit.searched';
    END IF;
    wanted := coalesce(search.payload::jsonb->'details'->'criteria', '{}'::jsonb);
    IF asked.kind IN ('audit.searched', 'audit.viewed') AND search.id IS NOT NULL THEN
        IF said->>'role' IN ('agency_manager', 'supervisor') AND asked.aor IS NOT NULL THEN
            conditions := conditions || ' AND e.aor = $3';
        ELSIF said->>'role' IS DISTINCT FROM 'opr_auditor' THEN
            RAISE EXCEPTION 'this role reads no audit records' USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF asked.kind = 'query.recalled' THEN
        conditions := conditions || ' AND e.actor_id = $4 AND e.kind = ''query.attempted''';
    ELSIF asked.kind IN ('query.viewed', 'query.replayed', 'photo.viewed', 'report.printed') THEN
        conditions := conditions || ' AND e.query = $5 AND e.kind IN (''query.attempted'', ''query.answered'')';
    ELSE
        RAISE EXCEPTION 'this event opens no audit records' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Only the conditions in use are written, so that the planner takes the index of the question asked.
    conditions := conditions
        || CASE WHEN wanted ? 'user' THEN ' AND e.actor = $6->>''user''' ELSE '' END
        || CASE WHEN wanted ? 'on_behalf_of' THEN ' AND e.on_behalf_of = $6->>''on_behalf_of''' ELSE '' END
        || CASE WHEN wanted ? 'plate' THEN ' AND e.plate = $6->>''plate''' ELSE '' END
        || CASE WHEN wanted ? 'state' THEN ' AND e.state = $6->>''state''' ELSE '' END
        || CASE WHEN wanted ? 'event' THEN ' AND e.kind = $6->>''event''' ELSE '' END
        || CASE WHEN wanted ? 'reason' THEN ' AND e.reason = $6->>''reason''' ELSE '' END
        || CASE WHEN wanted ? 'aor' THEN ' AND e.aor = $6->>''aor''' ELSE '' END
        || CASE WHEN wanted ? 'from' THEN ' AND e.at >= ($6->>''from'')::timestamptz' ELSE '' END
        || CASE WHEN wanted ? 'until' THEN ' AND e.at < ($6->>''until'')::timestamptz' ELSE '' END
        || CASE WHEN asked.query IS NOT NULL THEN format(' AND e.at >= %L::timestamptz', (
               SELECT q.at FROM audit.event_by_id(asked.query) q)) ELSE '' END
        || CASE WHEN p_before_at IS NOT NULL THEN ' AND (e.at, e.id) < ($1, $2)' ELSE '' END;
    RETURN QUERY EXECUTE
        'SELECT e.at, e.id, e.kind, e.actor_id, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.query, e.payload '
        'FROM audit.event e WHERE e.at <= $7' || conditions || ' ORDER BY e.at DESC, e.id DESC LIMIT $8'
        USING p_before_at, p_before_id, asked.aor, asked.actor_id, asked.query, wanted, search.at,
              least(greatest(p_limit, 1), 1000);
END
$function$;

-- Whose query is this? Enough to decide who may open it, and nothing of what was asked.
CREATE OR REPLACE FUNCTION audit.query_owner(
    p_query uuid, OUT at timestamptz, OUT actor_id bigint, OUT actor varchar, OUT aor varchar)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT e.at, e.actor_id, e.actor, e.aor FROM audit.event_by_id(p_query) e WHERE e.kind = 'query.attempted'
$function$;
