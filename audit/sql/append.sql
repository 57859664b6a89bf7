-- The only writer of the log (decision 8). The database gives time, id, transaction and order; the caller gives what happened.
-- The id carries its own time (UUID version 7), so that an event is found in its month by its id alone.
-- leaf = SHA-256(0x00, header, SHA-256(nonce, payload)): after a lawful deletion no guess at a plate can be checked
-- against what remains.
-- The time is given back as microseconds since 1970: a client turns a number into its own clock's type faster than a text.
-- The nonce holds the 122 bits of chance of one UUID, as 32 bytes. Every term here is paid for at every event: few, and short.
CREATE OR REPLACE FUNCTION audit.append(p_kind text, p_payload text, OUT id uuid, OUT micros bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    said jsonb := p_payload::jsonb;
    salt bytea := sha256(uuid_send(gen_random_uuid()));
    xact xid8 := pg_current_xact_id();
    at timestamptz := clock_timestamp();
    hash bytea;
BEGIN
    IF p_kind !~ '^[a-z_]+\.[a-z_]+$' OR jsonb_typeof(said) <> 'object' THEN
        RAISE EXCEPTION 'an event needs a kind and an object of facts' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Commit waits for the disk, whatever the session asked for; a stricter setting stays.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    micros := extract(epoch FROM at) * 1000000;
    id := (lpad(to_hex(micros / 1000), 12, '0') || '7' || substr(gen_random_uuid()::text, 16))::uuid;
    hash := sha256('\x00'::bytea || convert_to(
        concat_ws(chr(10), 'plateledger event v1', id, micros, xact, p_kind, ''),
        'UTF8') || sha256(salt || convert_to(p_payload, 'UTF8')));
    -- One statement for both tables: each statement of a function costs as much again as its row.
    WITH event AS (
        INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query,
                                 nonce, leaf, payload)
        VALUES (at, id, xact, p_kind, (said->>'actor_id')::bigint, said->>'actor', said->>'aor',
                said->>'on_behalf_of', said->>'plate', said->>'state', said->>'reason',
                coalesce((said->>'query')::uuid, CASE p_kind WHEN 'query.attempted' THEN id END),
                salt, hash, p_payload))
    INSERT INTO audit.unsealed (at, id, leaf) VALUES (at, id, hash);
END
$function$;
