-- The reads of a query, or of hits, that the actor of the committed event compared with both photographs and found alike in plate,
-- state and vehicle (BEY-6). Only the actor's own answers count.
CREATE OR REPLACE FUNCTION store.reads_compared(p_event uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    asked audit.event := audit.committed_event(p_event);
BEGIN
    IF asked.kind NOT IN ('query.viewed', 'query.replayed', 'hits.viewed') THEN
        RAISE EXCEPTION 'this event asks for no comparison' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    SELECT DISTINCT (e.payload::jsonb->'details'->>'read')::uuid FROM audit.event e
    WHERE e.kind = 'read.compared' AND e.actor_id = asked.actor_id
      AND CASE WHEN asked.query IS NULL
               -- An address of a hit lasts as long as a session may.
               THEN e.at > asked.at - interval '12 hours'
                    AND asked.payload::jsonb->'details'->'hits' ? (e.payload::jsonb->'details'->>'hit')
               ELSE e.at >= audit.stamp(asked.query) - interval '1 second' AND e.query = asked.query END
      AND e.payload::jsonb->'details' @> '{"same_plate": true, "same_state": true, "same_vehicle": true}';
END
$function$;
