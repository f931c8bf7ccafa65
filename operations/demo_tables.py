"""What `make demo` shows: after each night how far the goals are, then the published series and the three promises."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rich.box import SIMPLE_HEAD
from rich.table import Table

from operations.console import out
from warehouse.database import Connection, connect
from warehouse.reference_data import current
from warehouse.settings import Settings


@cache
def words() -> dict[str, Any]:
    """Nights, headings, columns and promises: operations/demo.yaml."""
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8"))
    return found


MOST_FILES = 30
"""Shown of a night: a screen."""


def show_bad_returns(settings: Settings) -> None:
    """Files of the last night with a finding, and which, those that came back first; nothing where every file was good."""
    table = Table(*words()["columns"]["bad"], title=words()["headings"]["bad"])
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select o.file_name, coalesce(s.state, r.state), string_agg(distinct f.rule_code, ' ' order by f.rule_code)
            from audit.file_outcome as o
            inner join audit.received_file as r using (sha256)
            left join audit.submission as s on s.sha256 = o.sha256
            left join audit.failing_row as f on f.sha256 = o.sha256 and f.run_id = o.run_id
            where o.run_id = (select n.run_id from audit.run as n where n.kind = 'nightly' order by n.started_at desc limit 1)
            group by o.file_name, r.state, s.state
            having r.state = 'unreadable' or count(f.rule_code) > 0
            order by 2 desc, 1
            """
        ).fetchall()
    for name, state, rules in rows[:MOST_FILES]:
        table.add_row(name, state, rules or "")
    if rows:
        out.print(table)
    if len(rows) > MOST_FILES:
        out.print(words()["headings"]["more"].format(count=len(rows) - MOST_FILES))


def show_missing(settings: Settings, stage: Path) -> None:
    """Communes that the story keeps waiting, while their review is due and not in."""
    told = json.loads((stage / "story.json").read_text(encoding="utf-8"))
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select a.area_name from marts.submission_compliance as c inner join marts.dim_area as a using (area_key)
            where c.form_code = 'household_review' and c.state = 'missing' and a.area_name = any(%s)
            """,
            (told["missing"],),
        ).fetchall()
    if rows:
        out.print(f"{words()['headings']['not_sent']}: {', '.join(name for (name,) in rows)}")


def show_goal(settings: Settings) -> None:
    """The headline goal, as far as it can be read tonight."""
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select period_key, actual_value, path_value, status, coalesce(status_reason, '')
            from marts.goal_progress
            where goal_code = 'poverty_reduction' and target_version = 'plan_2021_10pct' and reading = 'compound'
                and boundary = 'at_time' and area_level = 'long_an' and (actual_value is not null or status_reason like 'incomplete%')
            order by period_key
            """
        ).fetchall()
    for period, actual, path, status, reason in rows:
        line = words()["lines"]["goal"]
        out.print(line.format(period=period, actual=_count(actual), path=_count(path), status=status, reason=reason))


def show_services(settings: Settings) -> None:
    """Loans and training since 1 January, at the newest quarter that returns have come for."""
    with connect(settings) as conn:
        for line, query in (("loans", LOANS_TONIGHT), ("training", TRAINING_TONIGHT)):
            row = conn.execute(query).fetchone()
            if row is not None:
                names = ("period", "coverage", "served", "whole", "accepted", "expected")
                out.print(words()["lines"][line].format(**dict(zip(names, map(shown, row), strict=True))))


LOANS_TONIGHT = """
    select period_key, coverage_pct, served, eligible_with_need, accepted_submissions, expected_submissions
    from marts.fct_loan_coverage
    where boundary = 'at_time' and area_level = 'long_an' and period_type = 'quarter' and borrower_class = 'all'
        and accepted_submissions > 0
    order by period_key desc limit 1
"""
TRAINING_TONIGHT = """
    select period_key, coverage_pct, trained, with_need, accepted_submissions, expected_submissions
    from marts.fct_training_coverage
    where boundary = 'at_time' and area_level = 'long_an' and period_type = 'quarter' and household_class = 'poor'
        and accepted_submissions > 0
    order by period_key desc limit 1
"""


def show_series(settings: Settings) -> bool:
    """Published figures of Long An beside the marts; True where every one is equal."""
    with connect(settings) as conn:
        marts = {
            row[0]: row[1:]
            for row in conn.execute(
                """
                select period_key, poor_households, poor_rate_pct, near_poor_households, near_poor_rate_pct, total_households
                from marts.fct_poverty where area_level = 'long_an' and boundary = 'at_time' and period_type = 'year'
                """
            )
        }
        published = current(
            conn,
            "published_figure",
            "area, extract(year from period_end)::int::text, "
            "poor_households, poor_rate_pct, near_poor_households, near_poor_rate_pct, total_households",
        )
    table = table_of("series", left=(0, 1, 4), title=words()["headings"]["series"])
    all_equal = True
    for area, year, *figures in sorted(published, key=lambda row: str(row[1])):
        if area != "Long An" or figures[0] is None:
            continue
        for name, official, ours in zip(words()["figures"], figures, marts.get(year, (None,) * 5), strict=True):
            if official is None:
                continue
            equal = ours is not None and (round(Decimal(ours), 2) == Decimal(official))
            all_equal = all_equal and equal
            figure = _rate if "%" in name else _count
            table.add_row(year, name, figure(official), figure(ours), "[green]=[/]" if equal else "[red]≠[/]")
    out.print(table)
    return all_equal


def show_readings(settings: Settings) -> None:
    """Every reading of every target version, at the newest complete year."""
    with connect(settings) as conn:
        year = _newest_complete_year(conn)
        rows = conn.execute(
            """
            select target_version, reading, actual_value, path_value, observed_pace_pct, required_pace_pct, projected_value, status
            from marts.goal_progress
            where goal_code = 'poverty_reduction' and area_level = 'long_an' and period_key = %(year)s and baseline_year < %(year)s::integer
            order by target_version, array_position(array['compound', 'simple_mean', 'share_of_baseline', 'every_year'], reading)
            """,
            {"year": year},
        ).fetchall()
    table = table_of("readings", left=(0, 6), title=words()["headings"]["readings"].format(year=year), box=None, padding=(0, 1))
    version_shown: str | None = None
    for version, reading, *numbers, status in rows:
        if version != version_shown:
            table.add_row(f"[bold]{version}[/]")
            version_shown = version
        table.add_row(reading, *(shown(number) for number in numbers), status)
    out.print(table)


def show_promises(settings: Settings) -> None:
    """The three promises at the newest complete year: actual, path, pace, status, and how many of the returns they stand on."""
    with connect(settings) as conn:
        year = _newest_complete_year(conn)
        goals = {row[:3]: row[3:] for row in conn.execute(GOALS, {"year": year})}
        classes = {row[0]: row[1:] for row in conn.execute(LOAN_CLASSES, {"year": year})}
    table = table_of("promises", left=(0, 4), title=words()["headings"]["promises"].format(year=year), box=SIMPLE_HEAD, padding=0)
    reasons = []
    for promise in words()["promises"]:
        if "borrower_class" in promise:
            coverage, complete = classes.get(promise["borrower_class"], (None, None))
            table.add_row(promise["text"], shown(coverage), "", "", "", shown(complete))
            continue
        actual, path, pace, status, reason, complete = goals.get((promise["goal"], promise["version"], promise["reading"]), MISSING)
        status = words()["statuses"].get(status, status)
        table.add_row(promise["text"], shown(actual), shown(path), shown(pace), f"[bold]{status}[/]", shown(complete))
        reasons += [words()["reasons"].get(reason, reason)] if reason else []
    out.print(table)
    for reason in dict.fromkeys(reasons):
        out.print(reason, soft_wrap=True)


MISSING = (None, None, None, "not_available", None, None)
GOALS = """
    with complete as (
        select goal_code, completeness_pct from marts.fct_poverty
        cross join (values ('poverty_reduction')) as g (goal_code)
        where boundary = 'at_time' and area_level = 'long_an' and period_key = %(year)s
        union all
        select 'loan_coverage', completeness_pct from marts.fct_loan_coverage
        where boundary = 'at_time' and area_level = 'long_an' and period_key = %(year)s and borrower_class = 'all'
        union all
        select goal_code, completeness_pct from marts.fct_training_coverage
        cross join (values ('training_coverage'), ('job_referral')) as g (goal_code)
        where boundary = 'at_time' and area_level = 'long_an' and period_key = %(year)s and household_class = 'poor'
    )

    select p.goal_code, p.target_version, p.reading, p.actual_value, p.path_value, p.observed_pace_pct, p.status, p.status_reason,
        c.completeness_pct
    from marts.goal_progress as p
    left join complete as c using (goal_code)
    where p.boundary = 'at_time' and p.area_level = 'long_an' and p.period_key = %(year)s
"""
LOAN_CLASSES = """
    select borrower_class, coverage_pct, completeness_pct from marts.fct_loan_coverage
    where boundary = 'at_time' and area_level = 'long_an' and period_key = %(year)s
"""


def _newest_complete_year(conn: Connection) -> str:
    """The newest year of which every return of the three forms is in."""
    row = conn.execute(
        """
        select max(p.period_key)
        from marts.fct_poverty as p
        inner join marts.fct_loan_coverage as l using (area_key, boundary, period_key)
        inner join marts.fct_training_coverage as t using (area_key, boundary, period_key)
        where p.boundary = 'at_time' and p.area_level = 'long_an' and l.borrower_class = 'all' and t.household_class = 'poor'
            and least(p.completeness_pct, l.completeness_pct, t.completeness_pct) = 100
        """
    ).fetchone()
    assert row is not None
    return str(row[0])


def table_of(name: str, left: tuple[int, ...], **style: Any) -> Table:
    """The columns of demo.yaml, numbers to the right, never broken over lines."""
    table = Table(**style)
    for index, column in enumerate(words()["columns"][name]):
        table.add_column(column, justify="left" if index in left else "right", no_wrap=True)
    return table


def shown(value: object) -> str:
    """Counts without needless decimals, all else with two."""
    if not isinstance(value, Decimal | int):
        return "-" if value is None else str(value)
    return _count(value) if value == round(value) else _rate(value)


def _count(value: Decimal | int | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _rate(value: Decimal | int | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
