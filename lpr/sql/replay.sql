-- A replay compared with what was answered (QRY-10, AUD-6): the reads of the question that the store still holds, whether each was
-- shown when it was asked, whether it is shown now, and the cause of the difference. Opened by the committed event of the replay of
-- a whole answer; ids and times alone, so that nothing hidden since is seen. Never called by a login itself.
--   corrected, withdrawn   marked since
--   retention              past its source's retention now, and hidden
--   retention_shorter      the same, because its source's retention was made shorter since
--   authority              the authority by which it is shown has ended
--   retention_longer       past its source's retention then, which was made longer since
CREATE OR REPLACE FUNCTION store.replayed_reads(p_event uuid)
RETURNS TABLE (record_id uuid, captured_at timestamptz, stored_at timestamptz, was_shown boolean, was_closed boolean,
               is_shown boolean, cause text, since timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off
AS $function$
#variable_conflict use_column
DECLARE
    replay audit.event := audit.committed_event(p_event);
    s record := store.scope_of(p_event);
    closed_then text[] := store.closed_places(s.as_of);
    closed_now text[] := store.closed_places(s.asked_at);
BEGIN
    IF replay.kind <> 'query.replayed' OR store.narrowing_of(replay) IS NOT NULL THEN
        RAISE EXCEPTION 'only the replay of a whole answer is compared' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    SELECT held.record_id, held.captured_at, held.stored_at, held.was_shown, held.was_closed, held.is_shown,
           CASE WHEN held.was_shown AND NOT held.is_shown THEN
                    CASE WHEN held.marked_at <= s.asked_at THEN held.mark WHEN held.kept_until <= s.as_of THEN 'retention_shorter'
                    WHEN held.kept_until <= s.asked_at THEN 'retention' ELSE 'authority' END
                WHEN held.is_shown AND NOT held.was_shown THEN 'retention_longer' END,
           CASE WHEN held.was_shown AND NOT held.is_shown THEN
                    CASE WHEN held.marked_at <= s.asked_at THEN held.marked_at
                    WHEN held.kept_until > s.as_of AND held.kept_until <= s.asked_at THEN held.kept_until END END
    FROM (
        SELECT r.record_id, r.captured_at, r.stored_at, m.kind::text AS mark, m.marked_at, own.kept_until,
               coalesce(m.marked_at > s.as_of, true) AND own.kept_until_then > s.as_of
                   AND own.collected_by <> ALL (closed_then) AS was_shown,
               coalesce(m.marked_at > s.as_of, true) AND own.kept_until_then > s.as_of
                   AND own.collected_by = ANY (closed_then) AS was_closed,
               coalesce(m.marked_at > s.asked_at, true) AND own.kept_until > s.asked_at
                   AND own.collected_by <> ALL (closed_now) AS is_shown
        FROM store.read r
        JOIN public.lpr_source source ON source.id = r.source_id
        JOIN store.place place ON place.id = r.place_id
        LEFT JOIN store.read_marker m ON m.plate = r.plate AND m.state = r.state AND m.captured_at = r.captured_at
                                     AND m.record_id = r.record_id
        CROSS JOIN LATERAL (
            SELECT r.source_id::text || place.state AS collected_by,
                   r.captured_at + make_interval(days => source.retention_days) AS kept_until,
                   r.captured_at + make_interval(days => coalesce((
                       SELECT h.retention_days FROM public.lpr_historicalsource h WHERE h.id = source.id AND h.history_date <= s.as_of
                       ORDER BY h.history_date DESC, h.history_id DESC LIMIT 1), source.retention_days)) AS kept_until_then) own
        WHERE r.plate = s.plate AND r.state = ANY (ARRAY[s.state, ''])
          AND r.captured_at >= s.captured_from AND r.captured_at < s.captured_until AND r.stored_at <= s.as_of
          AND (s.geo_state IS NULL OR place.state = s.geo_state)
          AND (s.near_meters IS NULL OR store.meters_between(
               s.near_latitude, s.near_longitude, r.latitude_e6 / 1e6::double precision, r.longitude_e6 / 1e6::double precision)
               <= s.near_meters)) held
    ORDER BY held.captured_at DESC, held.record_id DESC;
END
$function$;

-- Counts and digests: as answered then, by the outcome on record; of what is still held of then; of what is shown now.
-- `digest_without_late` is that of then without the reads that are more than were answered, stored last and so many seconds before the
-- question: where it is the answered one, their transaction was still open. `digest_with_closed` is that of then with the reads that
-- by today's records of authority were closed already: where it is the answered one, those records were changed since. The rest
-- says what could have erased what is not held.
CREATE OR REPLACE FUNCTION store.replay_outcome(
    p_event uuid, p_late_seconds integer, OUT answered_count integer, OUT answered_digest text, OUT held_count integer,
    OUT held_digest text, OUT shown_count integer, OUT shown_digest text, OUT digest_without_late text, OUT digest_with_closed text,
    OUT were_erased boolean, OUT retention_may_erase boolean, OUT authority_may_erase boolean, OUT authority_changed boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    s record := store.scope_of(p_event);
    replay audit.event := audit.committed_event(p_event);
BEGIN
    SELECT (o.payload::jsonb->'details'->>'count')::integer, o.payload::jsonb->'details'->>'digest'
    INTO answered_count, answered_digest
    FROM audit.event o WHERE o.query = replay.query AND o.kind = 'query.answered' AND o.at >= s.as_of
      AND o.at < s.as_of + interval '1 hour' ORDER BY o.at LIMIT 1;
    WITH held AS MATERIALIZED (
        SELECT r.*, row_number() OVER (ORDER BY r.was_shown DESC, r.stored_at DESC, r.record_id) AS place
        FROM store.replayed_reads(p_event) r
    ), counted AS (
        SELECT count(*) FILTER (WHERE h.was_shown) AS held, count(*) FILTER (WHERE h.is_shown) AS shown FROM held h
    )
    SELECT c.held, c.shown,
           encode(sha256(coalesce(string_agg(uuid_send(h.record_id), '' ORDER BY h.captured_at DESC, h.record_id DESC)
                                  FILTER (WHERE h.was_shown), '')), 'hex'),
           encode(sha256(coalesce(string_agg(uuid_send(h.record_id), '' ORDER BY h.captured_at DESC, h.record_id DESC)
                                  FILTER (WHERE h.is_shown), '')), 'hex'),
           encode(sha256(coalesce(string_agg(uuid_send(h.record_id), '' ORDER BY h.captured_at DESC, h.record_id DESC)
                                  FILTER (WHERE h.was_shown AND (h.place > c.held - answered_count
                                                                 OR h.stored_at < s.as_of - make_interval(secs => p_late_seconds))), '')), 'hex'),
           encode(sha256(coalesce(string_agg(uuid_send(h.record_id), '' ORDER BY h.captured_at DESC, h.record_id DESC)
                                  FILTER (WHERE h.was_shown OR h.was_closed), '')), 'hex')
    INTO held_count, shown_count, held_digest, shown_digest, digest_without_late, digest_with_closed
    FROM counted c LEFT JOIN held h ON true GROUP BY c.held, c.shown;
    were_erased := EXISTS (
        SELECT FROM audit.event e WHERE e.kind = 'store.maintained' AND e.at > s.as_of AND e.at <= s.asked_at
        AND (e.payload::jsonb->'details'->>'reads')::bigint > 0);
    retention_may_erase := s.captured_from + make_interval(days => (
        SELECT min(days) FROM (
            SELECT source.retention_days FROM public.lpr_source source
            UNION ALL SELECT h.retention_days FROM public.lpr_historicalsource h WHERE h.history_date > s.as_of) kept (days)))
        <= s.asked_at;
    authority_may_erase := EXISTS (SELECT FROM store.ended_authorities(s.asked_at) ended WHERE ended.policy = 'delete');
    authority_changed := EXISTS (
        SELECT FROM public.lpr_historicalsourceauthority h WHERE h.history_date > s.as_of AND h.history_date <= s.asked_at
        UNION ALL
        SELECT FROM public.lpr_historicaljurisdiction h WHERE h.history_date > s.as_of AND h.history_date <= s.asked_at);
END
$function$;

-- The reads that are shown now and were not then, or were then and are not now, by cause.
CREATE OR REPLACE FUNCTION store.replay_differences(p_event uuid)
RETURNS TABLE (cause text, record_id uuid, since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT r.cause, r.record_id, r.since FROM store.replayed_reads(p_event) r WHERE r.cause IS NOT NULL
    ORDER BY r.cause, r.since, r.record_id
$function$;
