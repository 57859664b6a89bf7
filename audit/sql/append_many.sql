-- As audit.append (append.sql) for each of `p_payloads`, in their order and by one statement: each event has its own time, id, nonce
-- and leaf. The ids are given back in the order of the payloads.
-- OFFSET 0: what is drawn, read or computed for an event is so once, wherever it is named.
CREATE OR REPLACE FUNCTION audit.append_many(p_kind text, p_payloads text[], OUT ids uuid[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    this_xact xid8 := pg_current_xact_id();
BEGIN
    IF p_kind !~ '^[a-z_]+\.[a-z_]+$' THEN
        RAISE EXCEPTION 'an event needs a kind' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    WITH made AS MATERIALIZED (
        SELECT t.position, t.at, t.id, t.said, t.salt, t.payload,
               sha256('\x00'::bytea || convert_to(
                   concat_ws(chr(10), 'plateledger event v1', t.id, t.micros, this_xact, p_kind, ''), 'UTF8') || t.salted) AS leaf
        FROM (
            SELECT s.*, ('0' || to_hex(s.micros / 1000 * 64536 + s.micros + 28672) || '8'
                         || substr(s.salted::text, 3, 15))::uuid AS id
            FROM (
                SELECT c.*, (extract(epoch FROM c.at) * 1000000)::bigint AS micros,
                       sha256(c.salt || convert_to(c.payload, 'UTF8')) AS salted
                FROM (
                    SELECT p.position, p.payload, clock_timestamp() AS at, sha256(uuid_send(gen_random_uuid())) AS salt,
                           jsonb_populate_record(NULL::audit.copied, p.payload::jsonb) AS said
                    FROM unnest(p_payloads) WITH ORDINALITY p (payload, position)) c
                OFFSET 0) s
            OFFSET 0) t
    ),
    event AS (
        INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query,
                                 nonce, leaf, payload)
        SELECT m.at, m.id, this_xact, p_kind, (m.said).actor_id, (m.said).actor, (m.said).aor, (m.said).on_behalf_of,
               (m.said).plate, (m.said).state, (m.said).reason,
               coalesce((m.said).query, CASE p_kind WHEN 'query.attempted' THEN m.id END), m.salt, m.leaf, m.payload
        FROM made m
    ),
    queue AS (
        INSERT INTO audit.unsealed (at, id, leaf) SELECT m.at, m.id, m.leaf FROM made m
    )
    SELECT array_agg(m.id ORDER BY m.position) INTO ids FROM made m;
END
$function$;
