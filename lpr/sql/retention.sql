-- The end of reads (DAT-8, DAT-2). What is past its source's retention, or was collected where the authority has ended and policy
-- says that it goes, is hidden already (store.reads_page); here it goes for good.
-- Each function takes the earlier of the time that it is given and the server's own, so that nobody can make reads old.

-- Reads that are over, by id alone: their photos are erased first, then the rows, so that a crash leaves nothing behind.
CREATE OR REPLACE FUNCTION store.reads_over(p_now timestamptz, p_limit integer) RETURNS TABLE (record_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    moment timestamptz := least(p_now, clock_timestamp());
    newest timestamptz := moment - make_interval(days => (SELECT min(s.retention_days) FROM public.lpr_source s));
BEGIN
    RETURN QUERY
    SELECT r.record_id FROM store.read r JOIN public.lpr_source source ON source.id = r.source_id
    WHERE r.captured_at <= newest AND r.captured_at + make_interval(days => source.retention_days) <= moment
    LIMIT p_limit;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT r.record_id
        FROM store.ended_authorities(moment) ended
        JOIN store.place place ON place.state = ended.state
        JOIN store.read r ON r.source_id = ended.source_id AND r.place_id = place.id
        WHERE ended.policy = 'delete'
        LIMIT p_limit;
    END IF;
END
$function$;

-- Deletes of the named reads those that are over, with their markers; returns how many.
CREATE OR REPLACE FUNCTION store.delete_reads_over(p_now timestamptz, p_records uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    moment timestamptz := least(p_now, clock_timestamp());
    newest timestamptz := moment - make_interval(days => (SELECT min(s.retention_days) FROM public.lpr_source s));
    erased_places text[] := ARRAY(
        SELECT e.source_id::text || e.state FROM store.ended_authorities(moment) e WHERE e.policy = 'delete');
    deleted integer;
BEGIN
    IF erased_places <> '{}' THEN
        newest := 'infinity';
    END IF;
    -- A read whose place is missing goes too: what reads_over finds must go, or the job finds it for ever.
    WITH gone AS (
        DELETE FROM store.read r USING public.lpr_source source
        WHERE source.id = r.source_id AND r.record_id = ANY (p_records) AND r.captured_at <= newest
          AND (r.captured_at + make_interval(days => source.retention_days) <= moment
               OR EXISTS (SELECT FROM store.place place
                          WHERE place.id = r.place_id AND (r.source_id::text || place.state) = ANY (erased_places)))
        RETURNING r.plate, r.state, r.captured_at, r.record_id
    ),
    markers AS (
        DELETE FROM store.read_marker m USING gone
        WHERE m.plate = gone.plate AND m.state = gone.state AND m.captured_at = gone.captured_at AND m.record_id = gone.record_id
    )
    SELECT count(*) INTO deleted FROM gone;
    RETURN deleted;
END
$function$;

-- Detaches and drops the months that lie past the longest retention of any source, once they are empty. A month that is in
-- use at this moment is left for the next run.
CREATE OR REPLACE FUNCTION store.drop_months_over(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '5s'
AS $function$
DECLARE
    today date := (least(p_now, clock_timestamp()) AT TIME ZONE 'UTC')::date;
    kept_days integer;
    month_name text;
    is_empty boolean;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7303002);
    SELECT coalesce(max(s.retention_days), 1827) INTO kept_days FROM public.lpr_source s;
    FOR month_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'store.read'::regclass AND c.relname ~ '^read_[0-9]{4}_[0-9]{2}$'
          AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= today - kept_days
        ORDER BY c.relname
    LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM store.%I)', month_name) INTO is_empty;
        CONTINUE WHEN NOT is_empty;
        EXECUTE format('ALTER TABLE store.read DETACH PARTITION store.%I', month_name);
        EXECUTE format('DROP TABLE store.%I', month_name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END
$function$;

-- Packs the indexes of the oldest month that has been closed for a week and was not packed yet, and counts its values for the
-- planner; returns its name, or nothing when all are done. What was done stands in the table's comment.
CREATE OR REPLACE FUNCTION store.close_month(p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
DECLARE
    today date := (least(p_now, clock_timestamp()) AT TIME ZONE 'UTC')::date;
    month_name text;
    has_rows boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7303002);
    FOR month_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'store.read'::regclass AND c.relname ~ '^read_[0-9]{4}_[0-9]{2}$'
          AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month 7 days' <= today
          AND obj_description(c.oid, 'pg_class') IS DISTINCT FROM 'closed'
        ORDER BY c.relname
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM store.%I)', month_name) INTO has_rows;
        CONTINUE WHEN NOT has_rows;
        EXECUTE format('REINDEX TABLE store.%I', month_name);
        EXECUTE format('ANALYZE store.%I', month_name);
        EXECUTE format('COMMENT ON TABLE store.%I IS %L', month_name, 'closed');
        RETURN month_name;
    END LOOP;
    RETURN NULL;
END
$function$;

-- Rows that lie in a default partition, where none should: a month was missing when they came (`readyz` says so).
CREATE OR REPLACE FUNCTION store.stray_rows() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN (SELECT count(*) FROM store.read_default) + (SELECT count(*) FROM store.recent_record_default)
         + (SELECT count(*) FROM audit.event_default);
END
$function$;
