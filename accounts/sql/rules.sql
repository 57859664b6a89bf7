-- A text that was approved is what people affirmed, or are about to: it is never changed or deleted, by no role (ACC-8).
CREATE OR REPLACE FUNCTION public.keep_approved_rules() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF OLD.state = 'approved' AND (TG_OP = 'DELETE' OR NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'an approved text of the rules is never changed: % is refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;

CREATE OR REPLACE TRIGGER keep_approved_rules BEFORE UPDATE OR DELETE ON public.accounts_rulestext
    FOR EACH ROW EXECUTE FUNCTION public.keep_approved_rules();
ALTER TABLE public.accounts_rulestext ENABLE ALWAYS TRIGGER keep_approved_rules;
