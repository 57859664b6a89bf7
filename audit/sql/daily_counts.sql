-- Usage of one day, in counts alone (AUD-7): opened by the committed event that says which day is counted.
CREATE OR REPLACE FUNCTION audit.daily_counts(p_event uuid)
RETURNS TABLE (measure text, actor text, component text, aor text, reason text, offense text, count bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    day timestamptz;
BEGIN
    IF asked.kind <> 'audit.counted' THEN
        RAISE EXCEPTION 'this event opens no counts' USING ERRCODE = 'insufficient_privilege';
    END IF;
    day := (asked.payload::jsonb->'details'->>'day')::timestamp AT TIME ZONE 'UTC';
    RETURN QUERY
        WITH happened AS (
            SELECT e.kind, e.actor, e.aor, e.on_behalf_of, e.reason, e.query, e.payload::jsonb AS said
            FROM audit.event e
            WHERE e.at >= day AND e.at < day + interval '24 hours'
                AND (e.kind IN ('session.signed_in', 'query.attempted', 'query.answered', 'entry.added', 'hit.made',
                                'named.told')
                     OR e.kind LIKE '%refused')
        ), counted AS (
            SELECT CASE h.kind WHEN 'session.signed_in' THEN 'login' WHEN 'query.attempted' THEN 'search'
                       WHEN 'entry.added' THEN 'entry' WHEN 'hit.made' THEN 'hit' ELSE 'refused' END AS measure,
                   h.actor, h.aor, h.reason, h.said
            FROM happened h WHERE h.kind NOT IN ('query.answered', 'named.told')
            UNION ALL
            SELECT 'on_behalf_of', h.actor, h.aor, h.reason, h.said
            FROM happened h WHERE h.kind = 'query.attempted' AND h.on_behalf_of <> ''
            UNION ALL
            -- Asked elsewhere in the name of an area's person: that area's people read of it (AUD-3).
            SELECT 'named', h.actor, area.code, h.reason, h.said
            FROM happened h CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof(h.said->'named_aors') WHEN 'array' THEN h.said->'named_aors' END) area(code)
            WHERE h.kind = 'query.attempted'
            UNION ALL
            -- For whom it was asked, where accounts bear the name: by their usernames, as the log has them.
            SELECT 'for_person', person.name, q.aor, q.reason, q.payload::jsonb
            FROM happened h CROSS JOIN LATERAL audit.event_by_id(h.query) q
            CROSS JOIN LATERAL jsonb_array_elements_text(h.said->'details'->'persons') person(name)
            WHERE h.kind = 'named.told'
            UNION ALL
            -- An answer counts for its question: by whom, why and for which offense stands there.
            SELECT 'search_with_hits', a.actor, a.aor, a.reason, a.payload::jsonb
            FROM happened h CROSS JOIN LATERAL audit.event_by_id(h.query) a
            WHERE h.kind = 'query.answered' AND (h.said->'details'->>'count')::bigint > 0
        )
        SELECT c.measure, coalesce(c.actor::text, ''), coalesce(c.said->>'component', ''), coalesce(c.aor::text, ''),
               coalesce(c.reason::text, ''), coalesce(c.said->'details'->>'offense', ''), count(*)
        FROM counted c GROUP BY 1, 2, 3, 4, 5, 6;
END
$function$;
