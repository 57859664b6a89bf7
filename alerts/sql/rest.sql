-- Whose entries rest, and why (ALR-11): the account is closed or suspended, the role has no part in alerts, or a course that it
-- needs has lapsed or is missing for longer than policy's grace. One definition, asked by matching and by the hand-over of lists.
--
-- A course that was never taken has been missing since the latest of: the account's first day, the day on which it got its role, and the day
-- from which that role needs the course, as the history of accounts and courses has them. Where that does not say it, as of a
-- record of training that was taken away, nothing later than the account's first day is known: its entries rest at once.
CREATE OR REPLACE VIEW public.alerts_resting AS
SELECT owner.id AS user_id,
       CASE WHEN NOT owner.is_active THEN 'account'
            WHEN EXISTS (SELECT FROM public.accounts_suspended suspended WHERE suspended.user_id = owner.id) THEN 'suspended'
            WHEN owner.role NOT IN ('officer', 'support_staff', 'supervisor') THEN 'role'
            ELSE 'training' END AS why
FROM public.accounts_user owner
WHERE NOT owner.is_active OR owner.role NOT IN ('officer', 'support_staff', 'supervisor')
   OR EXISTS (SELECT FROM public.accounts_suspended suspended WHERE suspended.user_id = owner.id)
   OR EXISTS (
       SELECT FROM (
           -- OFFSET 0: history is read for what is missing alone, not for each owner of an entry that is matched.
           SELECT course.id, grace.ends_on, EXISTS (
               SELECT FROM public.accounts_trainingrecord lapsed
               WHERE lapsed.course_id = course.id AND lapsed.user_id = owner.id) AS was_taken
           FROM public.accounts_course course
           CROSS JOIN (
               SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date - policy.training_grace_days::integer AS ends_on
               FROM public.alerts_alertpolicy policy WHERE policy.id = 1) grace
           WHERE course.roles @> ARRAY[owner.role] AND NOT EXISTS (
               SELECT FROM public.accounts_trainingrecord taken
               WHERE taken.course_id = course.id AND taken.user_id = owner.id
                 -- A record without an end never lapses.
                 AND (taken.valid_until IS NULL OR taken.valid_until > grace.ends_on))
           OFFSET 0) missing
       WHERE missing.was_taken OR (greatest(
           owner.created_at,
           (SELECT min(had.history_date) FROM public.accounts_historicaluser had
            WHERE had.id = owner.id AND had.history_date > coalesce((
                SELECT max(other.history_date) FROM public.accounts_historicaluser other
                WHERE other.id = owner.id AND other.role <> owner.role), '-infinity')),
           (SELECT min(needed.history_date) FROM public.accounts_historicalcourse needed
            WHERE needed.id = missing.id AND needed.history_date > coalesce((
                SELECT max(free.history_date) FROM public.accounts_historicalcourse free
                WHERE free.id = missing.id AND NOT free.roles @> ARRAY[owner.role]), '-infinity'))
           ) AT TIME ZONE 'UTC')::date <= missing.ends_on);

CREATE OR REPLACE VIEW public.alerts_watch AS
SELECT entry.id AS entry_id, entry.alert_list_id, entry.owner_id, coalesce(aor.code, '') AS owner_aor, entry.plate,
       entry.state, entry.reason, entry.valid_until, owner.component AS owner_component
FROM public.alerts_entry entry
JOIN public.accounts_user owner ON owner.id = entry.owner_id
LEFT JOIN public.accounts_aor aor ON aor.id = owner.aor_id
WHERE entry.status = 'active' AND NOT EXISTS (SELECT FROM public.alerts_resting resting WHERE resting.user_id = entry.owner_id);

-- Who may be told anything about alerts: the account is open and not suspended, the role has a part in alerts (ALR-11), and no
-- course that it needs is missing or has lapsed, as the gate asks (accounts.gates; ACC-7). One definition, asked by matching, mails
-- and pages.
--
-- The grace of `alerts_resting` does not hold here, for owners no more than for others. In it their entries go on matching, for
-- whoever else is told; they themselves can open nothing but the page of training, and a mail would tell them what that gate
-- keeps from them. An owner's hits of that time stand on the page of hits once the course is taken (alerts.hits).
CREATE OR REPLACE VIEW public.alerts_reader AS
SELECT person.id AS user_id
FROM public.accounts_user person
WHERE person.is_active AND person.role IN ('officer', 'support_staff', 'supervisor')
  AND NOT EXISTS (SELECT FROM public.accounts_suspended suspended WHERE suspended.user_id = person.id)
  AND NOT EXISTS (
      SELECT FROM public.accounts_course course
      WHERE course.roles @> ARRAY[person.role] AND NOT EXISTS (
          SELECT FROM public.accounts_trainingrecord taken
          WHERE taken.course_id = course.id AND taken.user_id = person.id
            AND (taken.valid_until IS NULL OR taken.valid_until > (statement_timestamp() AT TIME ZONE 'UTC')::date)));

-- Owner and those in scope (ALR-4), each once, of those who may be told. LATERAL with OFFSET 0: readers are looked up by key for
-- each person in scope; a join of the planner's own choice would read everybody's training for each hit.
CREATE OR REPLACE VIEW public.alerts_recipient AS
SELECT entry.id AS entry_id, told.user_id
FROM public.alerts_entry entry
JOIN public.alerts_alertlist list ON list.id = entry.alert_list_id
CROSS JOIN LATERAL (
    SELECT entry.owner_id AS user_id
    UNION
    SELECT named.user_id FROM public.alerts_alertlist_users named
    WHERE named.alertlist_id = list.id AND list.scope = 'users'
    UNION
    SELECT belongs.user_id
    FROM public.accounts_usergroup circle
    CROSS JOIN LATERAL (
        SELECT circle.owner_id AS user_id
        UNION ALL
        SELECT member.user_id FROM public.accounts_usergroup_members member WHERE member.usergroup_id = circle.id) belongs
    WHERE circle.id = list.group_id AND list.scope = 'group'
      AND (circle.ends_on IS NULL OR circle.ends_on > (statement_timestamp() AT TIME ZONE 'UTC')::date)
    UNION
    SELECT colleague.id FROM public.accounts_user colleague WHERE list.scope = 'agency') told
CROSS JOIN LATERAL (SELECT FROM public.alerts_reader reader WHERE reader.user_id = told.user_id OFFSET 0) may_be_told;
