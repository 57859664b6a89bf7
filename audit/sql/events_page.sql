-- The criteria of a search as conditions, for the doors that read events: $1 is the criteria, ($2, $3) time and number of the last
-- event of the page before. Only the conditions in use are written, so that the planner takes the index of the question asked.
-- `p_time_last`: indexes look for everything but the time, which is left to the rows found (see audit.events_page).
CREATE OR REPLACE FUNCTION audit.search_conditions(p_wanted jsonb, p_goes_on boolean, p_time_last boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at text := CASE WHEN p_time_last THEN ' AND (e.at %s) IS TRUE' ELSE ' AND e.at %s' END;
BEGIN
    RETURN concat(
        CASE WHEN p_wanted->>'user' ~ '^[0-9]{1,18}$'
             THEN ' AND (lower(e.actor) = $1->>''user'' OR e.actor_id = ($1->>''user'')::bigint)'
             WHEN p_wanted ? 'user' THEN ' AND lower(e.actor) = lower($1->>''user'')' END,
        CASE WHEN p_wanted ? 'on_behalf_of' THEN ' AND lower(e.on_behalf_of) = lower($1->>''on_behalf_of'')' END,
        CASE WHEN p_wanted ? 'plate' THEN ' AND e.plate = $1->>''plate''' END,
        CASE WHEN p_wanted ? 'state' THEN ' AND e.state = $1->>''state''' END,
        CASE WHEN p_wanted ? 'event' THEN ' AND e.kind = $1->>''event''' END,
        CASE WHEN p_wanted ? 'reason' THEN ' AND lower(e.reason) = lower($1->>''reason'')' END,
        CASE WHEN p_wanted ? 'aor' THEN ' AND lower(e.aor) = lower($1->>''aor'')' END,
        CASE WHEN p_wanted ? 'from' THEN format(at, '>= ($1->>''from'')::timestamptz') END,
        CASE WHEN p_wanted ? 'until' THEN format(at, '< ($1->>''until'')::timestamptz') END,
        -- The first half by itself, because months are not ruled out by a row of two.
        CASE WHEN p_goes_on THEN format(at, '<= $2') || ' AND ((e.at, e.id) < ($2, $3)) IS TRUE' END);
END
$function$;

-- Reading the log is itself on the log (decision 9a): the caller names the committed event that asks, and this function
-- takes who asks, what for and how far from that event alone.
--   audit.searched, audit.viewed   the search's criteria; for a manager or supervisor within their AOR: what it did, and what
--                                  others did in the name of its people; everywhere for OPR (AUD-3); a search is opened again
--                                  by its searcher alone
--   query.recalled                 the asker's own queries, by the criteria of the event
--   query.viewed, query.replayed   the attempt and the outcome of the query that the event names
-- `outcome` stands beside an attempt: the payload of its answer or failure, so that one row tells the whole of a query.
CREATE OR REPLACE FUNCTION audit.events_page(
    p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, kind varchar, actor_id bigint, actor varchar, aor varchar, on_behalf_of text,
               plate varchar, state varchar, reason varchar, query uuid, payload text, outcome text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET work_mem = '32MB'
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    search audit.event := asked;
    said jsonb := asked.payload::jsonb;
    wanted jsonb;
    conditions text := '';
    -- What is seen, in parts that share no event; each part is found by an index of its own.
    parts text[] := ARRAY[''];
    source text := 'audit.event';
    frame text;
    has_many boolean := false;
    span interval := interval '1 minute';
    upper_end timestamptz;
    lower_end timestamptz;
    wanted_rows integer := least(greatest(p_limit, 1), 1000);
    row_number integer;
BEGIN
    IF asked.kind = 'audit.viewed' THEN
        SELECT e.* INTO search FROM audit.event_by_id((said->'details'->>'search')::uuid) e
        WHERE e.kind = 'audit.searched' AND e.actor_id = asked.actor_id;
    END IF;
    wanted := coalesce(search.payload::jsonb->'details'->'criteria', '{}'::jsonb);
    IF asked.kind IN ('audit.searched', 'audit.viewed') AND search.id IS NOT NULL THEN
        IF said->>'role' IN ('agency_manager', 'supervisor') AND asked.aor IS NOT NULL THEN
            parts := ARRAY[' AND e.aor = $6 AND lower(e.aor) = lower($6)',
                           ' AND e.on_behalf_of IS NOT NULL AND (e.payload::jsonb->''named_aors'') ? $6'];
        ELSIF said->>'role' IS DISTINCT FROM 'opr_auditor' THEN
            RAISE EXCEPTION 'this role reads no audit records' USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF asked.kind = 'query.recalled' THEN
        conditions := ' AND e.actor_id = $7 AND e.kind = ''query.attempted''';
    ELSIF asked.kind IN ('query.viewed', 'query.replayed', 'photo.viewed', 'report.printed') THEN
        conditions := ' AND e.query = $8 AND e.kind IN (''query.attempted'', ''query.answered'')';
    ELSE
        RAISE EXCEPTION 'this event opens no audit records' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF asked.query IS NOT NULL THEN
        conditions := conditions || format(' AND e.at >= %L::timestamptz', (SELECT q.at FROM audit.event_by_id(asked.query) q));
    END IF;
    IF asked.kind IN ('audit.searched', 'audit.viewed') THEN
        has_many := cardinality(parts) - 1 + (
            SELECT count(*) FROM unnest(ARRAY['user', 'on_behalf_of', 'plate', 'event', 'reason', 'aor']) name WHERE wanted ? name) > 1;
    END IF;
    -- %1$s: where from; %2$s: what ends each part.
    frame :=
        'SELECT e.at, e.id, e.kind, e.actor_id, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.query, e.payload, '
        'CASE e.kind WHEN ''query.attempted'' THEN (SELECT o.payload FROM audit.event o WHERE o.query = e.query '
        'AND o.kind IN (''query.answered'', ''query.failed'') AND o.at >= e.at AND o.at < e.at + interval ''1 hour'' '
        'AND o.at <= $4 ORDER BY o.at LIMIT 1) END FROM (SELECT * FROM ('
        || (SELECT string_agg('SELECT * FROM (SELECT e.* FROM %1$s e WHERE true' || replace(conditions || part, '%', '%%')
                              || '%2$s) p', ' UNION ALL ') FROM unnest(parts) part)
        || ' OFFSET 0) p ORDER BY at DESC, id DESC LIMIT $5) e ORDER BY e.at DESC, e.id DESC';
    IF NOT has_many THEN
        RETURN QUERY EXECUTE format(frame, source, audit.search_conditions(wanted, p_before_at IS NOT NULL, false)
                                                   || ' AND e.at <= $4 ORDER BY e.at DESC, e.id DESC LIMIT $5')
            USING wanted, p_before_at, p_before_id, search.at, wanted_rows, asked.aor, asked.actor_id, asked.query;
        RETURN;
    END IF;
    -- Several conditions, each of them frequent, may hardly ever come together: walking one index until the page is full would walk
    -- years. What is often is found within the newest days, in windows each eight times as long as the one before.
    upper_end := least(search.at, p_before_at, (wanted->>'until')::timestamptz);
    WHILE span < interval '5 days' LOOP
        lower_end := upper_end - span;
        RETURN QUERY EXECUTE format(frame, source, audit.search_conditions(wanted, p_before_at IS NOT NULL, false)
                                                   || ' AND e.at <= $9 AND e.at > $10')
            USING wanted, p_before_at, p_before_id, search.at, wanted_rows, asked.aor, asked.actor_id, asked.query,
                  upper_end, lower_end;
        GET DIAGNOSTICS row_number = ROW_COUNT;
        wanted_rows := wanted_rows - row_number;
        IF wanted_rows <= 0 OR lower_end < (wanted->>'from')::timestamptz THEN
            RETURN;
        END IF;
        upper_end := lower_end;
        span := 8 * span;
    END LOOP;
    -- What is rare is found month by month, by all the indexes at once. Each of them holds the time too, and the planner joins no
    -- two indexes that look for the same: so these look for everything else.
    FOR source IN
        SELECT format('audit.%I', c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit.event'::regclass AND c.relname ~ '^event_[0-9]{4}_[0-9]{2}$'
            AND to_date(right(c.relname, 7), 'YYYY_MM') <= upper_end AT TIME ZONE 'UTC'
            AND coalesce(to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month'
                         > (wanted->>'from')::timestamptz AT TIME ZONE 'UTC', true)
            AND NOT EXISTS (SELECT FROM audit.event_default)
        UNION ALL
        -- What lies in no month of its own may be of any time.
        SELECT 'audit.event' WHERE EXISTS (SELECT FROM audit.event_default)
        ORDER BY 1 DESC
    LOOP
        RETURN QUERY EXECUTE format(frame, source, audit.search_conditions(wanted, p_before_at IS NOT NULL, true)
                                                   || ' AND (e.at <= $9) IS TRUE')
            USING wanted, p_before_at, p_before_id, search.at, wanted_rows, asked.aor, asked.actor_id, asked.query, upper_end;
        GET DIAGNOSTICS row_number = ROW_COUNT;
        wanted_rows := wanted_rows - row_number;
        EXIT WHEN wanted_rows <= 0;
    END LOOP;
END
$function$;

-- Whose query is this, and in which other areas is it seen, because it names one of their people? Enough to decide who may open
-- it, and nothing of what was asked.
CREATE OR REPLACE FUNCTION audit.query_owner(
    p_query uuid, OUT at timestamptz, OUT actor_id bigint, OUT actor varchar, OUT aor varchar, OUT named_aors jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT e.at, e.actor_id, e.actor, e.aor, coalesce(e.payload::jsonb->'named_aors', '[]'::jsonb)
    FROM audit.event_by_id(p_query) e WHERE e.kind = 'query.attempted'
$function$;

-- Whose search is this? Enough to decide who may open it, and nothing of what was searched for.
CREATE OR REPLACE FUNCTION audit.search_owner(p_search uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT e.actor_id FROM audit.event_by_id(p_search) e WHERE e.kind = 'audit.searched'
$function$;

-- What was searched for: opened, like the page itself, by the searcher's committed event of viewing.
CREATE OR REPLACE FUNCTION audit.search_seen(p_event uuid, OUT at timestamptz, OUT criteria text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    asked audit.event := audit.committed_event(p_event);
BEGIN
    SELECT e.at, e.payload::jsonb->'details'->>'criteria' INTO at, criteria
    FROM audit.event_by_id((asked.payload::jsonb->'details'->>'search')::uuid) e
    WHERE asked.kind = 'audit.viewed' AND e.kind = 'audit.searched' AND e.actor_id = asked.actor_id;
END
$function$;
