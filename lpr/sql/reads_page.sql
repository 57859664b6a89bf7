-- Within which dates, kind of source and place a look shows an answer: as its own event says, or as the earlier look says that
-- it names in `narrowed_by`, of the same query and by the same actor. NULL for a look at the whole answer.
CREATE OR REPLACE FUNCTION store.narrowing_of(p_look audit.event) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    details jsonb := p_look.payload::jsonb -> 'details';
    narrowing jsonb := details -> 'narrowing';
BEGIN
    IF details ? 'narrowed_by' THEN
        SELECT e.payload::jsonb->'details'->'narrowing' INTO narrowing FROM audit.event_by_id((details->>'narrowed_by')::uuid) e
        WHERE e.query = p_look.query AND e.actor_id = p_look.actor_id AND e.kind IN ('query.viewed', 'query.replayed');
        IF narrowing IS NULL THEN
            RAISE EXCEPTION 'the event names no narrowing of its own query' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN narrowing;
END
$function$;

-- The same for the page that shows it: by the committed event of the look.
CREATE OR REPLACE FUNCTION store.narrowing_seen(p_event uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT store.narrowing_of(audit.committed_event(p_event))::text
$function$;

-- What a committed event lets its asker see (decision 5). Everything that narrows the search is taken from the row of the
-- query's own attempt; a later view or replay only names the attempt. Nothing that the caller passes can widen it.
-- A view may be narrowed within the answer (see store.narrowing_of): what it says is added to what the attempt says, so it can
-- only show less.
CREATE OR REPLACE FUNCTION store.scope_of(
    p_event uuid,
    OUT plate varchar, OUT state varchar, OUT captured_from timestamptz, OUT captured_until timestamptz,
    OUT as_of timestamptz, OUT asked_at timestamptz, OUT geo_state varchar,
    OUT near_latitude double precision, OUT near_longitude double precision, OUT near_meters double precision,
    OUT source_kind varchar, OUT within_latitude double precision, OUT within_longitude double precision,
    OUT within_meters double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    asked audit.event := audit.committed_event(p_event);
    attempt audit.event := asked;
    details jsonb;
    narrowing jsonb;
BEGIN
    IF asked.kind IN ('query.viewed', 'query.replayed', 'report.printed') THEN
        SELECT e.* INTO attempt FROM audit.event_by_id(asked.query) e;
    END IF;
    IF attempt.kind IS DISTINCT FROM 'query.attempted' THEN
        RAISE EXCEPTION 'this event opens no reads' USING ERRCODE = 'insufficient_privilege';
    END IF;
    details := attempt.payload::jsonb -> 'details';
    plate := attempt.plate;
    state := attempt.state;
    captured_from := (details->>'captured_from')::timestamptz;
    captured_until := (details->>'captured_until')::timestamptz;
    as_of := attempt.at;
    asked_at := asked.at;
    geo_state := details->>'geo_state';
    near_latitude := (details->'near'->>'latitude_e6')::integer / 1e6;
    near_longitude := (details->'near'->>'longitude_e6')::integer / 1e6;
    near_meters := (details->'near'->>'radius_m')::integer;
    -- An exact plate, a state and a closed timeframe, or nothing (QRY-2, QRY-3).
    IF plate IS NULL OR plate !~ '^[A-Z0-9]{1,10}$' OR state IS NULL OR state = ''
       OR captured_from IS NULL OR captured_until IS NULL THEN
        RAISE EXCEPTION 'the event is no whole question' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- What is asked now goes by the reasons and offenses of now; a later look shows what was answered then (QRY-4).
    IF asked.kind = 'query.attempted' AND details->>'offense' <> '' AND NOT EXISTS (
        SELECT FROM public.lpr_reasoncode reason
        JOIN public.lpr_offense offense ON offense.code = ANY (reason.offenses)
        WHERE reason.code = attempt.reason AND offense.code = details->>'offense') THEN
        RAISE EXCEPTION 'the offense does not go with the reason' USING ERRCODE = 'insufficient_privilege';
    END IF;
    narrowing := store.narrowing_of(asked);
    IF narrowing IS NOT NULL THEN
        captured_from := greatest(captured_from, (narrowing->>'captured_from')::timestamptz);
        captured_until := least(captured_until, (narrowing->>'captured_until')::timestamptz);
        IF narrowing->>'place_state' <> geo_state THEN
            captured_until := captured_from;
        END IF;
        geo_state := coalesce(geo_state, narrowing->>'place_state');
        source_kind := narrowing->>'source_kind';
        within_latitude := (narrowing->'near'->>'latitude_e6')::integer / 1e6;
        within_longitude := (narrowing->'near'->>'longitude_e6')::integer / 1e6;
        within_meters := (narrowing->'near'->>'radius_m')::integer;
    END IF;
END
$function$;

-- Great-circle distance in meters.
CREATE OR REPLACE FUNCTION store.meters_between(
    lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $function$
    SELECT 12742017.6 * asin(least(1.0, sqrt(power(sind((lat2 - lat1) / 2), 2)
           + cosd(lat1) * cosd(lat2) * power(sind((lon2 - lon1) / 2), 2))))
$function$;

-- A read with what decides whether it is shown: marker, retention of its source, place of capture, and who collected it there.
CREATE OR REPLACE VIEW store.visible_read AS
SELECT r.captured_at, r.received_at, r.stored_at, r.record_id, r.latitude_e6, r.longitude_e6, r.camera_id, r.make_id,
       r.model_id, r.confidence, r.plate_photo_cut, r.plate, r.state,
       coalesce(m.marked_at, 'infinity') AS hidden_at,
       r.captured_at + make_interval(days => source.retention_days) AS kept_until,
       source.label AS source, source.kind AS source_kind,
       place.state AS place_state, place.zone, place.address, place.intersection, place.address_is_approximate,
       r.source_id::text || place.state AS collected_by
FROM store.read r
JOIN public.lpr_source source ON source.id = r.source_id
JOIN store.place place ON place.id = r.place_id
LEFT JOIN store.read_marker m
       ON m.plate = r.plate AND m.state = r.state AND m.captured_at = r.captured_at AND m.record_id = r.record_id;

-- One page, newest first. `p_state_read` chooses the group: reads of the state asked for, or of the plate with no state read.
-- The newest two months are looked at by themselves: they fill the page of a plate that is seen all the time, which then costs
-- no look into each of the other months (a partition for what has no month of its own keeps PostgreSQL from stopping early).
CREATE OR REPLACE FUNCTION store.reads_page(
    p_event uuid, p_state_read boolean, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (record_id uuid, plate varchar, state varchar, captured_at timestamptz, received_at timestamptz,
               stored_at timestamptz, latitude double precision, longitude double precision, make varchar, model varchar,
               camera varchar, source varchar, source_kind varchar, place_state varchar, zone varchar, address varchar,
               intersection varchar, address_is_approximate boolean, confidence smallint, plate_photo_cut boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_sort = off
SET enable_bitmapscan = off
AS $function$
#variable_conflict use_column
DECLARE
    s record := store.scope_of(p_event);
    wanted_state varchar := CASE WHEN p_state_read THEN s.state ELSE '' END;
    upper_at timestamptz := least(s.captured_until, coalesce(p_before_at + interval '1 microsecond', 'infinity'));
    before_at timestamptz := coalesce(p_before_at, 'infinity');
    before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    wanted integer := least(greatest(p_limit, 1), 500);
    found integer;
    since timestamptz := greatest(s.captured_from, upper_at - interval '2 months');
    closed_places text[] := store.closed_places(s.asked_at);
BEGIN
    LOOP
        RETURN QUERY
        SELECT r.record_id, r.plate, r.state, r.captured_at, r.received_at, r.stored_at,
               r.latitude_e6 / 1e6::double precision, r.longitude_e6 / 1e6::double precision,
               make.name, model.name, camera.name, r.source, r.source_kind,
               r.place_state, r.zone, r.address, r.intersection, r.address_is_approximate,
               r.confidence, r.plate_photo_cut
        FROM (
            SELECT v.* FROM store.visible_read v
            WHERE v.plate = s.plate AND v.state = wanted_state
              AND v.captured_at >= since AND v.captured_at < upper_at
              AND (v.captured_at, v.record_id) < (before_at, before_id)
              AND v.stored_at <= s.as_of AND v.hidden_at > s.asked_at AND v.kept_until > s.asked_at
              AND v.collected_by <> ALL (closed_places)
              AND (s.geo_state IS NULL OR v.place_state = s.geo_state)
              AND (s.near_meters IS NULL OR store.meters_between(
                   s.near_latitude, s.near_longitude, v.latitude_e6 / 1e6::double precision, v.longitude_e6 / 1e6::double precision) <= s.near_meters)
              AND (s.source_kind IS NULL OR v.source_kind = s.source_kind)
              AND (s.within_meters IS NULL OR store.meters_between(
                   s.within_latitude, s.within_longitude, v.latitude_e6 / 1e6::double precision, v.longitude_e6 / 1e6::double precision) <= s.within_meters)
            ORDER BY v.captured_at DESC, v.record_id DESC
            LIMIT wanted) r
        JOIN store.make make ON make.id = r.make_id
        JOIN store.model model ON model.id = r.model_id
        JOIN store.camera camera ON camera.id = r.camera_id
        ORDER BY r.captured_at DESC, r.record_id DESC;
        GET DIAGNOSTICS found = ROW_COUNT;
        wanted := wanted - found;
        EXIT WHEN wanted = 0 OR since = s.captured_from;
        upper_at := since;
        since := s.captured_from;
    END LOOP;
END
$function$;

-- How many reads the question found in all, and a digest of their ids, for the record of the outcome (AUD-6).
CREATE OR REPLACE FUNCTION store.reads_outcome(
    p_event uuid, OUT count integer, OUT count_state_unread integer, OUT digest bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off
AS $function$
#variable_conflict use_column
DECLARE
    s record := store.scope_of(p_event);
    closed_places text[] := store.closed_places(s.asked_at);
BEGIN
    SELECT count(*), count(*) FILTER (WHERE v.state = ''),
           sha256(coalesce(string_agg(uuid_send(v.record_id), '' ORDER BY v.captured_at DESC, v.record_id DESC), ''))
    INTO count, count_state_unread, digest
    FROM store.visible_read v
    WHERE v.plate = s.plate AND v.state = ANY (ARRAY[s.state, ''])
      AND v.captured_at >= s.captured_from AND v.captured_at < s.captured_until
      AND v.stored_at <= s.as_of AND v.hidden_at > s.asked_at AND v.kept_until > s.asked_at
      AND v.collected_by <> ALL (closed_places)
      AND (s.geo_state IS NULL OR v.place_state = s.geo_state)
      AND (s.near_meters IS NULL OR store.meters_between(
           s.near_latitude, s.near_longitude, v.latitude_e6 / 1e6::double precision, v.longitude_e6 / 1e6::double precision) <= s.near_meters)
      AND (s.source_kind IS NULL OR v.source_kind = s.source_kind)
      AND (s.within_meters IS NULL OR store.meters_between(
           s.within_latitude, s.within_longitude, v.latitude_e6 / 1e6::double precision, v.longitude_e6 / 1e6::double precision) <= s.within_meters);
END
$function$;
