-- Makes the months of the log: from the one before the current to three ahead, each with the guards that partitions do not inherit.
-- The default partition takes what nothing else takes, so that no event is ever refused; it is watched and stays empty.
CREATE OR REPLACE FUNCTION audit.maintain_partitions(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
DECLARE
    first_month date := date_trunc('month', p_now AT TIME ZONE 'UTC')::date;
    month_start date;
    partition_name text;
    made integer := 0;
    child record;
BEGIN
    PERFORM pg_advisory_xact_lock(7303001);
    IF to_regclass('audit.event_default') IS NULL THEN
        CREATE TABLE audit.event_default PARTITION OF audit.event DEFAULT;
        made := made + 1;
    END IF;
    FOR offset_months IN -1 .. 3 LOOP
        month_start := (first_month + make_interval(months => offset_months))::date;
        partition_name := 'event_' || to_char(month_start, 'YYYY_MM');
        IF to_regclass('audit.' || partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.event FOR VALUES FROM (%L) TO (%L)',
                           partition_name, month_start, (month_start + interval '1 month')::date);
            made := made + 1;
        END IF;
    END LOOP;
    FOR child IN
        SELECT c.oid, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit.event'::regclass
    LOOP
        IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = child.oid AND t.tgname = 'refuse_truncate') THEN
            EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.%I '
                           'FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', child.relname);
        END IF;
        IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = child.oid AND t.tgenabled <> 'A') THEN
            EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER refuse_change', child.relname);
            EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER refuse_truncate', child.relname);
        END IF;
    END LOOP;
    RETURN made;
END
$function$;
