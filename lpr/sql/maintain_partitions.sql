-- Makes the months of reads, from the longest retention of any source to three months ahead, and the weeks of record ids.
-- Five years where there is no source yet. A source that is switched off counts: it may still have reads.
CREATE OR REPLACE FUNCTION store.maintain_partitions(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
DECLARE
    today date := (p_now AT TIME ZONE 'UTC')::date;
    month_start date;
    month_end date;
    week_start date;
    kept_days integer;
    partition_name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7303002);
    SELECT coalesce(max(s.retention_days), 1827) INTO kept_days FROM public.lpr_source s;
    IF to_regclass('store.read_default') IS NULL THEN
        CREATE TABLE store.read_default PARTITION OF store.read DEFAULT;
        CREATE TABLE store.recent_record_default PARTITION OF store.recent_record DEFAULT;
        made := made + 2;
    END IF;
    month_start := date_trunc('month', today - kept_days)::date;
    WHILE month_start <= today + interval '3 months' LOOP
        partition_name := 'read_' || to_char(month_start, 'YYYY_MM');
        IF to_regclass('store.' || partition_name) IS NULL THEN
            month_end := (month_start + interval '1 month')::date;
            -- What the default partition took of this month, while maintenance stood still, moves to where it belongs.
            EXECUTE format('CREATE TABLE store.%I (LIKE store.read INCLUDING CONSTRAINTS)', partition_name);
            EXECUTE format('WITH stray AS (DELETE FROM store.read_default WHERE captured_at >= %L AND captured_at < %L '
                           'RETURNING *) INSERT INTO store.%I SELECT * FROM stray', month_start, month_end, partition_name);
            EXECUTE format('ALTER TABLE store.read ATTACH PARTITION store.%I FOR VALUES FROM (%L) TO (%L)',
                           partition_name, month_start, month_end);
            made := made + 1;
        END IF;
        month_start := (month_start + interval '1 month')::date;
    END LOOP;
    week_start := date_trunc('week', today)::date - 7;
    WHILE week_start <= today + 28 LOOP
        partition_name := 'recent_record_' || to_char(week_start, 'IYYY_IW');
        IF to_regclass('store.' || partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE store.%I PARTITION OF store.recent_record FOR VALUES FROM (%L) TO (%L)',
                           partition_name, week_start, week_start + 7);
            made := made + 1;
        END IF;
        week_start := week_start + 7;
    END LOOP;
    FOR partition_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'store.recent_record'::regclass AND c.relname <> 'recent_record_default'
          AND to_date(right(c.relname, 7), 'IYYY_IW') < today - 67
    LOOP
        EXECUTE format('DROP TABLE store.%I', partition_name);
    END LOOP;
    RETURN made;
END
$function$;
