-- The tables of the data lake, for PostgreSQL 13 and later. Run once, as the owner of the schema; harmless to repeat.
-- `eventgate db migrate` makes the gate's own tables, of which status_change.sql uses eventgate_merge.

CREATE TABLE IF NOT EXISTS public_cps_za_runs (
    event_id text PRIMARY KEY,
    job_ref text NOT NULL,
    tenant_id text NOT NULL,
    source_app text NOT NULL,
    source_app_version text NOT NULL,
    environment text NOT NULL,
    timestamp_start bigint NOT NULL,
    timestamp_end bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS public_cps_za_runs_jobs (
    internal_id bigserial PRIMARY KEY,
    event_id text NOT NULL REFERENCES public_cps_za_runs (event_id),
    country text NOT NULL DEFAULT '',
    catalog_id text NOT NULL,
    status text NOT NULL,
    timestamp_start bigint NOT NULL,
    timestamp_end bigint NOT NULL,
    message text,
    additional_info jsonb
);

CREATE INDEX IF NOT EXISTS public_cps_za_runs_jobs_by_event ON public_cps_za_runs_jobs (event_id);

CREATE TABLE IF NOT EXISTS public_cps_za_dlchange (
    event_id text PRIMARY KEY,
    tenant_id text NOT NULL,
    source_app text NOT NULL,
    source_app_version text NOT NULL,
    environment text NOT NULL,
    timestamp_event bigint NOT NULL,
    country text NOT NULL DEFAULT '',
    catalog_id text NOT NULL,
    operation text NOT NULL,
    location text,
    format text NOT NULL,
    format_options jsonb,
    additional_info jsonb
);

CREATE TABLE IF NOT EXISTS public_cps_za_test (
    event_id text PRIMARY KEY,
    tenant_id text NOT NULL,
    source_app text NOT NULL,
    environment text NOT NULL,
    timestamp_event bigint NOT NULL,
    additional_info jsonb
);

CREATE TABLE IF NOT EXISTS public_cps_za_status_change_aggregated_job (
    job_id uuid PRIMARY KEY,
    job_group_id uuid,
    parent_job_id uuid,
    initial_job_id uuid,
    job_ref text,
    job_name text,
    definition_id text,
    definition_version text,
    tenant_id text,
    country text,
    source_app text,
    source_app_version text,
    environment text NOT NULL DEFAULT '',
    platform text,
    platform_metadata jsonb,
    input_arguments jsonb,
    additional_context jsonb,
    attempt_number integer NOT NULL DEFAULT 1 CHECK (attempt_number > 0),
    status_type text NOT NULL,
    status_subtype text,
    status_detail text,
    created_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    last_updated_at timestamptz NOT NULL
);
