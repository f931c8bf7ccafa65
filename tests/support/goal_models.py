"""The goal models as views over tables of a test's own: dbt compiles them, and the tables stand in for the models before them.

One compilation serves any number of batches of series, so that thousands of them are read in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from warehouse.database import copy_rows
from warehouse.dbt_runner import DBT_DIR, PRIVATE, _environment, _variables
from warehouse.settings import Settings

BUILD = "blue"
VIEWS = {
    "int_area_year": "intermediate", "int_goal_series": "intermediate", "int_goal_year": "intermediate",
    "int_goal_measure": "intermediate", "int_goal_coverage": "intermediate", "goal_progress": "marts",
}  # fmt: skip
PERIOD = "period_key text, period_type text, period_year integer, period_start_date date, period_end_date date"
AREA = "form_code text, area_key text, area_level text, boundary text"
COUNTS = "expected_submissions bigint, accepted_submissions bigint, completeness_pct numeric(9, 6)"
STATE = f"group_key text, {COUNTS}, method text, is_estimate boolean, maturity text, has_begun boolean, is_past_due boolean"
TABLES = {
    "staging.stg_target": "goal_code text, target_version text, readings text, target_size numeric(18, 6), target_unit text, "
    "baseline_year integer, target_year integer, standard_version text, is_assumed boolean, document_date date, valid_from date",
    "intermediate.int_standard_area": f"{AREA}, {PERIOD}, standard_version text, poor_households bigint, near_poor_households bigint, "
    "reason text",
    "intermediate.int_area_period": f"{AREA}, {PERIOD}, {STATE}",
    "intermediate.int_service_period": f"{AREA}, {PERIOD}, as_of_quarter text, {STATE}",
    "intermediate.int_uncollected_year": f"{AREA}, {PERIOD}, expected_submissions bigint, accepted_submissions bigint",
    "intermediate.int_loan_area": f"{AREA}, {PERIOD}, borrower_class text, served bigint, eligible_with_need bigint, "
    "households_listed bigint, households_in_class bigint",
    "intermediate.int_training_area": f"{AREA}, {PERIOD}, household_class text, trained bigint, referred bigint, with_need bigint",
    "marts.dim_area": "area_key text, area_code text, area_name text",
}


def make_views(conn: psycopg.Connection, settings: Settings) -> None:
    """Make the tables, empty, and the views over them."""
    for layer in ("staging", "intermediate", "marts"):
        conn.execute(f"create schema {BUILD}_{layer}")
    for table, columns in TABLES.items():
        conn.execute(f"create table {BUILD}_{table} ({columns})")
    for name, statement in _compiled(settings).items():
        conn.execute(f"create view {BUILD}_{VIEWS[name]}.{name} as {statement}")


def _compiled(settings: Settings) -> dict[str, str]:
    """Model -> its SQL, in the order in which they read each other."""
    from dbt.cli.main import dbtRunner

    folder = settings.home / "dbt" / BUILD
    paths = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR), "--target-path", str(folder), "--log-path", str(folder)]
    with _environment(_variables(settings, BUILD)):
        done: Any = dbtRunner().invoke(["compile", "--select", *VIEWS, "--no-write-json", *PRIVATE, *paths])
    assert done.success, done.exception
    found = {result.node.name: result.node.compiled_code for result in done.result.results if result.node.resource_type == "model"}
    return {name: found[name] for name in VIEWS}


def fill(conn: psycopg.Connection, batch: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Put rows into the tables, in the place of those before."""
    conn.execute("truncate " + ", ".join(f"{BUILD}_{table}" for table in TABLES))
    for table, rows in batch.items():
        rows = list(rows)
        if rows:
            copy_rows(conn, f"{BUILD}_{table}", list(rows[0]), [list(row.values()) for row in rows])


def progress(conn: psycopg.Connection, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of goal_progress."""
    found = conn.execute(f"select {', '.join(columns)} from {BUILD}_marts.goal_progress").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in found]
