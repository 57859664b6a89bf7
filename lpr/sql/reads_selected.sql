-- Reads chosen out of a result, for a printed report or a look at one of them (RES-3, RES-4, RES-7): those that the event names,
-- as far as its query found them. An id that the query did not find opens nothing, whoever wrote it into the event.
CREATE OR REPLACE FUNCTION store.reads_selected(p_event uuid)
RETURNS TABLE (record_id uuid, plate varchar, state varchar, captured_at timestamptz, received_at timestamptz,
               stored_at timestamptz, latitude double precision, longitude double precision, make varchar, model varchar,
               camera varchar, source varchar, source_kind varchar, place_state varchar, zone varchar, address varchar,
               intersection varchar, address_is_approximate boolean, confidence smallint, plate_photo_cut boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
#variable_conflict use_column
DECLARE
    s record := store.scope_of(p_event);
    chosen audit.event := audit.committed_event(p_event);
    selected uuid[];
    closed_places text[] := store.closed_places(s.asked_at);
BEGIN
    IF chosen.kind NOT IN ('report.printed', 'query.viewed', 'query.replayed') THEN
        RAISE EXCEPTION 'this event selects no reads' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT array_agg(id::uuid) INTO selected
    FROM (SELECT id FROM jsonb_array_elements_text(chosen.payload::jsonb->'details'->'reads') id LIMIT 200) named;
    RETURN QUERY
    SELECT v.record_id, v.plate, v.state, v.captured_at, v.received_at, v.stored_at,
           v.latitude_e6 / 1e6::double precision, v.longitude_e6 / 1e6::double precision,
           make.name, model.name, camera.name, v.source, v.source_kind,
           v.place_state, v.zone, v.address, v.intersection, v.address_is_approximate,
           v.confidence, v.plate_photo_cut
    FROM store.visible_read v
    JOIN store.make make ON make.id = v.make_id
    JOIN store.model model ON model.id = v.model_id
    JOIN store.camera camera ON camera.id = v.camera_id
    WHERE v.plate = s.plate AND v.state = ANY (ARRAY[s.state, ''])
      AND v.captured_at >= s.captured_from AND v.captured_at < s.captured_until
      AND v.record_id = ANY (selected)
      AND v.stored_at <= s.as_of AND v.hidden_at > s.asked_at AND v.kept_until > s.asked_at
      AND v.collected_by <> ALL (closed_places)
      AND (s.geo_state IS NULL OR v.place_state = s.geo_state)
      AND (s.near_meters IS NULL OR store.meters_between(
           s.near_latitude, s.near_longitude, v.latitude_e6 / 1e6, v.longitude_e6 / 1e6) <= s.near_meters)
    ORDER BY v.captured_at DESC, v.record_id DESC;
END
$function$;
