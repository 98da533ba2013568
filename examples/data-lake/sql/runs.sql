-- A row for each run. Times are whole milliseconds: trim_scale lets 5.0 pass for 5, and 5.5 is refused, not rounded.
INSERT INTO public_cps_za_runs
    (event_id, job_ref, tenant_id, source_app, source_app_version, environment, timestamp_start, timestamp_end)
SELECT
    event ->> 'event_id',
    event ->> 'job_ref',
    event ->> 'tenant_id',
    event ->> 'source_app',
    event ->> 'source_app_version',
    event ->> 'environment',
    trim_scale((event ->> 'timestamp_start')::numeric)::text::bigint,
    trim_scale((event ->> 'timestamp_end')::numeric)::text::bigint
FROM jsonb_array_elements($1) AS events (event)
