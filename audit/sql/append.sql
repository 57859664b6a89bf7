-- The only writer of the log (decision 8). The database gives time, id, transaction and order; the caller gives what happened.
-- The id carries its own time (UUID version 7), so that an event is found in its month by its id alone.
-- leaf = SHA-256(0x00, header, SHA-256(nonce, payload)): after a lawful deletion no guess at a plate can be checked
-- against what remains.
CREATE OR REPLACE FUNCTION audit.append(p_kind text, p_payload text, OUT id uuid, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    said jsonb := p_payload::jsonb;
    salt bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    hash bytea;
BEGIN
    IF p_kind !~ '^[a-z_]+\.[a-z_]+$' OR jsonb_typeof(said) <> 'object' THEN
        RAISE EXCEPTION 'an event needs a kind and an object of facts' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Commit waits for the disk, whatever the session asked for; a stricter setting stays.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    at := clock_timestamp();
    id := (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
           || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;
    hash := sha256('\x00'::bytea || convert_to(
        concat_ws(chr(10), 'plateledger event v1', id, (extract(epoch FROM at) * 1000000)::bigint, pg_current_xact_id(), p_kind, ''),
        'UTF8') || sha256(salt || convert_to(p_payload, 'UTF8')));
    -- One statement for both tables: each statement of a function costs as much again as its row.
    WITH event AS (
        INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query,
                                 nonce, leaf, payload)
        VALUES (at, id, pg_current_xact_id(), p_kind, (said->>'actor_id')::bigint, said->>'actor', said->>'aor',
                said->>'on_behalf_of', said->>'plate', said->>'state', said->>'reason',
                coalesce((said->>'query')::uuid, CASE p_kind WHEN 'query.attempted' THEN id END),
                salt, hash, p_payload))
    INSERT INTO audit.unsealed (at, id, leaf) VALUES (at, id, hash);
END
$function$;
