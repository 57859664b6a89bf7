-- How many reads lie where, by kind of source: counts by state and by squares of a twentieth of a degree, and nothing of any
-- single read. The days are limited, so that a caller cannot have the whole store counted.
CREATE OR REPLACE FUNCTION store.coverage(p_now timestamptz, p_days integer)
RETURNS TABLE (source_kind varchar, state varchar, row_number integer, column_number integer, reads bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    until timestamptz := least(p_now, clock_timestamp());
    since timestamptz := until - make_interval(days => least(p_days, 31));
BEGIN
    RETURN QUERY
    SELECT source.kind, place.state, floor(counted.latitude_e6 / 50000.0)::integer,
           floor(counted.longitude_e6 / 50000.0)::integer, sum(counted.reads)::bigint
    FROM (
        SELECT r.source_id, r.place_id, r.latitude_e6, r.longitude_e6, count(*) AS reads
        FROM store.read r WHERE r.captured_at >= since AND r.captured_at <= until
        GROUP BY r.source_id, r.place_id, r.latitude_e6, r.longitude_e6) counted
    JOIN public.lpr_source source ON source.id = counted.source_id
    JOIN store.place place ON place.id = counted.place_id
    WHERE (counted.source_id::text || place.state) <> ALL (store.closed_places(until))
    GROUP BY 1, 2, 3, 4;
END
$function$;
