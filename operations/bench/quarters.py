"""Loans and training: a quarter's night, a build with twelve quarters on file, and what a reader of the marts waits for."""

from __future__ import annotations

import statistics
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg

from operations.bench import floors
from operations.bench.measure import timed
from warehouse.database import Connection, connect, database_url, url_with
from warehouse.events import Event, append_events
from warehouse.roles import role_name, role_passwords
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

FIRST = "2023-Q1"
LATER = tuple(f"{year}-Q{number}" for year in (2023, 2024, 2025) for number in (1, 2, 3, 4))[1:]
TODAY = "2026-01-20T22:00+07:00"
"""Every one of the twelve quarters is past its due date, so that the marts have the same rows in both builds."""
TABLES = ("cover", "credit_need", "credit_capital", "training_need")
READINGS = 200
QUERIES = {
    "fct_poverty": "select area_name, poor_rate_pct from {mart} where boundary = 'at_time' and area_level = 'commune' "
    "and period_key = '2022' order by 1",
    "fct_loan_coverage": "select borrower_class, served, coverage_pct from {mart} where area_code = '27694' and period_year = 2023",
    "goal_progress": "select goal_code, reading, actual_value, status from {mart} where area_level = 'long_an' and period_year = 2022",
}
"""Mart -> what a dashboard asks of it."""


def build_seconds(settings: Settings, repeat: int) -> list[float]:
    """Seconds of dbt of each build, the first one (it parses) left out."""
    from warehouse.builds import build
    from warehouse.clock import parse_now

    run = start_run(settings, "bench", injected_now=parse_now(TODAY))
    return [build(settings, run).seconds for _ in range(repeat + 1)][1:]


def put_twelve_quarters_on_file(settings: Settings) -> None:
    """Copy the returns of the first quarter, accepted, to the eleven after it."""
    from warehouse.clock import parse_now

    run = start_run(settings, "bench", injected_now=parse_now(TODAY))
    with connect(settings, run_id=run.run_id, kind="bench") as conn:
        for key in LATER:
            _copy(conn, run, key)
        for table in TABLES:
            conn.execute(f"analyze intake.{table}")


def _copy(conn: Connection, run: Run, key: str) -> None:
    of_first = conn.execute("select submission_id, sha256 from intake.submission where period_key = %s", (FIRST,)).fetchall()
    new: dict[UUID, UUID] = {old: uuid5(NAMESPACE_OID, f"{old} {key}") for old, _ in of_first}
    conn.execute("create temporary table if not exists copied (old uuid, new uuid)")
    conn.execute("truncate copied")
    with conn.cursor() as cursor:
        cursor.executemany("insert into copied values (%s, %s)", list(new.items()))
    year, quarter = int(key[:4]), int(key[-1])
    changed = {
        "submission_id": "c.new", "period_key": f"'{key}'", "period_start_date": f"make_date({year}, {3 * quarter - 2}, 1)",
        "period_end_date": f"(make_date({year}, {3 * quarter - 2}, 1) + interval '3 months - 1 day')::date",
    }  # fmt: skip
    for table in ("submission", *TABLES):
        names = floors.stored_columns(conn, table)
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        conn.execute(
            f"insert into intake.{table} ({', '.join(names)}) select {values} from intake.{table} as t "
            "inner join copied as c on t.submission_id = c.old"
        )
    events = [
        Event(what, run.now, "bench", new[old], sha256, {}) for old, sha256 in of_first for what in ("received", "validated", "accepted")
    ]
    append_events(conn, run.run_id, run.now, events)
    conn.commit()


def slowest_reading(settings: Settings) -> tuple[float, dict[str, float]]:
    """The greatest p95 of a mart's query through `bi_reader`, by that of the same query on a bare table; and both in milliseconds."""
    password = role_passwords(settings)["bi_reader"]
    reader = url_with(database_url(settings), user=role_name(settings, "bi_reader"), password=password)
    ratios: dict[str, tuple[float, float, float]] = {}
    with psycopg.connect(reader, autocommit=True) as bi, psycopg.connect(database_url(settings), autocommit=True) as owner:
        owner.execute("drop schema if exists bench cascade")
        owner.execute("create schema bench")
        for mart, query in QUERIES.items():
            owner.execute(f"create table bench.{mart} as table marts.{mart}")
            owner.execute(f"analyze bench.{mart}")
            through, bare = [], []
            for _ in range(READINGS):
                through.append(timed(lambda q=query, m=mart: bi.execute(q.format(mart=f"marts.{m}")).fetchall()))  # type: ignore[misc]
                bare.append(timed(lambda q=query, m=mart: owner.execute(q.format(mart=f"bench.{m}")).fetchall()))  # type: ignore[misc]
            high, low = _p95(through), _p95(bare)
            ratios[mart] = (high / low, 1000 * high, 1000 * low)
        owner.execute("drop schema bench cascade")
    worst = max(ratios, key=lambda mart: ratios[mart][0])
    ratio, high, low = ratios[worst]
    return ratio, {f"ms {worst}": high, "ms bare": low}


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def quarter_files(folder: Path) -> list[Path]:
    """The credit and training workbooks of the first quarter."""
    return sorted((folder / FIRST).iterdir())
