-- The three schemas that Alembic owns. Everything after them (blue_*, green_*, asof_*) is dbt's; marts and
-- marts_restricted hold views over the colour in force and are written by the publication switch.
create schema reference;
create schema intake;
create schema audit;
create schema marts;
create schema marts_restricted;

-- ---------------------------------------------------------------- audit: what happened
create table audit.setting (
    name text primary key,
    value text not null
);
comment on table audit.setting is 'Facts about this warehouse, written once by init: kind (real or synthetic).';

create table audit.run (
    run_id uuid primary key,
    kind text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text check (outcome in ('success', 'failed', 'abandoned', 'nothing_new')),
    code_version text not null,
    airflow_run_id text,
    parameters jsonb not null default '{}',
    error text
);

create table audit.arrival (
    path text not null,
    size_bytes bigint not null,
    mtime timestamptz not null,
    sha256 text not null,
    run_id uuid not null references audit.run,
    recorded_at timestamptz not null,
    primary key (path, size_bytes, mtime, sha256)
);
comment on table audit.arrival is 'One row a file seen in the inbox, as it was seen. A file seen is not read again.';

create table audit.received_file (
    sha256 text primary key,
    file_name text not null,
    size_bytes bigint not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    state text not null check (state in ('read', 'unreadable')),
    reason_code text,
    inspection text not null default 'inspected' check (inspection in ('inspected', 'not inspected'))
);
comment on table audit.received_file is 'One row a file that ever came, unreadable ones too. The bytes are in the archive.';

create table audit.file_outcome (
    run_id uuid not null references audit.run,
    sha256 text,
    path text not null,
    file_name text not null,
    state text not null,
    rows_read bigint not null,
    rows_refused bigint not null,
    reason_code text,
    seconds numeric(12, 3) not null,
    recorded_at timestamptz not null,
    primary key (run_id, path)
);

create table audit.submission_event (
    event_id bigint primary key,
    submission_id uuid,
    sha256 text,
    run_id uuid not null references audit.run,
    event_type text not null,
    event_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text not null,
    payload jsonb not null default '{}',
    prev_hash text not null,
    hash text not null unique
);
create index on audit.submission_event (submission_id, event_id);
create index on audit.submission_event (sha256);
comment on table audit.submission_event is
'Append-only and hash-chained. hash = sha256(prev_hash + canonical JSON of the row). submission_id is null for a file''s event.';

create table audit.validation_batch (
    run_id uuid not null references audit.run,
    submission_id uuid not null,
    round integer not null,
    primary key (run_id, submission_id)
);

create table audit.rule (
    rule_code text not null,
    rule_version integer not null,
    severity text not null check (severity in ('error', 'warning', 'info')),
    owner text not null,
    sheet text not null,
    text_vi text not null,
    text_en text not null,
    resolve_vi text not null,
    resolve_en text not null,
    basis text not null,
    valid_from date not null,
    valid_to date,
    definition_hash text not null,
    recorded_at timestamptz not null,
    primary key (rule_code, rule_version)
);
comment on table audit.rule is 'The text of every rule version that ever judged a file. Reader findings stand here too.';

create table audit.validation_run (
    run_id uuid not null references audit.run,
    round integer not null,
    kind text not null check (kind in ('accept', 'recheck')),
    rule_set_version text not null,
    reference_version text not null,
    gx_version text not null,
    submissions integer not null,
    seconds numeric(12, 3) not null,
    recorded_at timestamptz not null,
    primary key (run_id, round)
);

create table audit.validation_result (
    run_id uuid not null references audit.run,
    submission_id uuid not null,
    rule_code text not null,
    rule_version integer not null,
    severity text not null,
    rows_tested bigint not null,
    rows_failed bigint not null,
    passed boolean not null,
    primary key (run_id, submission_id, rule_code)
);
create index on audit.validation_result (submission_id);

create table audit.failing_row (
    run_id uuid not null references audit.run,
    sha256 text not null,
    submission_id uuid,
    origin text not null check (origin in ('reader', 'rule')),
    rule_code text not null,
    severity text not null,
    sheet text,
    row_number integer,
    column_label text,
    cell text,
    value_masked text,
    reason_vi text not null,
    reason_en text not null
);
create index on audit.failing_row (submission_id);
create index on audit.failing_row (run_id, origin);
create index on audit.failing_row (sha256);
comment on table audit.failing_row is
'Append-only. One row a failing row and rule (rules), or a finding and cell (reader). sheet is the contract name; row_number and cell are those that Excel shows.';

create table audit.cell_repair (
    submission_id uuid not null,
    sheet text not null,
    cell text not null,
    before_masked text,
    after_masked text,
    repair_code text not null
);
create index on audit.cell_repair (submission_id);

create table audit.column_map (
    submission_id uuid not null,
    sheet text not null,
    field text not null,
    column_letter text not null,
    primary key (submission_id, sheet, field)
);
comment on table audit.column_map is
'Where each field stood in the file: value in intake.<sheet>.<field>, row row_number <-> cell <column_letter><row_number>. On the cover the letter carries its row (C7).';

create table audit.node_result (
    run_id uuid not null references audit.run,
    node text not null,
    resource_type text not null,
    status text not null,
    rows bigint,
    seconds numeric(12, 3) not null,
    message text,
    recorded_at timestamptz not null,
    primary key (run_id, node)
);

create table audit.build (
    build_id uuid primary key,
    run_id uuid not null references audit.run,
    build_schema text not null,
    knowledge_at timestamptz not null,
    today date not null,
    input_fingerprint text not null,
    code_version text not null,
    rule_set_version text not null,
    reference_version text not null,
    mart_hashes jsonb,
    state text not null check (state in ('building', 'built', 'checked', 'failed', 'published', 'replaced')),
    recorded_at timestamptz not null
);
comment on table audit.build is 'One row a dbt build: which colour, known at what moment, from what inputs. The newest row of a colour describes what stands in it.';

create table audit.publication (
    publication_id bigint primary key,
    run_id uuid not null references audit.run,
    published_at timestamptz not null,
    knowledge_at timestamptz not null,
    today date not null,
    build_schema text not null,
    build_id uuid not null,
    input_fingerprint text not null,
    code_version text not null,
    rule_set_version text not null,
    reference_version text not null,
    mart_hashes jsonb not null,
    is_rollback boolean not null default false,
    accept_reason text,
    prev_hash text not null,
    hash text not null unique
);

create table audit.gate_result (
    run_id uuid not null references audit.run,
    build_id uuid not null,
    check_code text not null,
    passed boolean not null,
    rows_failed bigint not null,
    detail_vi text not null,
    detail_en text not null,
    accepted_reason text,
    recorded_at timestamptz not null,
    primary key (run_id, build_id, check_code)
);

-- ---------------------------------------------------------------- reference: append-only versions
create table reference.load (
    load_id bigint primary key,
    table_name text not null,
    content_hash text not null,
    row_count integer not null,
    run_id uuid not null references audit.run,
    recorded_at timestamptz not null
);
comment on table reference.load is
'One row a version of a reference table. The version known at a moment is the newest load of the table recorded by then.';

create table reference.unit (
    load_id bigint not null references reference.load,
    code text not null,
    unit_level text not null check (unit_level in ('province', 'district', 'commune')),
    name_vi text not null,
    unit_type text not null,
    area_type text check (area_type in ('rural', 'urban')),
    district_code text,
    province_code text,
    valid_from date not null,
    valid_to date,
    footprint_from date not null,
    is_long_an boolean not null,
    legal_basis text,
    note text,
    primary key (load_id, unit_level, code, valid_from, footprint_from)
);

create table reference.succession (
    load_id bigint not null references reference.load,
    predecessor_code text not null,
    successor_code text not null,
    effective_date date not null,
    kind text not null,
    extent text not null check (extent in ('whole', 'part')),
    population_moved bigint,
    predecessor_name text not null,
    successor_name text not null,
    legal_basis text not null,
    note text,
    primary key (load_id, predecessor_code, successor_code, effective_date)
);

create table reference.standard (
    load_id bigint not null references reference.load,
    standard_version text not null,
    area_type text not null check (area_type in ('rural', 'urban')),
    review_year_from integer not null,
    review_year_to integer,
    valid_from date not null,
    valid_to date,
    income_line_vnd bigint not null,
    score_b1_line integer,
    score_b2_line integer,
    average_income_line_vnd bigint,
    average_score_b1_line integer,
    is_provisional boolean not null,
    legal_basis text not null,
    note text,
    primary key (load_id, standard_version, area_type)
);

comment on column reference.standard.review_year_from is
'First review classified by this standard: the review of 2021 already used the standard of 2022-2026.';

create table reference.standard_indicator (
    load_id bigint not null references reference.load,
    standard_version text not null,
    position integer not null,
    field text not null,
    dimension_vi text not null,
    indicator_vi text not null,
    primary key (load_id, standard_version, position)
);

create table reference.target (
    load_id bigint not null references reference.load,
    goal_code text not null,
    target_version text not null,
    readings text not null,
    value numeric(18, 6) not null,
    unit text not null,
    baseline_year integer,
    target_year integer not null,
    standard_version text,
    lead_agency text,
    document_number text,
    document_date date,
    is_assumed boolean not null,
    note_vi text,
    valid_from date not null,
    valid_to date,
    primary key (load_id, goal_code, target_version)
);

create table reference.programme (
    load_id bigint not null references reference.load,
    programme_code text not null,
    name_vi text not null,
    borrower_class text,
    counts_for_loan_goal boolean not null,
    valid_from date not null,
    valid_to date,
    primary key (load_id, programme_code, valid_from)
);

create table reference.retirement_age (
    load_id bigint not null references reference.load,
    year integer not null,
    male_years integer not null,
    male_months integer not null,
    female_years integer not null,
    female_months integer not null,
    primary key (load_id, year)
);

create table reference.calendar (
    load_id bigint not null references reference.load,
    form_code text not null,
    period_type text not null check (period_type in ('year', 'half_year', 'quarter', 'month')),
    result_stage text not null check (result_stage in ('provisional', 'final')),
    due_month_day text,
    due_days_after_end integer,
    is_optional boolean not null,
    collection_start text not null,
    valid_from date not null,
    valid_to date,
    is_assumed boolean not null,
    note text,
    primary key (load_id, form_code, period_type, result_stage, valid_from)
);
comment on column reference.calendar.due_month_day is 'MM-DD of the period''s own year; where null, due_days_after_end days after the period''s last day.';
comment on column reference.calendar.collection_start is 'First period asked for (period key). An earlier one is returned: BEFORE-START.';

create table reference.officer_area (
    load_id bigint not null references reference.load,
    login text not null,
    area_code text not null,
    valid_from date not null,
    valid_to date,
    primary key (load_id, login, area_code, valid_from)
);
comment on column reference.officer_area.area_code is 'A commune or district code: the officer sees the household rows of these communes.';

create table reference.ethnicity (
    load_id bigint not null references reference.load,
    name_vi text not null,
    is_minority boolean not null,
    primary key (load_id, name_vi)
);

create table reference.citizen_id_province (
    load_id bigint not null references reference.load,
    code text not null,
    name_vi text not null,
    primary key (load_id, code)
);

create table reference.published_figure (
    load_id bigint not null references reference.load,
    area text not null,
    period_end date not null,
    standard text,
    total_households bigint,
    poor_households bigint,
    poor_rate_pct numeric(9, 6),
    near_poor_households bigint,
    near_poor_rate_pct numeric(9, 6),
    source text not null,
    note text,
    primary key (load_id, area, period_end)
);

-- ---------------------------------------------------------------- intake: typed rows of what came
create table intake.submission (
    submission_id uuid primary key,
    sha256 text not null references audit.received_file,
    form_code text not null,
    form_version text not null,
    commune_code text not null,
    commune_valid_from date,
    commune_footprint_from date,
    period_key text not null,
    period_type text not null,
    period_start_date date not null,
    period_end_date date not null,
    result_stage text check (result_stage in ('provisional', 'final')),
    version integer not null,
    file_name text not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    unique (form_code, commune_code, period_key, version)
);
comment on table intake.submission is
'One row a submission (form, commune, period, version): what it is, never what became of it. Its state is derived from audit.submission_event. commune_valid_from is null for a commune not in force at the period''s end.';

create table intake.sheet (
    submission_id uuid not null references intake.submission,
    sheet text not null,
    title text not null,
    header_row integer,
    rows_read bigint not null,
    rows_refused bigint not null,
    rows_skipped jsonb not null default '{}',
    primary key (submission_id, sheet)
);
comment on column intake.sheet.rows_skipped is 'Rows that are not data, by kind (numbering, heading, total, blank, signature): each row of the sheet is either data or counted here.';

-- ---------------------------------------------------------------- derived: state and what is in force
create view audit.submission as
select
    s.submission_id,
    s.sha256,
    s.form_code,
    s.form_version,
    s.commune_code,
    s.commune_valid_from,
    s.period_key,
    s.result_stage,
    s.version,
    s.received_at,
    s.recorded_at,
    last_event.event_type as state,
    accepted.recorded_at as accepted_at,
    superseded.recorded_at as superseded_at,
    s.file_name
from intake.submission as s
inner join lateral (
    select e.event_type
    from audit.submission_event as e
    where
        e.submission_id = s.submission_id
        and e.event_type in ('received', 'validated', 'returned', 'held', 'accepted', 'superseded', 'withdrawn')
    order by e.event_id desc
    limit 1
) as last_event on true
left join lateral (
    select min(e.recorded_at) as recorded_at
    from audit.submission_event as e
    where e.submission_id = s.submission_id and e.event_type = 'accepted'
) as accepted on true
left join lateral (
    select max(e.recorded_at) as recorded_at
    from audit.submission_event as e
    where e.submission_id = s.submission_id and e.event_type = 'superseded'
) as superseded on true;
comment on view audit.submission is 'Submissions with the state that their events give.';

create view audit.submission_in_force as
select distinct on (form_code, commune_code, period_key)
    submission_id,
    sha256,
    form_code,
    form_version,
    commune_code,
    commune_valid_from,
    period_key,
    result_stage,
    version,
    accepted_at
from audit.submission
where state = 'accepted'
order by form_code asc, commune_code asc, period_key asc, (result_stage = 'final') desc, version desc;
comment on view audit.submission_in_force is
'For (form, commune, period) the newest accepted final result, else the newest accepted provisional one.';

-- ---------------------------------------------------------------- functions
create function audit.mask(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(value, '(\S)\S*', '\1***', 'g');
comment on function audit.mask is 'A personal value as it may leave intake: the first character of each word. warehouse.masking does the same.';

create function audit.findings_digest(p_run_id uuid, p_origin text, p_sha256 text, p_round integer)
returns table (row_count bigint, digest text)
language sql stable
as $$
    select
        count(*),
        encode(sha256(convert_to(coalesce(string_agg(f.failing_row, E'\n' order by f.failing_row collate "C"), ''), 'UTF8')), 'hex')
    from (
        select r::text as failing_row
        from audit.failing_row as r
        where p_sha256 is not null and r.sha256 = p_sha256 and r.run_id = p_run_id and r.origin = p_origin
        union all
        select r::text
        from audit.failing_row as r
        where p_sha256 is null and r.run_id = p_run_id and r.origin = p_origin
            and exists (
                select 1 from audit.validation_batch as b
                where b.run_id = r.run_id and b.submission_id = r.submission_id and b.round = p_round
            )
    ) as f
$$;
comment on function audit.findings_digest is
'Ordered digest of failing rows: of one file (origin reader, by sha256) or of one round (origin rule). An event keeps it; verify computes it again.';
