"""What `warehouse status` asks the database. Reads audit tables and one published mart, never a household's row."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from operations.nightly import story_of
from operations.status_facts import Arrivals, Build, Chain, Night, Nights, Period, Publication, Unreadable
from operations.status_findings import Limits
from warehouse.clock import LOCAL, local_date
from warehouse.database import Connection
from warehouse.events import EVENT_FIELDS, chain_hash

# Errors whose text is written by us and holds no value of a row. Of any other only the step and the kind are told.
OWN_ERRORS = ("NightFailed", "PublishRefused", "WriterBusy", "DatabaseError", "ServerError", "ClockError", "InboxError")
LONGEST_ERROR = 160


def nights(conn: Connection, now: datetime, limits: Limits) -> Nights:
    """The last nights, and those that should have begun by ``now`` and did not."""
    begun = [
        row[0]
        for row in conn.execute(
            "select started_at from audit.run where kind = 'nightly' and started_at > %s order by started_at",
            (now - timedelta(days=limits.night_look_back_days + 2),),
        )
    ]
    last = _night(conn, "true")
    born = _one(conn, "select min(recorded_at) from reference.load")
    due = last_due(now, limits)
    missed = []
    early = timedelta(minutes=limits.night_early_minutes)
    for back in range(limits.night_look_back_days):
        moment = due - timedelta(days=back)
        if born is None or moment < born:
            break
        if not any(moment - early <= start < moment - early + timedelta(days=1) for start in begun):
            missed.append(moment.date())
    return Nights(last, _night(conn, "ended_at is not null"), due, tuple(missed), last.started_at if last else born)


def last_due(now: datetime, limits: Limits) -> datetime:
    """The newest moment, in Viet Nam, at which a night was due and whose grace has passed."""
    latest = now.astimezone(LOCAL) - timedelta(minutes=limits.night_grace_minutes)
    due = datetime.combine(latest.date(), limits.night_at, LOCAL)
    return due if due <= latest else due - timedelta(days=1)


def _night(conn: Connection, condition: str) -> Night | None:
    row = conn.execute(
        f"""
        select run_id, started_at, ended_at, outcome from audit.run
        where kind = 'nightly' and {condition} order by started_at desc, ended_at desc nulls first limit 1
        """
    ).fetchone()
    if row is None:
        return None
    run_id, started_at, ended_at, outcome = row
    story = story_of(conn, run_id)
    story["error"] = plain_error(story["error"])
    return Night(str(run_id), started_at, ended_at, outcome, **story)


def plain_error(error: str | None) -> str | None:
    """A run's error as it may be shown on a screen: one line, and no text that may quote a row.

    ``collect: DataError: invalid date "..."`` -> ``collect: DataError``.
    """
    if error is None:
        return None
    line = error.strip().splitlines()[0] if error.strip() else ""
    told = re.match(r"(\w+): (\w+): ", line)
    if told and told[2] not in OWN_ERRORS:
        return f"{told[1]}: {told[2]}"
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def publication(conn: Connection) -> Publication | None:
    """What the marts show, and the newer build in the other colour where they do not show it."""
    row = conn.execute(
        """
        select p.publication_id, p.published_at, p.knowledge_at, p.is_rollback, w.build_id, w.state, w.knowledge_at
        from audit.publication as p
        left join audit.build as b on p.build_id = b.build_id
        left join lateral (
            select n.build_id, n.state, n.knowledge_at
            from audit.build as n
            where
                n.build_schema <> p.build_schema
                and n.build_schema in ('blue', 'green')
                and (n.state in ('built', 'checked') and n.recorded_at >= b.recorded_at or n.state = 'published' and p.is_rollback)
            order by n.recorded_at desc
            limit 1
        ) as w on true
        order by p.publication_id desc
        limit 1
        """
    ).fetchone()
    if row is None:
        return None
    waiting = None if row[4] is None else Build(str(row[4]), row[5], row[6])
    return Publication(row[0], row[1], row[2], row[3], waiting)


def returns(conn: Connection, now: datetime) -> tuple[Period, ...]:
    """Per form and period past its due date, as published; what was not due yet when the mart was built is missing by now."""
    rows = conn.execute(
        """
        select
            form_code, period_key, due_date, count(*),
            count(*) filter (where state = 'accepted'), count(*) filter (where state = 'provisional'),
            count(*) filter (where state = 'returned'), count(*) filter (where state in ('missing', 'not_due')),
            count(*) filter (where state = 'accepted' and not is_on_time)
        from marts.submission_compliance
        where due_date < %s and not is_optional
        group by form_code, period_key, due_date
        order by due_date desc, form_code, period_key
        """,
        (local_date(now),),
    )
    return tuple(Period(*row) for row in rows)


def unreadable(conn: Connection, now: datetime, limits: Limits) -> tuple[Unreadable, ...]:
    """Unreadable files of the last days that no later file of the same place and name (whatever its ending) has replaced."""
    rows = conn.execute(
        r"""
        select r.sha256, r.reason_code, r.recorded_at
        from audit.received_file as r
        where
            r.state = 'unreadable' and r.recorded_at > %s
            and not exists (
                select 1
                from audit.file_outcome as o
                inner join audit.file_outcome as n
                    on regexp_replace(lower(n.path), '\.[^./]*$', '') = regexp_replace(lower(o.path), '\.[^./]*$', '')
                where
                    o.sha256 = r.sha256 and n.sha256 <> r.sha256 and n.recorded_at > o.recorded_at
                    and n.state in ('read', 'returned', 'duplicate', 'unreadable')
            )
        order by r.recorded_at desc, r.sha256
        """,
        (now - timedelta(days=limits.unreadable_days),),
    )
    return tuple(Unreadable(*row) for row in rows)


def arrivals(conn: Connection) -> Arrivals:
    row = conn.execute(
        """
        select greatest((select max(recorded_at) from audit.arrival), (select max(recorded_at) from audit.received_file)),
            (select min(recorded_at) from reference.load)
        """
    ).fetchone()
    assert row is not None
    return Arrivals(row[0], row[0] or row[1])


def chain(conn: Connection) -> Chain:
    """The newest event, and whether the chain still reaches to its end: what `audit verify` would say of the head alone."""
    cursor = conn.execute(f"select {', '.join(EVENT_FIELDS)}, prev_hash, hash from audit.submission_event order by event_id desc limit 1")
    row = cursor.fetchone()
    if row is None:
        return Chain(None, None, _is_cut(conn))
    *values, prev_hash, told = row
    head: dict[str, Any] = dict(zip(EVENT_FIELDS, values, strict=True))
    return Chain(head["event_id"], told, chain_hash(prev_hash, head) != told or _is_cut(conn))


def _is_cut(conn: Connection) -> bool:
    """True where a file, a submission or the newest publication stands without its event. One statement: one snapshot."""
    return bool(
        _one(
            conn,
            """
            select
                exists (
                    select 1 from audit.received_file as r
                    where not exists (select 1 from audit.submission_event as e where e.sha256 = r.sha256)
                )
                or exists (
                    select 1 from intake.submission as s
                    where not exists (select 1 from audit.submission_event as e where e.submission_id = s.submission_id)
                )
                or exists (
                    select 1 from audit.publication as p
                    where
                        p.publication_id = (select max(m.publication_id) from audit.publication as m)
                        and not exists (
                            select 1 from audit.submission_event as e where e.event_type = 'published' and e.payload ->> 'hash' = p.hash
                        )
                )
            """,
        )
    )


def _one(conn: Connection, statement: str) -> Any:
    row = conn.execute(statement).fetchone()
    return None if row is None else row[0]
