-- The queries that are shared with groups of the actor of the committed event, newest sharing first (QRY-9): the attempt, and the
-- payload of its outcome beside it, as audit.events_page gives them. Who is in a group, and whether the group goes on, is asked at
-- each look; which of them are wanted, by plate, case reference and time of asking, stands in the event.
CREATE OR REPLACE FUNCTION store.shared_queries(p_event uuid, p_limit integer)
RETURNS TABLE (at timestamptz, id uuid, kind varchar, actor_id bigint, actor varchar, aor varchar, payload text, outcome text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    asked audit.event := audit.committed_event(p_event);
    wanted jsonb := coalesce(asked.payload::jsonb->'details'->'criteria', '{}'::jsonb);
BEGIN
    IF asked.kind <> 'query.recalled' OR asked.actor_id IS NULL THEN
        RAISE EXCEPTION 'this event opens no shared queries' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    SELECT attempt.at, attempt.id, attempt.kind, attempt.actor_id, attempt.actor, attempt.aor, attempt.payload,
           (SELECT o.payload FROM audit.event o WHERE o.query = attempt.id AND o.kind IN ('query.answered', 'query.failed')
            AND o.at >= attempt.at AND o.at < attempt.at + interval '1 hour' ORDER BY o.at LIMIT 1)
    FROM (
        SELECT shared.query, max(shared.shared_at) AS shared_at FROM public.lpr_sharedquery shared
        JOIN public.accounts_usergroup circle ON circle.id = shared.group_id
        WHERE (circle.ends_on IS NULL OR circle.ends_on > (statement_timestamp() AT TIME ZONE 'UTC')::date)
          AND (circle.owner_id = asked.actor_id OR EXISTS (
               SELECT FROM public.accounts_usergroup_members member
               WHERE member.usergroup_id = circle.id AND member.user_id = asked.actor_id))
        GROUP BY shared.query) shared
    CROSS JOIN LATERAL audit.event_by_id(shared.query) attempt
    WHERE attempt.kind = 'query.attempted' AND attempt.actor_id <> asked.actor_id
      AND (wanted->>'plate' IS NULL OR attempt.plate = wanted->>'plate')
      AND (wanted->>'from' IS NULL OR attempt.at >= (wanted->>'from')::timestamptz)
      AND (wanted->>'until' IS NULL OR attempt.at < (wanted->>'until')::timestamptz)
      AND (wanted->>'case' IS NULL
           OR position(lower(wanted->>'case') IN lower(attempt.payload::jsonb->'details'->>'case_reference')) > 0)
    ORDER BY shared.shared_at DESC, attempt.id
    LIMIT least(greatest(p_limit, 1), 200);
END
$function$;
