"""Loans and training are worked out once a colour: their rows stay until the lists, the reference data or the code are others."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from operations.asof import rebuild
from operations.nightly import run_night
from tests.integration.test_services_to_marts import credit, last_year
from tests.support.mart_fixtures import at
from tests.support.workbooks import RECEIVED, Return, TrainingReturn
from warehouse.builds import build
from warehouse.settings import Settings

KEPT = ("int_borrower", "int_trainee", "int_working_age")


def written(conn: psycopg.Connection, schema: str = "green") -> dict[str, set[tuple[str, ...]]]:
    """Model -> the returns that have rows, each with the transaction that wrote them."""
    conn.commit()
    return {
        model: set(conn.execute(f"select submission_id::text, xmin::text from {schema}_intermediate.{model}").fetchall()) for model in KEPT
    }


def test_rows_are_made_again_only_where_what_they_come_from_has_changed(warehouse: Settings, conn: psycopg.Connection) -> None:
    last_year(warehouse)
    credit().write(warehouse.inbox_dir, "vay von.xlsx", RECEIVED)
    TrainingReturn().write(warehouse.inbox_dir, "hoc nghe.xlsx", RECEIVED)
    run_night(warehouse, now="2024-01-05T22:00+07:00")
    again = at(warehouse, "2024-01-05T23:00+07:00")
    build(warehouse, again)
    first = written(conn)
    assert {model: len(rows) for model, rows in first.items()} == dict.fromkeys(KEPT, 1)
    build(warehouse, again)
    assert written(conn) == first

    Return(period="2023").write(warehouse.inbox_dir, "2023.xlsx", RECEIVED + timedelta(days=120))
    run_night(warehouse, now="2024-05-05T22:00+07:00")
    second = written(conn)
    assert all(not rows & first[model] for model, rows in second.items() if model != "int_working_age")
    assert first["int_working_age"] < second["int_working_age"]
    made = rebuild(publication=2, settings=warehouse)
    assert made.marts_differ == ()
