-- Reads that were reported as wrong (RES-4, BEY-7). Whoever looks at one or resolves the report names committed events alone:
-- which read it is stands in the event by which it was reported, what becomes of it in the event by which that was resolved.

-- The key of the read that a report names. Only a read that its reporter was shown is reported (lpr.error_reports).
CREATE OR REPLACE FUNCTION store.reported_key(
    p_reported uuid, OUT plate varchar, OUT state varchar, OUT captured_at timestamptz, OUT record_id uuid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT e.plate, coalesce(e.state, ''), (e.payload::jsonb->'details'->>'captured_at')::timestamptz,
           (e.payload::jsonb->'details'->>'read')::uuid
    FROM audit.event_by_id(p_reported) e WHERE e.kind = 'read.reported'
$function$;

-- The reads of the reports that the event names, as they were shown: also after they were corrected or withdrawn, and no
-- longer than their source's retention and authority. Opened by the report itself, by data-quality staff, and by who is told of the outcome.
CREATE OR REPLACE FUNCTION store.reported_reads(p_event uuid)
RETURNS TABLE (reported uuid, source_id integer, record_id uuid, plate varchar, state varchar, captured_at timestamptz,
               stored_at timestamptz, make varchar, model varchar, source varchar, source_kind varchar, camera varchar,
               place_state varchar, zone varchar, address varchar, confidence smallint, marked varchar,
               latitude_e6 integer, longitude_e6 integer, retention_days integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    named uuid[];
BEGIN
    IF asked.kind NOT IN ('read.reported', 'read.report_viewed', 'read.notices_viewed') THEN
        RAISE EXCEPTION 'this event opens no reported read' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT CASE asked.kind WHEN 'read.reported' THEN ARRAY[asked.id] ELSE array_agg(id::uuid) END INTO named
    FROM (SELECT id FROM jsonb_array_elements_text(asked.payload::jsonb->'details'->'reported') id LIMIT 100) listed;
    RETURN QUERY
    SELECT n.id, r.source_id, r.record_id, r.plate, r.state, r.captured_at, r.stored_at, make.name, model.name, source.label,
           source.kind, camera.name, place.state, place.zone, place.address, r.confidence, m.kind,
           r.latitude_e6, r.longitude_e6, source.retention_days
    FROM unnest(named) WITH ORDINALITY n(id, position)
    CROSS JOIN LATERAL store.reported_key(n.id) key
    JOIN store.read r ON r.plate = key.plate AND r.state = key.state AND r.captured_at = key.captured_at
                     AND r.record_id = key.record_id
    JOIN public.lpr_source source ON source.id = r.source_id
    JOIN store.place place ON place.id = r.place_id
    JOIN store.make make ON make.id = r.make_id
    JOIN store.model model ON model.id = r.model_id
    JOIN store.camera camera ON camera.id = r.camera_id
    LEFT JOIN store.read_marker m ON m.plate = r.plate AND m.state = r.state AND m.captured_at = r.captured_at
                                 AND m.record_id = r.record_id
    WHERE r.captured_at + make_interval(days => source.retention_days) > asked.at
      AND (r.source_id::text || place.state) <> ALL (store.closed_places(asked.at))
    ORDER BY n.position;
END
$function$;

-- Marks the read that the resolution's report names, once; 23505 when it is marked already. Never called by a login itself.
CREATE OR REPLACE FUNCTION store.mark_reported(p_event uuid, p_resolution text) RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    resolved audit.event := audit.committed_event(p_event);
    reported uuid := (resolved.payload::jsonb->'details'->>'reported')::uuid;
BEGIN
    IF resolved.kind <> 'read.resolved' OR resolved.payload::jsonb->'details'->>'resolution' IS DISTINCT FROM p_resolution THEN
        RAISE EXCEPTION 'this event resolves no report so' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO store.read_marker (plate, state, captured_at, record_id, kind, marked_at)
    SELECT r.plate, r.state, r.captured_at, r.record_id, p_resolution, clock_timestamp()
    FROM store.reported_key(reported) key
    JOIN store.read r ON r.plate = key.plate AND r.state = key.state AND r.captured_at = key.captured_at
                     AND r.record_id = key.record_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the reported read is not there' USING ERRCODE = 'no_data_found';
    END IF;
    RETURN reported;
END
$function$;

-- A corrected read is a new row with what the event says; the old one stays, hidden by its marker (decision 15). Camera and source
-- are those of the old row, and time and place too where the event gives none. The record id is new: its photos are copies.
CREATE OR REPLACE FUNCTION store.correct_read(p_event uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    reported uuid := store.mark_reported(p_event, 'corrected');
    corrected jsonb;
    moved jsonb;
BEGIN
    SELECT e.payload::jsonb->'details'->'corrected' INTO corrected FROM audit.event_by_id(p_event) e;
    IF corrected->>'plate' IS NULL OR corrected->>'plate' !~ '^[A-Z0-9]{1,10}$' OR corrected->>'record_id' IS NULL THEN
        RAISE EXCEPTION 'the event holds no whole correction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    moved := corrected->'place';
    IF moved IS NOT NULL THEN
        INSERT INTO store.place (state, zone, address, intersection, address_is_approximate)
        VALUES (moved->>'state', moved->>'zone', coalesce(moved->>'address', ''), coalesce(moved->>'intersection', ''),
                coalesce((moved->>'address_is_approximate')::boolean, false))
        ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO store.make (name) VALUES (coalesce(corrected->>'make', '')) ON CONFLICT DO NOTHING;
    INSERT INTO store.model (name) VALUES (coalesce(corrected->>'model', '')) ON CONFLICT DO NOTHING;
    INSERT INTO store.read (captured_at, received_at, stored_at, record_id, latitude_e6, longitude_e6, source_id, camera_id,
                            place_id, make_id, model_id, confidence, plate_photo_cut, plate, state)
    SELECT coalesce((corrected->>'captured_at')::timestamptz, r.captured_at), r.received_at, clock_timestamp(),
           (corrected->>'record_id')::uuid, coalesce((moved->>'latitude_e6')::integer, r.latitude_e6),
           coalesce((moved->>'longitude_e6')::integer, r.longitude_e6), r.source_id, r.camera_id,
           CASE WHEN moved IS NULL THEN r.place_id ELSE (
               SELECT p.id FROM store.place p
               WHERE p.state = moved->>'state' AND p.zone = moved->>'zone' AND p.address = coalesce(moved->>'address', '')
                 AND p.intersection = coalesce(moved->>'intersection', '')
                 AND p.address_is_approximate = coalesce((moved->>'address_is_approximate')::boolean, false)) END,
           (SELECT w.id FROM store.make w WHERE w.name = coalesce(corrected->>'make', '')),
           (SELECT w.id FROM store.model w WHERE w.name = coalesce(corrected->>'model', '')),
           r.confidence, r.plate_photo_cut, corrected->>'plate', coalesce(corrected->>'state', '')
    FROM store.reported_key(reported) key
    JOIN store.read r ON r.plate = key.plate AND r.state = key.state AND r.captured_at = key.captured_at
                     AND r.record_id = key.record_id;
END
$function$;

CREATE OR REPLACE FUNCTION store.withdraw_read(p_event uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM store.mark_reported(p_event, 'withdrawn');
END
$function$;

-- Who was shown or mailed the read that was resolved: the askers of questions whose plate, state, time and place held it since
-- it was stored, whoever opened such a question again, and who was mailed a hit of it. Ids of users, and nothing of what they
-- asked (AUD-11: the log serves those whom it is about).
CREATE OR REPLACE FUNCTION store.shown_to(p_event uuid) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    resolved audit.event := audit.committed_event(p_event);
    key record;
    read record;
BEGIN
    IF resolved.kind <> 'read.resolved' THEN
        RAISE EXCEPTION 'this event resolves no report' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT k.* INTO key FROM store.reported_key((resolved.payload::jsonb->'details'->>'reported')::uuid) k;
    SELECT r.stored_at, r.latitude_e6, r.longitude_e6, place.state AS place_state INTO read
    FROM store.read r JOIN store.place place ON place.id = r.place_id
    WHERE r.plate = key.plate AND r.state = key.state AND r.captured_at = key.captured_at AND r.record_id = key.record_id;
    RETURN QUERY
    WITH asked AS (
        SELECT e.id, e.at, e.actor_id, e.payload::jsonb->'details' AS said FROM audit.event e
        WHERE e.plate = key.plate AND (key.state = '' OR e.state = key.state) AND e.at >= read.stored_at AND e.at <= resolved.at
          AND e.kind = 'query.attempted'
    ),
    found AS MATERIALIZED (
        SELECT a.id, a.at, a.actor_id FROM asked a
        WHERE key.captured_at >= (a.said->>'captured_from')::timestamptz
          AND key.captured_at < (a.said->>'captured_until')::timestamptz
          AND (a.said->>'geo_state' IS NULL OR a.said->>'geo_state' = read.place_state)
          AND (a.said->'near' IS NULL OR store.meters_between(
               (a.said->'near'->>'latitude_e6')::integer / 1e6::double precision,
               (a.said->'near'->>'longitude_e6')::integer / 1e6::double precision,
               read.latitude_e6 / 1e6::double precision, read.longitude_e6 / 1e6::double precision)
               <= (a.said->'near'->>'radius_m')::integer)
    )
    SELECT f.actor_id FROM found f WHERE f.actor_id IS NOT NULL
    UNION
    SELECT look.actor_id FROM found f
    JOIN audit.event look ON look.query = f.id AND look.at >= f.at AND look.at <= resolved.at
    WHERE look.kind IN ('query.viewed', 'query.replayed', 'report.printed') AND look.actor_id IS NOT NULL
    UNION
    SELECT person.id FROM audit.event sent
    JOIN public.accounts_user person ON person.username = sent.payload::jsonb->'details'->>'recipient'
    WHERE sent.plate = key.plate AND sent.at >= read.stored_at AND sent.at <= resolved.at AND sent.kind = 'notification.sent'
      AND (sent.payload::jsonb->'details'->>'record')::uuid = key.record_id;
END
$function$;
