"""What a build depends on, in one hash: the state of every submission, reference, rules, code, and the dates passed.

Unchanged against the last publication means no build and no publication.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import yaml

from warehouse.clock import local_date
from warehouse.database import Connection
from warehouse.events import canonical_json
from warehouse.reference_data import current, reference_version
from warehouse.runs import Run, code_version
from warehouse.settings import PROJECT_DIR

MONTHS = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}


@dataclass(frozen=True)
class Inputs:
    """Everything a build is made from. ``knowledge_at`` is the moment up to which things recorded are known."""

    knowledge_at: datetime
    today: date
    submissions: str
    dates_passed: str
    reference_version: str
    rule_set_version: str
    code_version: str

    @property
    def fingerprint(self) -> str:
        known = {name: value for name, value in asdict(self).items() if name not in ("knowledge_at", "today")}
        return hashlib.sha256(canonical_json(known).encode()).hexdigest()


def current_inputs(conn: Connection, run: Run) -> Inputs:
    """The inputs of a build made now by ``run``: all that is recorded, nothing later."""
    row = conn.execute(
        "select greatest(%s::timestamptz, (select max(recorded_at) from audit.submission_event), "
        "(select max(recorded_at) from reference.load))",
        (run.now,),
    ).fetchone()
    assert row is not None
    return inputs_at(conn, row[0], local_date(row[0]))


def inputs_at(conn: Connection, knowledge_at: datetime, today: date) -> Inputs:
    """The inputs of a build that knows what was recorded by ``knowledge_at``, on the day ``today``; its code is that of now."""
    row = conn.execute(
        """
        with last_event as (
            select distinct on (e.submission_id) e.submission_id, e.event_type as state
            from audit.submission_event as e
            where e.submission_id is not null and e.recorded_at <= %(at)s
                and e.event_type in ('received', 'validated', 'returned', 'held', 'accepted', 'superseded', 'withdrawn')
            order by e.submission_id, e.event_id desc
        )

        select
            (
                select encode(sha256(convert_to(
                    coalesce(string_agg(submission_id || ' ' || state, E'\\n' order by submission_id), ''), 'UTF8'
                )), 'hex')
                from last_event
            ),
            coalesce(
                (
                    select rule_set_version from audit.validation_run
                    where recorded_at <= %(at)s order by recorded_at desc, round desc limit 1
                ),
                'none'
            )
        """,
        {"at": knowledge_at},
    ).fetchone()
    assert row is not None
    passed = dates_passed(conn, today, knowledge_at)
    return Inputs(knowledge_at, today, row[0], passed, reference_version(conn, knowledge_at), row[1], code_version())


def dates_passed(conn: Connection, today: date, known_at: datetime | None = None) -> str:
    """Digest over the periods begun and the due dates passed by ``today``, of what is owed by the calendar (known at a moment)."""
    passed: list[tuple[Any, ...]] = []
    opens = review_opens()
    columns = "form_code, period_type, result_stage, due_month_day, due_days_after_end, collection_start, is_optional"
    for form, period_type, stage, month_day, days_after, start, is_optional in current(conn, "calendar", columns, known_at):
        if is_optional:
            continue
        for first, last in _periods(int(start[:4]), today.year, MONTHS[period_type]):
            opening = opens if (form, period_type) == ("household_review", "year") else None
            begins = date.fromisoformat(f"{first.year}-{opening}") if opening else first
            due = date.fromisoformat(f"{first.year}-{month_day}") if month_day else last + timedelta(days=days_after)
            passed.append((form, period_type, stage, str(first), begins <= today, due < today))
    return hashlib.sha256(canonical_json(sorted(passed)).encode()).hexdigest()


def review_opens() -> str:
    """MM-DD from which an annual review may come: its period has not begun before. The dbt project's own variable."""
    project = yaml.safe_load((PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    return str(project["vars"]["review_opens"])


def _periods(first_year: int, last_year: int, months: int) -> list[tuple[date, date]]:
    periods = []
    for year in range(first_year, last_year + 1):
        for month in range(1, 13, months):
            after = date(year + 1, 1, 1) if month + months > 12 else date(year, month + months, 1)
            periods.append((date(year, month, 1), after - timedelta(days=1)))
    return periods
