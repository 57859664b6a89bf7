-- What matching may know of an entry, and whom a hit of it is told to. Both are views of the owner, so that the loader needs
-- no right on entries, lists and people; case text is in neither.

-- The entries that can be hit now, but for their end, which each matching compares with its own time. An entry of an owner
-- whose account is closed or who may no longer ask rests (ALR-11).
CREATE VIEW public.alerts_watch AS
SELECT entry.id AS entry_id, entry.alert_list_id, entry.owner_id, coalesce(aor.code, '') AS owner_aor, entry.plate,
       entry.state, entry.reason, entry.valid_until
FROM public.alerts_entry entry
JOIN public.accounts_user owner ON owner.id = entry.owner_id
LEFT JOIN public.accounts_aor aor ON aor.id = owner.aor_id
WHERE entry.status = 'active' AND owner.is_active AND owner.role IN ('officer', 'support_staff', 'supervisor');

-- Owner and those in scope (ALR-4), each once. Who is not active or may no longer ask gets nothing (ALR-11).
CREATE VIEW public.alerts_recipient AS
SELECT entry.id AS entry_id, person.id AS user_id
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
JOIN public.accounts_user person ON person.id = told.user_id
WHERE person.is_active AND person.role IN ('officer', 'support_staff', 'supervisor');
