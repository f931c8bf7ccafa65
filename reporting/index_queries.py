"""What the index lists: nights, submissions, communes that owe a return, unreadable files."""

from __future__ import annotations

from datetime import date

from reporting.queries import Row, rows
from warehouse.database import Connection

NIGHTS = """
    with seen as (
        select
            f.run_id,
            count(*) as files,
            count(*) filter (where f.state = 'unreadable') as unreadable
        from audit.file_outcome as f
        group by f.run_id
    ),

    happened as (
        select
            e.run_id,
            max(e.event_id) as last_event,
            count(*) filter (where e.event_type = 'accepted') as accepted,
            count(*) filter (where e.event_type = 'returned') as returned,
            count(*) filter (where e.event_type = 'superseded') as superseded,
            count(*) filter (where e.event_type = 'withdrawn') as withdrawn,
            count(*) filter (where e.event_type = 'duplicate') as duplicates
        from audit.submission_event as e
        group by e.run_id
    ),

    published as (
        select
            p.run_id,
            max(p.publication_id) as publication_id
        from audit.publication as p
        group by p.run_id
    )

    select
        r.run_id,
        r.kind,
        r.started_at,
        r.ended_at,
        r.outcome,
        r.code_version,
        coalesce(s.files, 0) as files,
        coalesce(s.unreadable, 0) as unreadable,
        coalesce(h.last_event, 0) as last_event,
        coalesce(h.accepted, 0) as accepted,
        coalesce(h.returned, 0) as returned,
        coalesce(h.superseded, 0) as superseded,
        coalesce(h.withdrawn, 0) as withdrawn,
        coalesce(h.duplicates, 0) as duplicates,
        p.publication_id
    from audit.run as r
    left join seen as s using (run_id)
    left join happened as h using (run_id)
    left join published as p using (run_id)
    where
        s.run_id is not null
        or h.run_id is not null
        or p.run_id is not null
        or r.outcome = 'failed'
    order by r.started_at desc, r.run_id
"""

SUBMISSIONS = """
    with units as (
        select u.* from reference.unit as u
        where u.load_id = (select max(l.load_id) from reference.load as l where l.table_name = 'unit')
    ),

    events as (
        select
            e.submission_id,
            max(e.event_id) as last_event
        from audit.submission_event as e
        where e.submission_id is not null
        group by e.submission_id
    ),

    batches as (
        select
            b.submission_id,
            count(*) as rounds
        from audit.validation_batch as b
        group by b.submission_id
    )

    select
        s.submission_id,
        s.sha256,
        s.form_code,
        s.form_version,
        s.commune_code,
        s.period_key,
        s.result_stage,
        s.version,
        s.received_at,
        s.recorded_at,
        s.state,
        s.accepted_at,
        s.superseded_at,
        s.file_name,
        i.period_end_date,
        (f.submission_id is not null) as is_in_force,
        coalesce(e.last_event, 0) as last_event,
        coalesce(b.rounds, 0) as rounds,
        c.name_vi as commune_name,
        c.district_code,
        d.name_vi as district_name
    from audit.submission as s
    inner join intake.submission as i using (submission_id)
    left join audit.submission_in_force as f using (submission_id)
    left join events as e using (submission_id)
    left join batches as b using (submission_id)
    left join lateral (
        select u.name_vi, u.district_code
        from units as u
        where u.unit_level = 'commune' and u.code = s.commune_code
        order by (u.valid_from <= i.period_end_date and (u.valid_to is null or i.period_end_date <= u.valid_to)) desc, u.valid_from desc
        limit 1
    ) as c on true
    left join lateral (
        select u.name_vi
        from units as u
        where u.unit_level = 'district' and u.code = c.district_code
        order by u.valid_from desc
        limit 1
    ) as d on true
    order by s.period_key collate "C" desc, s.form_code collate "C", s.commune_code collate "C", s.version
"""

EXPECTED = """
    select distinct on (u.code)
        u.code as commune_code,
        u.name_vi as commune_name,
        d.name_vi as district_name
    from reference.unit as u
    left join lateral (
        select x.name_vi from reference.unit as x
        where x.load_id = u.load_id and x.unit_level = 'district' and x.code = u.district_code
        order by x.valid_from desc
        limit 1
    ) as d on true
    where
        u.load_id = (select max(l.load_id) from reference.load as l where l.table_name = 'unit')
        and u.unit_level = 'commune'
        and u.is_long_an
        and u.valid_from <= %(day)s
        and (u.valid_to is null or u.valid_to >= %(day)s)
    order by u.code, u.footprint_from desc
"""

UNREADABLE = """
    select
        r.sha256,
        r.file_name,
        r.size_bytes,
        r.received_at,
        r.recorded_at,
        r.reason_code,
        coalesce((select max(e.event_id) from audit.submission_event as e where e.sha256 = r.sha256), 0) as last_event
    from audit.received_file as r
    where r.state = 'unreadable'
    order by r.received_at desc, r.file_name collate "C", r.sha256
"""


def nights(conn: Connection) -> list[Row]:
    return rows(conn, NIGHTS)


def submissions(conn: Connection) -> list[Row]:
    return rows(conn, SUBMISSIONS)


def expected_communes(conn: Connection, day: date) -> list[Row]:
    """Communes of the Long An footprint in force on a day."""
    return rows(conn, EXPECTED, {"day": day})


def unreadable_files(conn: Connection) -> list[Row]:
    return rows(conn, UNREADABLE)
