-- One row for each job, merged from its events in whatever order, number and grouping they arrive.
--
-- A fact is what an event says of one thing: a column, a member of additional_context, or the status as a whole. It is
-- written as [time in ms, finality, event id, value], and arrays compare from the left, so of two facts about the same
-- thing the greater one is the later one; at the same time the more final state wins, then the greater event id.
-- eventgate_merge keeps the greatest fact about each thing. Taking the greatest does not depend on order, grouping or
-- repetition, so neither does the row that is made from them. Its lock is what two gates wait for.
WITH event AS (
    SELECT
        (body ->> 'job_id')::uuid::text AS job,
        body,
        body ->> 'event_type' AS kind,
        jsonb_build_array(
            trim_scale((body ->> 'timestamp_event')::numeric)::text::bigint,
            CASE body ->> 'status_type' WHEN 'WAITING' THEN 0 WHEN 'RUNNING' THEN 1 ELSE 2 END,
            body ->> 'event_id'
        ) AS stamp
    FROM jsonb_array_elements($1) AS events (body)
),
said AS (
    SELECT job, 'status' AS thing, stamp, jsonb_build_array(
        body -> 'status_type', body -> 'status_subtype', body -> 'status_detail') AS value
    FROM event
    UNION ALL
    SELECT job, 'column ' || name, stamp, body -> name
    FROM event, unnest(ARRAY[
        'job_group_id', 'parent_job_id', 'initial_job_id', 'job_ref', 'job_name', 'definition_id', 'definition_version',
        'tenant_id', 'country', 'source_app', 'source_app_version', 'environment', 'platform', 'platform_metadata',
        'input_arguments', 'attempt_number']) AS columns (name)
    WHERE coalesce(body -> name, 'null') NOT IN ('null', '""')
      AND NOT (name = 'attempt_number' AND body -> name = '1')
    UNION ALL
    SELECT job, 'context ' || member.key, stamp, member.value
    FROM event, jsonb_each(CASE jsonb_typeof(body -> 'additional_context')
        WHEN 'object' THEN body -> 'additional_context' END) AS member
    UNION ALL
    SELECT job, 'context', stamp, 'true' FROM event WHERE jsonb_typeof(body -> 'additional_context') = 'object'
    UNION ALL
    SELECT job, 'time created_at', stamp, stamp -> 0
    FROM event WHERE kind IN ('JobCreatedEvent', 'JobCreatedAndStartedEvent')
    UNION ALL
    SELECT job, 'time started_at', stamp, stamp -> 0
    FROM event WHERE kind IN ('JobStartedEvent', 'JobCreatedAndStartedEvent')
    UNION ALL
    SELECT job, 'time finished_at', stamp, stamp -> 0 FROM event WHERE kind = 'JobFinishedEvent'
),
known AS ( -- rows from before there were facts: all that they hold is as old as they are
    SELECT
        past.job_id::text AS job,
        to_jsonb(past) AS body,
        jsonb_build_array(round(extract(epoch FROM past.last_updated_at) * 1000)::bigint, -1, '') AS stamp,
        past.created_at, past.started_at, past.finished_at
    FROM public_cps_za_status_change_aggregated_job AS past
    WHERE past.job_id IN (SELECT job::uuid FROM event)
      AND NOT EXISTS (SELECT FROM eventgate_merge AS merge
                      WHERE merge.topic = 'public.cps.za.status_change' AND merge.key = past.job_id::text)
),
recalled AS (
    SELECT job, 'status' AS thing, stamp, jsonb_build_array(
        body -> 'status_type', body -> 'status_subtype', body -> 'status_detail') AS value
    FROM known
    UNION ALL
    SELECT job, 'column ' || name, stamp, body -> name
    FROM known, unnest(ARRAY[
        'job_group_id', 'parent_job_id', 'initial_job_id', 'job_ref', 'job_name', 'definition_id', 'definition_version',
        'tenant_id', 'country', 'source_app', 'source_app_version', 'environment', 'platform', 'platform_metadata',
        'input_arguments', 'attempt_number']) AS columns (name)
    WHERE coalesce(body -> name, 'null') NOT IN ('null', '""')
      AND NOT (name = 'attempt_number' AND body -> name = '1')
    UNION ALL
    SELECT job, 'context ' || member.key, stamp, member.value
    FROM known, jsonb_each(CASE jsonb_typeof(body -> 'additional_context')
        WHEN 'object' THEN body -> 'additional_context' END) AS member
    UNION ALL
    SELECT job, 'context', stamp, 'true' FROM known WHERE jsonb_typeof(body -> 'additional_context') = 'object'
    UNION ALL
    SELECT job, 'time ' || name, stamp, to_jsonb(round(extract(epoch FROM at) * 1000)::bigint)
    FROM known, LATERAL (VALUES ('created_at', created_at), ('started_at', started_at), ('finished_at', finished_at))
        AS times (name, at)
    WHERE at IS NOT NULL
),
fact AS (
    SELECT DISTINCT ON (job, thing) job, thing, stamp || jsonb_build_array(value) AS fact
    FROM (SELECT * FROM said UNION ALL SELECT * FROM recalled) AS facts
    ORDER BY job, thing, stamp || jsonb_build_array(value) DESC
),
merged AS (
    INSERT INTO eventgate_merge AS kept (topic, key, state)
    SELECT 'public.cps.za.status_change', job, jsonb_object_agg(thing, fact) FROM fact GROUP BY job ORDER BY job
    ON CONFLICT (topic, key) DO UPDATE SET state = (
        SELECT jsonb_object_agg(thing, fact)
        FROM (
            SELECT DISTINCT ON (thing) thing, fact
            FROM (
                SELECT * FROM jsonb_each(kept.state) AS before (thing, fact)
                UNION ALL
                SELECT * FROM jsonb_each(EXCLUDED.state) AS now (thing, fact)
            ) AS either
            ORDER BY thing, fact DESC
        ) AS greatest
    )
    RETURNING key AS job, state
)
INSERT INTO public_cps_za_status_change_aggregated_job AS target
    (job_id, job_group_id, parent_job_id, initial_job_id, job_ref, job_name, definition_id, definition_version,
     tenant_id, country, source_app, source_app_version, environment, platform, platform_metadata, input_arguments,
     additional_context, attempt_number, status_type, status_subtype, status_detail, created_at, started_at,
     finished_at, last_updated_at)
SELECT
    job::uuid,
    (state #>> '{column job_group_id,3}')::uuid,
    (state #>> '{column parent_job_id,3}')::uuid,
    (state #>> '{column initial_job_id,3}')::uuid,
    state #>> '{column job_ref,3}',
    state #>> '{column job_name,3}',
    state #>> '{column definition_id,3}',
    state #>> '{column definition_version,3}',
    state #>> '{column tenant_id,3}',
    state #>> '{column country,3}',
    state #>> '{column source_app,3}',
    state #>> '{column source_app_version,3}',
    coalesce(state #>> '{column environment,3}', ''),
    state #>> '{column platform,3}',
    state #> '{column platform_metadata,3}',
    state #> '{column input_arguments,3}',
    CASE WHEN state ? 'context' THEN coalesce((
        SELECT jsonb_object_agg(substr(thing, length('context ') + 1), fact -> 3)
        FROM jsonb_each(state) AS facts (thing, fact) WHERE thing LIKE 'context %'), '{}') END,
    coalesce(trim_scale((state #>> '{column attempt_number,3}')::numeric)::text::integer, 1),
    state #>> '{status,3,0}',
    state #>> '{status,3,1}',
    state #>> '{status,3,2}',
    timestamptz 'epoch' + (state #>> '{time created_at,3}')::bigint * interval '1 millisecond',
    timestamptz 'epoch' + (state #>> '{time started_at,3}')::bigint * interval '1 millisecond',
    timestamptz 'epoch' + (state #>> '{time finished_at,3}')::bigint * interval '1 millisecond',
    timestamptz 'epoch' + (state #>> '{status,0}')::bigint * interval '1 millisecond'
FROM merged
ORDER BY job
ON CONFLICT (job_id) DO UPDATE SET
    job_group_id = EXCLUDED.job_group_id,
    parent_job_id = EXCLUDED.parent_job_id,
    initial_job_id = EXCLUDED.initial_job_id,
    job_ref = EXCLUDED.job_ref,
    job_name = EXCLUDED.job_name,
    definition_id = EXCLUDED.definition_id,
    definition_version = EXCLUDED.definition_version,
    tenant_id = EXCLUDED.tenant_id,
    country = EXCLUDED.country,
    source_app = EXCLUDED.source_app,
    source_app_version = EXCLUDED.source_app_version,
    environment = EXCLUDED.environment,
    platform = EXCLUDED.platform,
    platform_metadata = EXCLUDED.platform_metadata,
    input_arguments = EXCLUDED.input_arguments,
    additional_context = EXCLUDED.additional_context,
    attempt_number = EXCLUDED.attempt_number,
    status_type = EXCLUDED.status_type,
    status_subtype = EXCLUDED.status_subtype,
    status_detail = EXCLUDED.status_detail,
    created_at = EXCLUDED.created_at,
    started_at = EXCLUDED.started_at,
    finished_at = EXCLUDED.finished_at,
    last_updated_at = EXCLUDED.last_updated_at
