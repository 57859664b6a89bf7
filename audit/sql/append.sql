-- The only writer of the log (decision 8). The database gives time, id, transaction and order; the caller gives what happened.
-- The id carries its own time to the microsecond (UUID version 7, RFC 9562 6.2, method 3): an event is found in its month by its
-- id alone, and the id alone is given back. Its 60 bits of chance are of the salted payload's hash, which has them from the nonce.
-- leaf = SHA-256(0x00, header, SHA-256(nonce, payload)): after a lawful deletion no guess at a plate can be checked
-- against what remains.
-- The nonce holds the 122 bits of chance of one UUID, as 32 bytes. Every term here is made ready anew in each transaction, which
-- costs more than to compute it: few, and short. Fields are taken out of the payload by one term for the same reason.
CREATE OR REPLACE FUNCTION audit.append(p_kind text, p_payload text, OUT id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Refuses what is no object, and what does not fit its column.
    said audit.copied := jsonb_populate_record(NULL::audit.copied, p_payload::jsonb);
    salt bytea := sha256(uuid_send(gen_random_uuid()));
    salted bytea := sha256(salt || convert_to(p_payload, 'UTF8'));
    xact xid8 := pg_current_xact_id();
    at timestamptz := clock_timestamp();
    micros bigint := extract(epoch FROM at) * 1000000;
    hash bytea;
BEGIN
    -- Both are rare: one question to most events.
    IF p_kind !~ '^[a-z_]+\.[a-z_]+$' OR current_setting('synchronous_commit') IN ('off', 'local') THEN
        IF p_kind !~ '^[a-z_]+\.[a-z_]+$' THEN
            RAISE EXCEPTION 'an event needs a kind' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        -- Commit waits for the disk, whatever the session asked for; a stricter setting stays.
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    -- Milliseconds, the version, the microseconds beyond in three digits, the variant, chance.
    id := ('0' || to_hex(micros / 1000 * 64536 + micros + 28672) || '8' || substr(salted::text, 3, 15))::uuid;
    hash := sha256('\x00'::bytea || convert_to(
        concat_ws(chr(10), 'plateledger event v1', id, micros, xact, p_kind, ''), 'UTF8') || salted);
    -- One statement for both tables: each statement of a function costs as much again as its row.
    WITH event AS (
        INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query,
                                 nonce, leaf, payload)
        VALUES (at, id, xact, p_kind, said.actor_id, said.actor, said.aor, said.on_behalf_of, said.plate, said.state,
                said.reason, coalesce(said.query, CASE p_kind WHEN 'query.attempted' THEN id END), salt, hash, p_payload))
    INSERT INTO audit.unsealed (at, id, leaf) VALUES (at, id, hash);
END
$function$;
