-- The end of events (AUD-5, BEY-10): a month goes as a whole, by audit.drop_month alone, when it is older than the retention, no
-- legal hold is on it, a sealed event announced it and two persons of two sides approved after that seal. Its leaves stay in the
-- tree, so that old proofs go on verifying. The times asked for are never later than the server's own: nobody makes a month old.

-- What proves that a month went lawfully outlives its own month: announcements, approvals, withdrawals.
CREATE TABLE audit.kept_event (LIKE audit.event INCLUDING CONSTRAINTS);
ALTER TABLE audit.kept_event ADD CONSTRAINT kept_event_key PRIMARY KEY (at, id);
CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit.kept_event
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.kept_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.kept_event ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE audit.kept_event ENABLE ALWAYS TRIGGER refuse_truncate;

-- Whether all of a month is past the retention.
CREATE OR REPLACE FUNCTION audit.is_over(p_month date, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
    SELECT coalesce((SELECT p_month + make_interval(months => 1, years => p.years::integer)
                            <= least(p_now, clock_timestamp()) AT TIME ZONE 'UTC'
                     FROM public.audit_retentionpolicy p), false)
$function$;

-- Whether a legal hold is on a month, or on all of them.
CREATE OR REPLACE FUNCTION audit.is_held(p_month date) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT EXISTS (SELECT FROM public.audit_legalhold h
                   WHERE h.lifted_at IS NULL AND coalesce(h.month, p_month) = p_month)
$function$;

-- What of a month goes: its events but for the kept kinds, how many wait for their seal, the tree's size that covers them, and
-- one digest over their leaves in the order of the tree (audit/verifier.py computes the same).
CREATE OR REPLACE FUNCTION audit.month_facts(
    p_month date, OUT events bigint, OUT unsealed bigint, OUT size bigint, OUT digest text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
BEGIN
    EXECUTE format(
        'SELECT count(*), count(*) FILTER (WHERE l.index IS NULL), coalesce(max(l.index) + 1, 0), encode(sha256(coalesce('
        'string_agg(sha256(convert_to(concat_ws('' '', l.index, l.id, (extract(epoch FROM l.at) * 1000000)::bigint), ''UTF8'')'
        ' || l.leaf), ''''::bytea ORDER BY l.index), '''')), ''hex'')'
        ' FROM audit.%I e LEFT JOIN audit.sealed_leaf l ON l.id = e.id AND l.at = e.at AND l.leaf = e.leaf'
        ' WHERE e.kind NOT IN (''retention.announced'', ''retention.approved'', ''retention.withdrawn'')',
        'event_' || to_char(p_month, 'YYYY_MM')) INTO events, unsealed, size, digest;
END
$function$;

-- The months past their retention that still hold events, the oldest first.
CREATE OR REPLACE FUNCTION audit.months_over(p_now timestamptz) RETURNS TABLE (month date, events bigint, is_held boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $function$
BEGIN
    FOR month IN
        SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit.event'::regclass AND c.relname ~ '^event_[0-9]{4}_[0-9]{2}$'
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN NOT audit.is_over(month, p_now);
        EXECUTE format('SELECT count(*) FROM audit.%I', 'event_' || to_char(month, 'YYYY_MM')) INTO events;
        is_held := audit.is_held(month);
        IF events > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$function$;
