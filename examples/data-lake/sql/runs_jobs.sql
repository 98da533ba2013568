-- A row for each job of each run, in their order.
INSERT INTO public_cps_za_runs_jobs
    (event_id, country, catalog_id, status, timestamp_start, timestamp_end, message, additional_info)
SELECT
    event ->> 'event_id',
    coalesce(job ->> 'country', ''),
    job ->> 'catalog_id',
    job ->> 'status',
    trim_scale((job ->> 'timestamp_start')::numeric)::text::bigint,
    trim_scale((job ->> 'timestamp_end')::numeric)::text::bigint,
    job ->> 'message',
    nullif(job -> 'additional_info', 'null')
FROM jsonb_array_elements($1) WITH ORDINALITY AS events (event, event_number)
CROSS JOIN jsonb_array_elements(event -> 'jobs') WITH ORDINALITY AS jobs (job, job_number)
ORDER BY event_number, job_number
