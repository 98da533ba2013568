-- A row for each change in the lake.
INSERT INTO public_cps_za_dlchange
    (event_id, tenant_id, source_app, source_app_version, environment, timestamp_event, country, catalog_id,
     operation, location, format, format_options, additional_info)
SELECT
    event ->> 'event_id',
    event ->> 'tenant_id',
    event ->> 'source_app',
    event ->> 'source_app_version',
    event ->> 'environment',
    trim_scale((event ->> 'timestamp_event')::numeric)::text::bigint,
    coalesce(event ->> 'country', ''),
    event ->> 'catalog_id',
    event ->> 'operation',
    event ->> 'location',
    event ->> 'format',
    nullif(event -> 'format_options', 'null'),
    nullif(event -> 'additional_info', 'null')
FROM jsonb_array_elements($1) AS events (event)
