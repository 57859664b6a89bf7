-- What a review reads of the log (AUD-8, BEY-5), and what the persons concerned read of it (BEY-4). Each door is opened by a committed
-- event of its own (decision 9a): whose, how far and by which thresholds is taken from that event and from the one that opened the
-- review, never from the caller.

-- The event that opened the review that `asked` looks at, where the one who looks may see it: OPR each, managers and supervisors those
-- of their area that OPR did not open.
CREATE OR REPLACE FUNCTION audit.review_opened(p_asked audit.event) RETURNS audit.event
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    said jsonb := p_asked.payload::jsonb;
    opened audit.event;
BEGIN
    IF p_asked.kind = 'review.opened' THEN
        opened := p_asked;
    ELSIF p_asked.kind IN ('review.viewed', 'review.candidates_viewed', 'review.chosen') THEN
        SELECT e.* INTO opened FROM public.audit_review r CROSS JOIN LATERAL audit.event_by_id(r.opened) e
        WHERE r.id = (said->'details'->>'review')::uuid AND e.kind = 'review.opened';
    END IF;
    IF opened.id IS NULL OR coalesce(said->>'role' = 'opr_auditor' OR (
        said->>'role' IN ('agency_manager', 'supervisor') AND p_asked.aor IS NOT NULL AND opened.aor = p_asked.aor), false) IS NOT TRUE
    THEN
        RAISE EXCEPTION 'this event opens no review' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN opened;
END
$function$;

-- The queries that a review may draw from: of its period, asked before it was opened, and neither by nor for its opener. Of an area
-- they are those that the area asked, and since openings say so (`in_their_name`) those asked elsewhere in the name of its people:
-- what its keepers read of the log (AUD-3). Whose name is the opener's stands in the log too, as it was then: in the opening, and
-- in the notice of each query. A draw of before can be repeated by the rule of before.
CREATE OR REPLACE FUNCTION audit.review_population(p_opened audit.event) RETURNS SETOF audit.event
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wanted jsonb := p_opened.payload::jsonb->'details';
    area text := CASE WHEN p_opened.payload::jsonb->>'role' = 'opr_auditor' THEN wanted->>'aor' ELSE p_opened.aor END;
    own_names text[] := CASE WHEN wanted ? 'opener_names'
        THEN ARRAY(SELECT lower(name) FROM jsonb_array_elements_text(wanted->'opener_names') name)
        ELSE ARRAY(SELECT unnest(ARRAY[lower(u.username), lower(u.full_name)]) FROM public.accounts_user u
                   WHERE u.id = p_opened.actor_id) END;
BEGIN
    RETURN QUERY
    SELECT e.* FROM audit.event e
    WHERE e.kind = 'query.attempted'
      AND e.at >= (wanted->>'since')::timestamptz AND e.at < least((wanted->>'until')::timestamptz, p_opened.at)
      AND (area IS NULL OR e.aor = area OR (wanted->'in_their_name' = 'true' AND e.on_behalf_of IS NOT NULL
                                           AND (e.payload::jsonb->'named_aors') ? area))
      AND e.actor_id IS DISTINCT FROM p_opened.actor_id
      AND (e.on_behalf_of IS NULL OR lower(e.on_behalf_of) <> ALL (own_names))
      AND (e.on_behalf_of IS NULL OR NOT wanted ? 'opener_names' OR NOT EXISTS (
          SELECT FROM audit.event told WHERE told.query = e.id AND told.kind = 'named.told'
          AND told.at >= e.at AND told.at < e.at + interval '1 minute'
          AND (told.payload::jsonb->'details'->'persons') ? p_opened.actor::text));
END
$function$;

-- The signals of a review's queries, by the thresholds that stand in its opening: signal, group, size of the group, query. A group is
-- named by its first query.
--   same_plate      one user asked for one plate at least `same_plate_times`
--   same_case       one case text over at least `same_case_plates` plates
--   off_shift       asked before `shift_begins` or from `shift_ends` on, by the clocks of the area, or at a weekend
--   filler          of the words of the case text that are no labels, `filler_percent` or more are filler or no real number
--   training        asked in the last `training_days` before a required course lapsed
--   self_on_behalf  asked for another person, who is the asker
CREATE OR REPLACE FUNCTION audit.review_flags(p_opened audit.event)
RETURNS TABLE (signal text, grp uuid, size bigint, query uuid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    wanted jsonb := p_opened.payload::jsonb->'details'->'thresholds';
    filler jsonb := wanted->'filler_words';
    labels jsonb := wanted->'label_words';
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT e.at, e.id, e.actor_id, e.actor, e.on_behalf_of, e.plate, e.state, e.payload::jsonb->>'role' AS role, u.full_name,
               e.at AT TIME ZONE coalesce(a.time_zone, 'UTC') AS local,
               lower(btrim(regexp_replace(coalesce(e.payload::jsonb->'details'->>'case_reference', ''), '\s+', ' ', 'g'))) AS reference
        FROM audit.review_population(p_opened) e
        LEFT JOIN public.accounts_aor a ON a.code = e.aor
        LEFT JOIN public.accounts_user u ON u.id = e.actor_id
    ), found AS (
        SELECT 'same_plate' AS signal, a.id AS query, concat_ws(' ', a.actor_id, a.plate, a.state) AS grp
        FROM asked a
        JOIN (SELECT actor_id, plate, state FROM asked GROUP BY 1, 2, 3
              HAVING count(*) >= (wanted->>'same_plate_times')::integer) often
            ON often.actor_id = a.actor_id AND often.plate = a.plate AND often.state IS NOT DISTINCT FROM a.state
        UNION ALL
        SELECT 'same_case', a.id, a.reference
        FROM asked a
        JOIN (SELECT reference FROM asked WHERE reference <> '' GROUP BY 1
              HAVING count(DISTINCT (plate, state)) >= (wanted->>'same_case_plates')::integer) many
            ON many.reference = a.reference
        UNION ALL
        SELECT 'off_shift', a.id, a.actor_id::text
        FROM asked a
        WHERE extract(hour FROM a.local) < (wanted->>'shift_begins')::integer
           OR extract(hour FROM a.local) >= (wanted->>'shift_ends')::integer
           OR ((wanted->>'weekend_is_off')::boolean AND extract(isodow FROM a.local) > 5)
        UNION ALL
        SELECT 'filler', a.id, a.actor_id::text
        FROM asked a
        CROSS JOIN LATERAL (
            SELECT count(*) AS words, count(*) FILTER (WHERE filler ? word OR word ~ '^(\d)\1+$' OR (
                       word ~ '^\d{4,}$' AND (strpos('01234567890123456789', word) > 0 OR strpos('98765432109876543210', word) > 0)))
                   AS empty
            FROM regexp_split_to_table(a.reference, '[^[:alnum:]]+') word
            WHERE word <> '' AND NOT labels ? word) said
        WHERE said.empty > 0 AND 100 * said.empty >= (wanted->>'filler_percent')::integer * said.words
        UNION ALL
        SELECT 'training', a.id, a.actor_id::text
        FROM asked a
        CROSS JOIN LATERAL (
            SELECT min(latest.valid_until) AS lapses_on
            FROM (SELECT max(t.valid_until) AS valid_until
                  FROM public.accounts_course c JOIN public.accounts_trainingrecord t ON t.course_id = c.id
                  WHERE c.interval_months IS NOT NULL AND a.role = ANY (c.roles::text[]) AND t.user_id = a.actor_id
                    AND t.completed_on <= a.local::date
                  GROUP BY c.id) latest) due
        WHERE due.lapses_on - a.local::date BETWEEN 0 AND (wanted->>'training_days')::integer
        UNION ALL
        SELECT 'self_on_behalf', a.id, a.actor_id::text
        FROM asked a
        WHERE lower(a.on_behalf_of) IN (lower(a.actor), lower(a.full_name))
    )
    SELECT f.signal, (min(f.query::text) OVER groups)::uuid, count(*) OVER groups, f.query
    FROM found f WINDOW groups AS (PARTITION BY f.signal, f.grp);
END
$function$;

-- The order in which queries come into a sample: by the hash of seed and number, so that anyone who has the numbers draws the same;
-- `signals` puts those with more signals first. Signals also come of training, zones and names, which change: how many each query
-- had is told with the first row at the opening (`by_count`: queries by their number of signals; null where more than `p_most` have
-- any) and stands in the log beside it from then on (`review.signalled`). `is_kept` says whether what is drawn again is drawn by that.
-- `population` is how many there were to draw from, `of_area` how many of them its area asked.
CREATE OR REPLACE FUNCTION audit.review_sample(p_event uuid, p_most integer)
RETURNS TABLE (query uuid, actor_id bigint, aor varchar, signals text[], population bigint, of_area bigint, is_kept boolean,
               by_count jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    opened audit.event := audit.review_opened(asked);
    wanted jsonb := opened.payload::jsonb->'details';
    is_opening boolean := asked.kind = 'review.opened' AND wanted->>'method' = 'signals';
    kept jsonb := (
        SELECT CASE WHEN NOT said ? 'too_many' THEN coalesce(said->'by_count', '{}') END
        FROM (SELECT s.at, s.payload::jsonb->'details' AS said FROM audit.event s
              WHERE s.kind = 'review.signalled' AND s.at >= opened.at AND s.at < opened.at + interval '1 hour') beside
        WHERE said->>'review' = wanted->>'review' ORDER BY at LIMIT 1);
BEGIN
    RETURN QUERY
    WITH flags AS MATERIALIZED (
        SELECT f.query, array_agg(DISTINCT f.signal) AS signals FROM audit.review_flags(opened) f GROUP BY f.query
    ), counted AS (
        SELECT one.id::uuid AS query, how.many::integer AS signals
        FROM jsonb_each(kept) how(many, queries) CROSS JOIN LATERAL jsonb_array_elements_text(how.queries) one(id)
        UNION ALL
        SELECT f.query, cardinality(f.signals) FROM flags f WHERE kept IS NULL
    ), told AS (
        SELECT coalesce(jsonb_object_agg(alike.many, alike.queries), '{}') AS by_count
        FROM (SELECT cardinality(f.signals)::text AS many, jsonb_agg(f.query ORDER BY f.query) AS queries FROM flags f GROUP BY 1) alike
    ), drawn AS (
        SELECT e.id, e.actor_id, e.aor, coalesce(f.signals, '{}') AS signals, count(*) OVER () AS population,
               count(*) OVER (PARTITION BY e.aor) AS of_area, row_number() OVER (
                   ORDER BY CASE wanted->>'method' WHEN 'signals' THEN coalesce(c.signals, 0) END DESC,
                            sha256(convert_to(concat_ws(' ', wanted->>'seed', e.id), 'UTF8'))) AS place
        FROM audit.review_population(opened) e LEFT JOIN flags f ON f.query = e.id LEFT JOIN counted c ON c.query = e.id)
    SELECT d.id, d.actor_id, d.aor, d.signals, d.population, d.of_area, wanted->>'method' <> 'signals' OR kept IS NOT NULL,
           CASE WHEN is_opening AND d.place = 1 AND (SELECT count(*) FROM flags) <= least(greatest(p_most, 0), 5000)
               THEN (SELECT t.by_count FROM told t) END
    FROM drawn d
    ORDER BY d.place LIMIT CASE wanted->>'method' WHEN 'chosen' THEN 0 ELSE (wanted->>'size')::integer END;
END
$function$;

-- Of the queries that the event chooses, those that the review may take, with their signals.
CREATE OR REPLACE FUNCTION audit.review_chosen(p_event uuid)
RETURNS TABLE (query uuid, actor_id bigint, signals text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    opened audit.event := audit.review_opened(asked);
    chosen jsonb := asked.payload::jsonb->'details'->'queries';
BEGIN
    RETURN QUERY
    SELECT e.id, e.actor_id,
           coalesce((SELECT array_agg(DISTINCT f.signal) FROM audit.review_flags(opened) f WHERE f.query = e.id), '{}')
    FROM audit.review_population(opened) e
    WHERE asked.kind = 'review.chosen' AND chosen ? e.id::text;
END
$function$;

-- What there is to choose from, newest first; `user` of the event narrows it.
CREATE OR REPLACE FUNCTION audit.review_candidates(p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, actor_id bigint, actor varchar, aor varchar, on_behalf_of text, plate varchar, state varchar,
               reason varchar, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    opened audit.event := audit.review_opened(asked);
    by_whom text := asked.payload::jsonb->'details'->>'user';
BEGIN
    RETURN QUERY
    SELECT e.at, e.id, e.actor_id, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.payload
    FROM audit.review_population(opened) e
    WHERE asked.kind = 'review.candidates_viewed' AND (by_whom IS NULL OR lower(e.actor) = lower(by_whom))
      AND (p_before_at IS NULL OR (e.at, e.id) < (p_before_at, p_before_id))
    ORDER BY e.at DESC, e.id DESC LIMIT least(greatest(p_limit, 1), 200);
END
$function$;

-- The signals with the rows behind them: the largest groups first, and of each the first twenty queries.
CREATE OR REPLACE FUNCTION audit.review_signals(p_event uuid)
RETURNS TABLE (signal text, grp uuid, size bigint, at timestamptz, id uuid, actor_id bigint, actor varchar, aor varchar,
               on_behalf_of text, plate varchar, state varchar, reason varchar, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    opened audit.event := audit.review_opened(audit.committed_event(p_event));
BEGIN
    RETURN QUERY
    WITH ranked AS (
        SELECT f.*, row_number() OVER (PARTITION BY f.signal, f.grp ORDER BY f.query) AS number,
               dense_rank() OVER (PARTITION BY f.signal ORDER BY f.size DESC, f.grp) AS place
        FROM audit.review_flags(opened) f)
    SELECT r.signal, r.grp, r.size, e.at, e.id, e.actor_id, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.payload
    FROM ranked r CROSS JOIN LATERAL audit.event_by_id(r.query) e
    WHERE r.number <= 20 AND r.place <= 20
    ORDER BY r.signal, r.size DESC, r.grp, e.at;
END
$function$;

-- The queries of a review with their outcome, and the events that hold verdict, question and answer. Nothing of it stands in a table.
CREATE OR REPLACE FUNCTION audit.review_rows(p_event uuid)
RETURNS TABLE (item uuid, at timestamptz, id uuid, actor_id bigint, actor varchar, aor varchar, on_behalf_of text, plate varchar,
               state varchar, reason varchar, payload text, outcome text, judged text, asked text, answered text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    look audit.event := audit.committed_event(p_event);
    opened audit.event := audit.review_opened(look);
BEGIN
    RETURN QUERY
    SELECT i.id, e.at, e.id, e.actor_id, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.payload,
           (SELECT o.payload FROM audit.event o WHERE o.query = e.id AND o.kind IN ('query.answered', 'query.failed')
            AND o.at >= e.at AND o.at < e.at + interval '1 hour' ORDER BY o.at LIMIT 1),
           (SELECT v.payload FROM audit.event_by_id(i.judged) v WHERE v.kind = 'review.judged'),
           (SELECT a.payload FROM audit.event_by_id(q.asked) a WHERE a.kind IN ('question.asked', 'query.disowned')),
           (SELECT a.payload FROM audit.event_by_id(q.answered) a WHERE a.kind = 'question.answered')
    FROM public.audit_review r
    JOIN public.audit_reviewitem i ON i.review_id = r.id
    CROSS JOIN LATERAL audit.event_by_id(i.query) e
    LEFT JOIN public.audit_question q ON q.item_id = i.id
    WHERE look.kind = 'review.viewed' AND r.opened = opened.id AND e.kind = 'query.attempted'
    ORDER BY i.position, i.id;
END
$function$;

-- How a review was opened and how it was signed off.
CREATE OR REPLACE FUNCTION audit.review_frame(p_event uuid, OUT opened text, OUT closed text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    begun audit.event := audit.review_opened(audit.committed_event(p_event));
BEGIN
    opened := begun.payload;
    SELECT e.payload INTO closed FROM public.audit_review r CROSS JOIN LATERAL audit.event_by_id(r.closed) e
    WHERE r.opened = begun.id AND e.kind = 'review.closed';
END
$function$;

-- The questions put to the one who looks, newest first, with the query each is about, which is their own.
CREATE OR REPLACE FUNCTION audit.own_questions(p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (question uuid, at timestamptz, id uuid, plate varchar, state varchar, reason varchar, on_behalf_of text, payload text,
               asked text, answered text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    look audit.event := audit.committed_event(p_event);
BEGIN
    IF look.kind <> 'question.viewed' OR look.actor_id IS NULL THEN
        RAISE EXCEPTION 'this event opens no questions' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    SELECT q.id, e.at, e.id, e.plate, e.state, e.reason, e.on_behalf_of, e.payload,
           (SELECT a.payload FROM audit.event_by_id(q.asked) a WHERE a.kind IN ('question.asked', 'query.disowned')),
           (SELECT a.payload FROM audit.event_by_id(q.answered) a WHERE a.kind = 'question.answered')
    FROM public.audit_question q CROSS JOIN LATERAL audit.event_by_id(q.query) e
    WHERE q.officer_id = look.actor_id AND e.actor_id = look.actor_id AND e.kind = 'query.attempted'
      AND (p_before_at IS NULL OR (q.asked_at, q.id) < (p_before_at, p_before_id))
    ORDER BY q.asked_at DESC, q.id DESC LIMIT least(greatest(p_limit, 1), 200);
END
$function$;

-- What a person who was named learns of the query: when, by whom, and why. Never plate, state or result; the case reference only where
-- nobody else bears the name.
CREATE OR REPLACE FUNCTION audit.queries_naming(p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (notice uuid, at timestamptz, actor varchar, aor varchar, on_behalf_of text, reason varchar, unit text, case_reference text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    look audit.event := audit.committed_event(p_event);
BEGIN
    IF look.kind <> 'named.viewed' OR look.actor_id IS NULL THEN
        RAISE EXCEPTION 'this event opens no queries' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    SELECT n.id, e.at, e.actor, e.aor, e.on_behalf_of, e.reason, e.payload::jsonb->'details'->>'other_unit',
           CASE WHEN n.is_only_match THEN e.payload::jsonb->'details'->>'case_reference' END
    FROM public.audit_namednotice n CROSS JOIN LATERAL audit.event_by_id(n.query) e
    WHERE n.person_id = look.actor_id AND e.kind = 'query.attempted'
      AND (p_before_at IS NULL OR (n.made_at, n.id) < (p_before_at, p_before_id))
    ORDER BY n.made_at DESC, n.id DESC LIMIT least(greatest(p_limit, 1), 200);
END
$function$;
