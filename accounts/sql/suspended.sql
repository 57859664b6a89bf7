-- Whose account is suspended now (ACC-11), by the database's clock, for the views of alerts; the application asks the same of the
-- time that it is told (Sanction.objects.suspending), and a test compares both.
CREATE OR REPLACE VIEW public.accounts_suspended AS
SELECT DISTINCT suspension.account_id AS user_id
FROM public.accounts_sanction suspension
WHERE suspension.kind = 'suspension' AND suspension.starts_at <= statement_timestamp() AND suspension.ends_at > statement_timestamp()
  AND NOT EXISTS (SELECT FROM public.accounts_sanction lifting WHERE lifting.lifts_id = suspension.id);
