-- A row for each test event.
INSERT INTO public_cps_za_test (event_id, tenant_id, source_app, environment, timestamp_event, additional_info)
SELECT
    event ->> 'event_id',
    event ->> 'tenant_id',
    event ->> 'source_app',
    event ->> 'environment',
    trim_scale((event ->> 'timestamp')::numeric)::text::bigint,
    nullif(event -> 'additional_info', 'null')
FROM jsonb_array_elements($1) AS events (event)
