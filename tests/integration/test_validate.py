"""Validation from the workbook on: accept, return, supersede, order of versions and rounds."""

from __future__ import annotations

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.support.workbooks import Return
from warehouse.runs import start_run
from warehouse.settings import Settings


def night(settings: Settings) -> dict[str, int]:
    run = start_run(settings, "test")
    collect(settings, run)
    return validate_pending(settings, run)


def fired(conn: psycopg.Connection) -> set[str]:
    return {row[0] for row in conn.execute("select distinct rule_code from audit.failing_row")}


def states(conn: psycopg.Connection) -> list[tuple[int, str]]:
    return conn.execute("select version, state from audit.submission order by version").fetchall()  # type: ignore[return-value]


def test_a_good_return_is_accepted_and_nothing_fires(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    counts = night(warehouse)
    assert conn.execute("select rule_code, sheet, row_number, reason_en from audit.failing_row").fetchall() == []
    assert counts == {"accepted": 1, "returned": 0, "superseded": 0, "rounds": 1, "failing_rows": 0}
    assert fired(conn) == set()
    assert states(conn) == [(1, "accepted")]
    tested = conn.execute("select count(*), bool_and(passed), max(rows_tested) from audit.validation_result").fetchone()
    assert tested is not None
    assert tested[0] > 60
    assert tested[1:] == (True, 2)
