-- Waivers: approved exceptions to a rule for one return (form, commune, period). A waiver is its events: `waiver_added`, perhaps
-- `waiver_ended`; the view below reads them, so the chain of events covers every word of it. Its number is its first event's.
create index submission_event_waiver on audit.submission_event (event_id)
where event_type in ('waiver_added', 'waiver_ended', 'waiver_lapsed');

create view audit.waiver as
select
    a.event_id as waiver_id,
    a.payload ->> 'rule_code' as rule_code,
    a.payload ->> 'form_code' as form_code,
    a.payload ->> 'commune_code' as commune_code,
    a.payload ->> 'period_key' as period_key,
    a.payload ->> 'approver_name' as approver_name,
    a.payload ->> 'approver_title' as approver_title,
    a.payload ->> 'reason' as reason,
    (a.payload ->> 'expires_on')::date as expires_on,
    a.actor as recorded_by,
    a.recorded_at,
    e.recorded_at as ended_at,
    e.actor as ended_by,
    e.payload ->> 'reason' as end_reason,
    least(e.recorded_at, ((a.payload ->> 'expires_on')::date + 1)::timestamp at time zone 'Asia/Ho_Chi_Minh') as lapses_at
from audit.submission_event as a
left join audit.submission_event as e on e.event_type = 'waiver_ended' and (e.payload ->> 'waiver_id')::bigint = a.event_id
where a.event_type = 'waiver_added';
comment on view audit.waiver is
'One row a waiver ever recorded. In force at a moment m: recorded_at <= m and m < lapses_at. The approver is named as an officer in office.';
comment on column audit.waiver.waiver_id is 'Number of the event that recorded it.';
comment on column audit.waiver.expires_on is 'Last day in force, Asia/Ho_Chi_Minh.';
comment on column audit.waiver.lapses_at is 'Moment from which it is not in force: its end, else the midnight after expires_on.';

-- A waived finding is found and counted like any other; it names its waiver and does not return the file.
alter table audit.failing_row add column waiver_id bigint;
comment on column audit.failing_row.waiver_id is 'The waiver (audit.waiver) under which the row does not return the file; null where none is.';
create index failing_row_waiver on audit.failing_row (waiver_id) where waiver_id is not null;

alter table audit.validation_result add column waiver_id bigint;
comment on column audit.validation_result.waiver_id is 'The waiver that the failing rows were found under; null where there is none or nothing failed.';

alter table audit.validation_batch add column judged_at timestamptz;
comment on column audit.validation_batch.judged_at is 'Moment of the judgement: the waivers in force at it count.';

create view intake.batch_waiver as
select
    s.submission_id,
    w.waiver_id,
    w.rule_code,
    coalesce(intake.fold(c.prepared_by) = intake.fold(w.approver_name), false)
    and coalesce(intake.fold(c.preparer_title), '') = intake.fold(w.approver_title) as is_by_preparer
from intake.batch_submission as s
inner join audit.validation_batch as b
    on s.submission_id = b.submission_id and b.run_id = nullif(current_setting('warehouse.run_id', true), '')::uuid
inner join audit.waiver as w
    on
        s.form_code = w.form_code and s.commune_code = w.commune_code and s.period_key = w.period_key
        and b.judged_at >= w.recorded_at and b.judged_at < w.lapses_at
left join intake.cover as c on s.submission_id = c.submission_id;
comment on view intake.batch_waiver is
'Waivers in force for the submissions of tonight''s round. One whose approver prepared the return (name and title) is not applied.';

-- As before, with the waiver behind the row where there is one: digests of rows written before waivers stay what they were.
create function audit.failing_row_text(r audit.failing_row) returns text
language sql stable
return row(
    r.run_id, r.sha256, r.submission_id, r.origin, r.rule_code, r.severity, r.sheet, r.row_number, r.column_label, r.cell, r.value_masked,
    r.reason_vi, r.reason_en
)::text || coalesce(' waiver ' || r.waiver_id, '');

create or replace function audit.findings_digest(p_run_id uuid, p_origin text, p_sha256 text, p_round integer)
returns table (row_count bigint, digest text)
language sql stable
as $$
    select
        count(*),
        encode(sha256(convert_to(coalesce(string_agg(f.failing_row, E'\n' order by f.failing_row collate "C"), ''), 'UTF8')), 'hex')
    from (
        select audit.failing_row_text(r) as failing_row
        from audit.failing_row as r
        where p_sha256 is not null and r.sha256 = p_sha256 and r.run_id = p_run_id and r.origin = p_origin
        union all
        select audit.failing_row_text(r)
        from audit.failing_row as r
        where p_sha256 is null and r.run_id = p_run_id and r.origin = p_origin
            and exists (
                select 1 from audit.validation_batch as b
                where b.run_id = r.run_id and b.submission_id = r.submission_id and b.round = p_round
            )
    ) as f
$$;
