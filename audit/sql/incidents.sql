-- The clocks of incidents run from a moment that nobody moves, and what was noted about them stays (AUD-9, AUD-14).
CREATE OR REPLACE FUNCTION public.keep_discovery() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.discovered_at <> OLD.discovered_at OR NEW.opened_at <> OLD.opened_at OR NEW.number <> OLD.number THEN
        RAISE EXCEPTION 'an incident and the time of its discovery stay: % is refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$function$;

CREATE OR REPLACE FUNCTION public.keep_steps() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'what was noted about an incident stays: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$function$;

CREATE OR REPLACE TRIGGER keep_discovery BEFORE UPDATE OR DELETE ON public.audit_incident
    FOR EACH ROW EXECUTE FUNCTION public.keep_discovery();
CREATE OR REPLACE TRIGGER keep_discovery BEFORE UPDATE OR DELETE ON public.audit_suspecteduse
    FOR EACH ROW EXECUTE FUNCTION public.keep_discovery();
CREATE OR REPLACE TRIGGER keep_steps BEFORE UPDATE OR DELETE ON public.audit_step
    FOR EACH ROW EXECUTE FUNCTION public.keep_steps();
ALTER TABLE public.audit_incident ENABLE ALWAYS TRIGGER keep_discovery;
ALTER TABLE public.audit_suspecteduse ENABLE ALWAYS TRIGGER keep_discovery;
ALTER TABLE public.audit_step ENABLE ALWAYS TRIGGER keep_steps;
