"""The floors: what the same bytes and rows cost when nothing but the one thing is done."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from operations.bench.measure import timed
from warehouse.database import Connection, connect
from warehouse.settings import Settings

REVIEW_TABLES = ("cover", "household_list", "member_list", "summary_7_1", "movement_7_2", "movement_7_3")
SERVICE_TABLES = ("cover", "credit_need", "credit_capital", "training_need")


def read_workbooks(paths: Sequence[Path]) -> float:
    """Seconds to read every cell with calamine and to scan the bytes of every sheet."""
    from python_calamine import CalamineWorkbook

    from ingestion.reader.scan import scan_workbook

    def read() -> None:
        for path in paths:
            book = CalamineWorkbook.from_path(path)
            for title in book.sheet_names:
                book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            with zipfile.ZipFile(path) as package:
                scan_workbook(package)

    return timed(read)


def stored_columns(conn: Connection, table: str) -> list[str]:
    """Columns of an intake table that are written, in their order; the generated ones make themselves."""
    rows = conn.execute(
        "select column_name from information_schema.columns where table_schema = 'intake' and table_name = %s and is_generated = 'NEVER' "
        "order by ordinal_position",
        (table,),
    ).fetchall()
    return [name for (name,) in rows]


class CopyFloor:
    """COPY of the very rows that a night wrote, into tables of the same shape with the same indexes."""

    def __init__(self, settings: Settings, period_key: str, tables: Sequence[str] = REVIEW_TABLES) -> None:
        """Keep the rows of a period in memory, as the server writes them out."""
        self.settings = settings
        self.tables = tables
        self.rows: dict[str, bytes] = {}
        self.columns: dict[str, str] = {}
        with connect(settings) as conn:
            for table in tables:
                self.columns[table] = ", ".join(stored_columns(conn, table))
                shown = ", ".join(f"t.{name}" for name in stored_columns(conn, table))
                query = (
                    f"copy (select {shown} from intake.{table} as t inner join intake.submission as s using (submission_id) "
                    f"where s.period_key = '{period_key}') to stdout (format binary)"
                )
                with conn.cursor().copy(query) as copy:
                    self.rows[table] = b"".join(bytes(part) for part in copy)

    def seconds(self) -> float:
        with connect(self.settings) as conn:
            conn.execute("drop schema if exists bench cascade")
            conn.execute("create schema bench")
            for table in self.tables:
                conn.execute(f"create table bench.{table} (like intake.{table} including all)")
            conn.commit()

            def copy_all() -> None:
                for table, data in self.rows.items():
                    with conn.cursor().copy(f"copy bench.{table} ({self.columns[table]}) from stdin (format binary)") as copy:
                        copy.write(data)
                conn.commit()

            spent = timed(copy_all)
            conn.execute("drop schema bench cascade")
        return spent


def great_expectations_pass(settings: Settings) -> float:
    """Seconds of one pass of every rule over each round of the newest run, Great Expectations imported before.

    The pass as Great Expectations makes it by itself, with its own `UnexpectedRowsExpectation`, which fetches the rows that it counts.
    """
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

    from expectations.runner import run_rules
    from expectations.validate import rules_for

    with connect(settings) as conn:
        rounds = conn.execute(
            """
            select b.run_id, b.round, max(s.form_code), max(s.period_type), max(s.period_end_date)
            from audit.validation_batch as b
            inner join intake.submission as s using (submission_id)
            where b.run_id = (
                select r.run_id from audit.run as r
                where exists (select 1 from audit.validation_batch as v where v.run_id = r.run_id)
                order by r.started_at desc limit 1
            )
            group by b.run_id, b.round
            order by b.round
            """
        ).fetchall()
    assert rounds, "a night comes before the floors"
    with patch("expectations.counted_rows.CountedRowsExpectation", UnexpectedRowsExpectation):
        return sum(timed(lambda r=r: run_rules(settings, r[0], r[1], rules_for(*r[2:]))) for r in rounds)  # type: ignore[misc]


def dbt_build(settings: Settings) -> tuple[float, int]:
    """Seconds of one `dbt build` over the idle colour, and its nodes; warm from the second call on."""
    from warehouse.builds import idle_colour
    from warehouse.dbt_runner import run_dbt

    with connect(settings) as conn:
        colour = idle_colour(conn)
    nodes = 0

    def build() -> None:
        nonlocal nodes
        nodes = len(run_dbt(settings, colour).results)

    return timed(build), nodes
