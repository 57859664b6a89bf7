-- The seals (decision 9): leaves in the order in which they were sealed, each 8th level of the tree over them, and the signed
-- checkpoints. No row of an event is needed to prove with them, so that old proofs survive the lawful end of the events.
-- `sealed_leaf.id` is unique: an event is sealed once. `checkpoint.size` is the key: one size never has two roots.
-- `checkpoint.key` is the public key that signed, for bundles; who verifies trusts keys of their own.
CREATE TABLE audit.sealed_leaf (
    index bigint      NOT NULL CONSTRAINT sealed_leaf_key PRIMARY KEY,
    at    timestamptz NOT NULL,
    id    uuid        NOT NULL CONSTRAINT sealed_leaf_once UNIQUE,
    leaf  bytea       NOT NULL
);
CREATE TABLE audit.node (
    level smallint NOT NULL,
    index bigint   NOT NULL,
    hash  bytea    NOT NULL,
    CONSTRAINT node_key PRIMARY KEY (level, index)
);
CREATE TABLE audit.checkpoint (
    size        bigint      NOT NULL CONSTRAINT checkpoint_key PRIMARY KEY,
    root        bytea       NOT NULL,
    at          timestamptz NOT NULL,
    signed_note text        NOT NULL,
    key         text        NOT NULL
);

-- The same guards as the events have.
CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit.sealed_leaf
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.sealed_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit.node
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.node
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit.checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.sealed_leaf ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE audit.sealed_leaf ENABLE ALWAYS TRIGGER refuse_truncate;
ALTER TABLE audit.node ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE audit.node ENABLE ALWAYS TRIGGER refuse_truncate;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER refuse_truncate;

-- How far the sealing is: for readiness and alarms. No event is read, only the queue.
CREATE OR REPLACE FUNCTION audit.seal_state(
    OUT size bigint, OUT sealed_at timestamptz, OUT waiting_since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.size, c.at, (SELECT min(u.at) FROM audit.unsealed u)
    FROM (SELECT) one LEFT JOIN LATERAL (
        SELECT k.size, k.at FROM audit.checkpoint k ORDER BY k.size DESC LIMIT 1) c ON true
$function$;
