-- Whose entries rest, and why (ALR-11): the account is closed, the role has no part in alerts, or a course that was taken has
-- lapsed longer than policy's grace ago. One definition, asked by matching and by the hand-over of lists.
CREATE OR REPLACE VIEW public.alerts_resting AS
SELECT owner.id AS user_id,
       CASE WHEN NOT owner.is_active THEN 'account'
            WHEN owner.role NOT IN ('officer', 'support_staff', 'supervisor') THEN 'role'
            ELSE 'training' END AS why
FROM public.accounts_user owner
WHERE NOT owner.is_active OR owner.role NOT IN ('officer', 'support_staff', 'supervisor')
   OR EXISTS (
       SELECT FROM public.accounts_course course
       JOIN public.accounts_trainingrecord taken ON taken.course_id = course.id AND taken.user_id = owner.id
       WHERE course.roles @> ARRAY[owner.role]
       GROUP BY course.id
       -- A record without an end never lapses.
       HAVING max(coalesce(taken.valid_until, 'infinity'::date))
              <= (statement_timestamp() AT TIME ZONE 'UTC')::date
                 - (SELECT policy.training_grace_days::integer FROM public.alerts_alertpolicy policy WHERE policy.id = 1));

CREATE OR REPLACE VIEW public.alerts_watch AS
SELECT entry.id AS entry_id, entry.alert_list_id, entry.owner_id, coalesce(aor.code, '') AS owner_aor, entry.plate,
       entry.state, entry.reason, entry.valid_until
FROM public.alerts_entry entry
JOIN public.accounts_user owner ON owner.id = entry.owner_id
LEFT JOIN public.accounts_aor aor ON aor.id = owner.aor_id
WHERE entry.status = 'active' AND NOT EXISTS (SELECT FROM public.alerts_resting resting WHERE resting.user_id = entry.owner_id);
