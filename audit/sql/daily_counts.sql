-- Usage of one day, in counts alone (AUD-7): opened by the committed event that says which day is counted. What follows a question
-- counts on the question's day, though it was recorded in the first hour of the next.
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
                AND (e.kind IN ('session.signed_in', 'query.attempted', 'entry.added', 'hit.made') OR e.kind LIKE '%refused')
        ), followed AS (
            SELECT e.kind, e.payload::jsonb AS said, a.actor, a.aor, a.reason, a.payload::jsonb AS asked
            FROM audit.event e CROSS JOIN LATERAL audit.event_by_id(e.query) a
            WHERE e.at >= day AND e.at < day + interval '25 hours' AND e.kind IN ('query.answered', 'named.told')
                AND a.at >= day AND a.at < day + interval '24 hours'
        ), counted AS (
            SELECT CASE h.kind WHEN 'session.signed_in' THEN 'login' WHEN 'query.attempted' THEN 'search'
                       WHEN 'entry.added' THEN 'entry' WHEN 'hit.made' THEN 'hit' ELSE 'refused' END AS measure,
                   -- A hit is made by the system, and counts for whose alert it is; a username is never another's.
                   coalesce(owner.username, h.actor) AS actor, h.aor, h.reason, h.said
            FROM happened h
            LEFT JOIN public.accounts_user owner ON h.kind = 'hit.made' AND owner.id = (h.said->'details'->>'owner')::bigint
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
            SELECT 'for_person', person.name, f.aor, f.reason, f.asked
            FROM followed f CROSS JOIN LATERAL jsonb_array_elements_text(f.said->'details'->'persons') person(name)
            WHERE f.kind = 'named.told'
            UNION ALL
            -- An answer counts for its question: by whom, why and for which offense stands there.
            SELECT 'search_with_hits', f.actor, f.aor, f.reason, f.asked
            FROM followed f
            WHERE f.kind = 'query.answered' AND (f.said->'details'->>'count')::bigint > 0
        )
        SELECT c.measure, coalesce(c.actor::text, ''), coalesce(c.said->>'component', ''), coalesce(c.aor::text, ''),
               coalesce(c.reason::text, ''), coalesce(c.said->'details'->>'offense', ''), count(*)
        FROM counted c GROUP BY 1, 2, 3, 4, 5, 6;
END
$function$;
