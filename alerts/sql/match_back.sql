-- The hits that a loading and an activation could not see of each other: the loading's statement began before the entry was
-- committed, and ended after. The caller has waited for the loadings that were under way (alerts.matching), so every read
-- that missed the entry is committed by now. Which entries, and since when, is taken from committed events alone.
--
-- A read that data-quality staff corrected is matched by the event of its correction, in the transaction of its new row: it is
-- news where its plate or state changed (RES-4).
--
-- Only reads of transactions that were open or still to come when the entry was added count as new: `oldest_open` of the
-- activation's event is the oldest transaction open at that time. What was stored before is no news to who set the alert.
CREATE OR REPLACE FUNCTION store.match_back(p_event uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    said jsonb := asked.payload::jsonb -> 'details';
    named uuid[];
    corrected jsonb;
    wrong record;
    next_transaction bigint;
    made integer;
BEGIN
    IF asked.kind NOT IN ('entry.added', 'entry.renewed', 'entry.activation_resumed')
       AND NOT (asked.kind = 'read.resolved' AND said->>'resolution' = 'corrected') THEN
        RAISE EXCEPTION 'this event activates no entry and corrects no read' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF asked.kind = 'read.resolved' THEN
        corrected := said->'corrected';
        SELECT key.* INTO wrong FROM store.reported_key((said->>'reported')::uuid) key;
    ELSE
        SELECT NULL::varchar AS plate, NULL::varchar AS state, NULL::timestamptz AS captured_at INTO wrong;
        named := ARRAY(SELECT jsonb_array_elements_text(
            coalesce(said->'entries', jsonb_build_array(said->'entry')))::uuid);
    END IF;
    -- A removal takes the same lock alone: it finds every hit there is, and none is made after it.
    PERFORM pg_advisory_xact_lock_shared(7303010);
    next_transaction := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    WITH activated AS MATERIALIZED (
        SELECT entry.id AS entry_id, entry.owner_id, entry.plate, entry.state, entry.status, entry.valid_until, activation.at,
               (activation.details->>'oldest_open')::bigint AS oldest_open
        FROM (
            SELECT e.*, audit.stamp(e.activation) AS stamp FROM public.alerts_entry e
            WHERE e.id = ANY (named) AND e.matched_back_at IS NULL OFFSET 0) entry
        -- As audit.event_by_id finds it, without the cost of a function's statement for each of 2,500.
        CROSS JOIN LATERAL (
            SELECT e.at, e.kind, e.payload::jsonb->'details' AS details FROM audit.event e
            WHERE e.at >= entry.stamp - interval '1 millisecond' AND e.at < entry.stamp + interval '2 milliseconds'
              AND e.id = entry.activation
            OFFSET 0) activation
        WHERE activation.kind IN ('entry.added', 'entry.renewed') AND (activation.details->>'entry')::uuid = entry.id
    ),
    -- As public.alerts_watch, asking once for each owner whether their entries rest.
    watched AS MATERIALIZED (
        SELECT a.at, a.oldest_open, a.entry_id, a.owner_id, a.plate, a.state
        FROM activated a
        WHERE a.status = 'active' AND a.valid_until > statement_timestamp() AND a.owner_id = ANY (ARRAY(
            SELECT owner.id FROM (SELECT DISTINCT own.owner_id AS id FROM activated own OFFSET 0) owner
            WHERE NOT EXISTS (SELECT FROM public.alerts_resting resting WHERE resting.user_id = owner.id)))
    ),
    -- Each month is asked once for all plates, in the order of its key.
    stored AS MATERIALIZED (
        SELECT read.*,
               -- The row's transaction id has 32 bits; the missing ones are those of the newest transaction before which
               -- it can stand.
               (next_transaction - 1) - ((next_transaction - 1 - read.xmin::text::bigint) & 4294967295) AS stored_by
        FROM store.read read
        WHERE read.plate = ANY (ARRAY(SELECT DISTINCT w.plate FROM watched w ORDER BY w.plate))
          AND read.stored_at >= (SELECT min(w.at) FROM watched w) - interval '10 minutes'
    ),
    found AS MATERIALIZED (
        SELECT w.entry_id, w.owner_id, w.plate, w.state, read.record_id, read.captured_at, read.latitude_e6,
               read.longitude_e6, place.zone, place.address, place.intersection, place.state AS place_state,
               source.label AS source, camera.name AS camera, make.name AS make, model.name AS model
        FROM watched w
        JOIN stored read ON read.plate = w.plate AND read.state = w.state
        JOIN public.lpr_source source ON source.id = read.source_id
        JOIN store.place place ON place.id = read.place_id
        JOIN store.camera camera ON camera.id = read.camera_id
        JOIN store.make make ON make.id = read.make_id
        JOIN store.model model ON model.id = read.model_id
        WHERE read.stored_at >= w.at - interval '10 minutes' AND read.stored_by >= w.oldest_open
          AND NOT EXISTS (
              SELECT FROM store.read_marker m WHERE m.plate = read.plate AND m.state = read.state
              AND m.captured_at = read.captured_at AND m.record_id = read.record_id)
        UNION ALL
        SELECT w.entry_id, w.owner_id, w.plate, w.state, read.record_id, read.captured_at, read.latitude_e6,
               read.longitude_e6, place.zone, place.address, place.intersection, place.state, source.label, camera.name,
               make.name, model.name
        FROM store.read read
        JOIN public.alerts_watch w ON w.plate = read.plate AND w.state = read.state AND w.valid_until > statement_timestamp()
        JOIN public.lpr_source source ON source.id = read.source_id
        JOIN store.place place ON place.id = read.place_id
        JOIN store.camera camera ON camera.id = read.camera_id
        JOIN store.make make ON make.id = read.make_id
        JOIN store.model model ON model.id = read.model_id
        WHERE read.plate = corrected->>'plate' AND read.state = corrected->>'state'
          AND read.captured_at = coalesce((corrected->>'captured_at')::timestamptz, wrong.captured_at)
          AND read.record_id = (corrected->>'record_id')::uuid
          AND (read.plate, read.state) IS DISTINCT FROM (wrong.plate, wrong.state)
    ),
-- Shared with the statement that stores reads (alerts.matching): from `found` to hits, their events and the intents.
    hits AS (
        INSERT INTO public.alerts_hit (id, entry_id, owner_id, record_id, plate, state, hit_at, captured_at, zone, latitude,
                                       longitude, address, intersection, place_state, source, camera, make, model)
        SELECT gen_random_uuid(), f.entry_id, f.owner_id, f.record_id, f.plate, f.state, statement_timestamp(), f.captured_at,
               f.zone, f.latitude_e6 / 1e6, f.longitude_e6 / 1e6, coalesce(f.address, ''), coalesce(f.intersection, ''),
               coalesce(f.place_state, ''), f.source, coalesce(f.camera, ''), coalesce(f.make, ''), coalesce(f.model, '')
        FROM found f
        ON CONFLICT DO NOTHING
        RETURNING entry_id, record_id, plate
    ),
    -- As audit.canonical writes it: sorted keys, no spaces, nothing empty. AOR and component are those of the alert's owner, so
    -- that its managers find the hit and usage counts it there; who acts is the system. LATERAL with OFFSET 0: by key for each
    -- hit, whatever the planner expects.
    hit_events AS MATERIALIZED (
        SELECT event.id
        FROM hits h
        CROSS JOIN LATERAL (SELECT watch.* FROM public.alerts_watch watch WHERE watch.entry_id = h.entry_id OFFSET 0) w
        CROSS JOIN LATERAL audit.append('hit.made',
            '{"actor":"system"'
            || CASE w.owner_aor WHEN '' THEN '' ELSE ',"aor":' || to_json(normalize(w.owner_aor, NFC))::text END
            || CASE w.owner_component WHEN '' THEN '' ELSE ',"component":' || to_json(w.owner_component)::text END
            || ',"details":{"entry":"' || w.entry_id || '","list":"' || w.alert_list_id || '","owner":' || w.owner_id
            || ',"record":"' || h.record_id || '"},"plate":"' || w.plate || '","reason":'
            || to_json(normalize(w.reason, NFC))::text || ',"state":"' || w.state || '"}') event
    ),
    -- Due a minute ago, so that a sender whose clock is behind the database's takes it at once.
    intents AS (
        INSERT INTO public.alerts_notification (id, kind, entry_id, record_id, recipient_id, plate, status, created_at,
                                                next_attempt_at, attempts, last_error)
        SELECT gen_random_uuid(), 'hit', h.entry_id, h.record_id, told.user_id, h.plate, 'waiting', statement_timestamp(),
               statement_timestamp() - interval '1 minute', 0, ''
        FROM hits h
        CROSS JOIN LATERAL (
            SELECT r.user_id FROM public.alerts_recipient r WHERE r.entry_id = h.entry_id OFFSET 0) told
        ON CONFLICT DO NOTHING
    )
-- End of what is shared.
    SELECT count(*) INTO made FROM hit_events;
    UPDATE public.alerts_entry entry SET matched_back_at = clock_timestamp()
    WHERE entry.id = ANY (named) AND entry.matched_back_at IS NULL;
    RETURN made;
END
$function$;
