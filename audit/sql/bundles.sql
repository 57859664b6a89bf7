-- What a bundle needs of an event beyond what its page shows: transaction and nonce, by which an outsider computes the leaf.
-- The door is the one of the page: the searcher's committed look, its criteria and its scope.
CREATE OR REPLACE FUNCTION audit.proof_page(
    p_event uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, xact text, kind varchar, nonce bytea, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
BEGIN
    IF asked.kind <> 'audit.viewed' THEN
        RAISE EXCEPTION 'this event opens no proofs' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT e.at, e.id, e.xact::text, e.kind, e.nonce, e.payload
        FROM audit.events_page(p_event, p_before_at, p_before_id, p_limit) p
        JOIN audit.event e ON e.at = p.at AND e.id = p.id
        ORDER BY e.at DESC, e.id DESC;
END
$function$;

-- First and last line of a bundle or a delivery: what was asked, and the event of making it, which opens both.
CREATE OR REPLACE FUNCTION audit.proof_of_bundle(p_event uuid)
RETURNS TABLE (at timestamptz, id uuid, xact text, kind varchar, nonce bytea, payload text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
BEGIN
    IF asked.kind NOT IN ('audit.bundled', 'delivery.made') THEN
        RAISE EXCEPTION 'this event opens no proofs' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT e.at, e.id, e.xact::text, e.kind, e.nonce, e.payload
        FROM audit.event_by_id((asked.payload::jsonb->'details'->>'search')::uuid) e
        WHERE e.kind = CASE asked.kind WHEN 'audit.bundled' THEN 'audit.searched' ELSE 'delivery.asked' END
          AND e.actor_id = asked.actor_id
        UNION ALL
        SELECT asked.at, asked.id, asked.xact::text, asked.kind, asked.nonce, asked.payload;
END
$function$;
