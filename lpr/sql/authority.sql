-- Where a source's authority to collect has ended, and what policy says of the reads that it brought from there (DAT-2). It ends
-- with the law of the state, or with the last of the source's own authorities there; of the two policies the stricter holds. A day
-- is over when it is over in the westernmost of the states and territories.
CREATE OR REPLACE FUNCTION store.ended_authorities(p_at timestamptz)
RETURNS TABLE (source_id bigint, state varchar, policy varchar)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT ended.source_id, ended.state, (array_agg(ended.when_over ORDER BY ended.when_over = 'keep', ended.when_over))[1]
    FROM (
        SELECT last.source_id, last.state, last.when_over
        FROM (
            SELECT DISTINCT ON (own.source_id, law.state) own.source_id, law.state, own.when_over,
                   coalesce(own.valid_until, 'infinity'::date) AS until
            FROM public.lpr_sourceauthority own JOIN public.lpr_jurisdiction law ON law.id = own.jurisdiction_id
            ORDER BY own.source_id, law.state, coalesce(own.valid_until, 'infinity'::date) DESC, own.id DESC) last
        WHERE last.until < (p_at AT TIME ZONE 'Pacific/Pago_Pago')::date
        UNION ALL
        SELECT own.source_id, law.state, law.when_over
        FROM public.lpr_sourceauthority own JOIN public.lpr_jurisdiction law ON law.id = own.jurisdiction_id
        WHERE law.valid_until < (p_at AT TIME ZONE 'Pacific/Pago_Pago')::date) ended
    GROUP BY ended.source_id, ended.state
$function$;

-- Of these the ones whose reads are shown no more, as source and state in one word: a page compares its few reads with few words.
CREATE OR REPLACE FUNCTION store.closed_places(p_at timestamptz) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT ARRAY(SELECT e.source_id::text || e.state FROM store.ended_authorities(p_at) e WHERE e.policy <> 'keep')
$function$;
