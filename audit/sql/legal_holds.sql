-- A hold is lifted once and by its own row; nothing else of it changes.
CREATE OR REPLACE FUNCTION public.keep_hold() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL
            OR (NEW.id, NEW.reason, NEW.placed_by_id, NEW.placed_at) <> (OLD.id, OLD.reason, OLD.placed_by_id, OLD.placed_at)
            OR NEW.month IS DISTINCT FROM OLD.month THEN
        RAISE EXCEPTION 'a legal hold is lifted once and stays on record: % is refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$function$;
CREATE OR REPLACE TRIGGER keep_hold BEFORE UPDATE OR DELETE ON public.audit_legalhold
    FOR EACH ROW EXECUTE FUNCTION public.keep_hold();
ALTER TABLE public.audit_legalhold ENABLE ALWAYS TRIGGER keep_hold;
