-- Sanctions are records that nobody changes (ACC-11): the application may add rows and neither change nor delete one. The one
-- way out is this: all of an account that was deleted before `before`, at the end of their retention (ACC-5).
CREATE OR REPLACE FUNCTION public.erase_sanctions_over(of_account bigint, before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    erased integer;
BEGIN
    DELETE FROM public.accounts_sanction sanction
    USING public.accounts_user account
    WHERE sanction.account_id = of_account AND account.id = of_account AND account.deleted_at <= before;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$function$;
