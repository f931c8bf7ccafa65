"""The publish gate: Great Expectations over the marts of a build, before any reader sees them.

The checks are data (`gate.yaml`). Each result is a row of `audit.gate_result`; a build that passes is `checked`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict

from warehouse.database import Connection, connect, database_url, url_with
from warehouse.mart_contracts import load_marts
from warehouse.runs import Run
from warehouse.settings import Settings

GATE_FILE = Path(__file__).parent / "gate.yaml"
SHOWN_ROWS = 3


class GateError(Exception):
    """The gate could not be run: a check raised, or there is no such build to check."""


class Check(BaseModel):
    """One thing that must hold. ``sql`` lists the rows for which it does not, with period_key and detail."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    text_vi: str
    text_en: str
    sql: str
    acceptable: bool = False


@dataclass(frozen=True)
class GateResult:
    check_code: str
    passed: bool
    rows_failed: int
    detail_vi: str
    detail_en: str
    accepted_reason: str | None = None

    @property
    def holds_publication(self) -> bool:
        """True where the build may not be published because of this check."""
        return not self.passed and self.accepted_reason is None


@dataclass(frozen=True)
class GateOutcome:
    passed: bool
    results: tuple[GateResult, ...]


@cache
def load_checks() -> tuple[Check, ...]:
    raw = yaml.safe_load(GATE_FILE.read_text(encoding="utf-8"))
    return tuple(Check.model_validate(item) for item in raw["checks"])


def check_build(settings: Settings, run: Run, build_id: UUID, accept_reason: str | None = None) -> GateOutcome:
    """Run every check over a build and record the results. Raises GateError."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        colour = _colour(conn, build_id)
    checks = load_checks()
    queries = {check.code: _query(check, colour, build_id) for check in checks}
    counts = _run_suite(settings, colour, queries)
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        results = tuple(_result(conn, check, queries[check.code], colour, counts[check.code], accept_reason) for check in checks)
        passed = not any(result.holds_publication for result in results)
        _record(conn, run, build_id, results)
        if passed:
            conn.execute("update audit.build set state = 'checked' where build_id = %s and state = 'built'", (build_id,))
    return GateOutcome(passed, results)


def _colour(conn: Connection, build_id: UUID) -> str:
    row = conn.execute("select build_schema, state from audit.build where build_id = %s", (build_id,)).fetchone()
    if row is None or row[1] not in ("built", "checked", "published"):
        raise GateError(f"build {build_id} cannot be checked: {'it is unknown' if row is None else 'its state is ' + row[1]}")
    return str(row[0])


def _query(check: Check, colour: str, build_id: UUID) -> str:
    """The check's SQL for this build; ``{batch}`` is left for Great Expectations."""
    counts = ", ".join(f"'{name}'" for name in count_columns())
    return check.sql.replace("{marts}", f"{colour}_marts").replace("{counts}", counts).replace("{build_id}", str(build_id))


def count_columns() -> list[str]:
    """Count columns of fct_poverty: those that add up over areas."""
    poverty = next(mart for mart in load_marts() if mart.name == "fct_poverty")
    return [column.name for column in poverty.columns if column.data_type == "bigint" and not column.is_of_publication]


def _run_suite(settings: Settings, colour: str, queries: dict[str, str]) -> dict[str, int]:
    """Rows that fail each check, as Great Expectations counts them. Results are matched by the code in meta."""
    import logging
    import os

    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    from expectations.counted_rows import CountedRowsExpectation

    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets a level of its own
        logging.getLogger(name).setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    url = url_with(database_url(settings), scheme="postgresql+psycopg")
    source = context.data_sources.add_postgres("gate", connection_string=url)
    asset = source.add_table_asset("fct_poverty", table_name="fct_poverty", schema_name=f"{colour}_marts")
    batch = asset.add_batch_definition_whole_table("build")
    suite = context.suites.add(gx.ExpectationSuite(name="publish_gate"))
    for code, query in queries.items():
        suite.add_expectation(CountedRowsExpectation(unexpected_rows_query=query, meta={"check_code": code}))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="gate", data=batch, suite=suite))
    try:
        outcome = definition.run(result_format="SUMMARY")
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()  # else a session stays open until the process ends
    return dict(_read(result) for result in outcome.results)


def _read(result: Any) -> tuple[str, int]:
    """(code, rows failed) of one result. An exception inside an expectation is never "0 rows"."""
    code = result.expectation_config.meta["check_code"]
    if "observed_value" not in (result.result or {}):
        raise GateError(f"{code} could not be run: {result.exception_info}")
    return code, int(result.result["observed_value"])


def _result(conn: Connection, check: Check, query: str, colour: str, failed: int, accept_reason: str | None) -> GateResult:
    if failed == 0:
        return GateResult(check.code, True, 0, check.text_vi, check.text_en)
    cursor = conn.execute(query.replace("{batch}", f"{colour}_marts.fct_poverty"))
    rows = cursor.fetchall()
    if len(rows) != failed:
        raise GateError(f"{check.code}: Great Expectations counted {failed} rows, the query lists {len(rows)}")
    shown = "; ".join(f"{period} {detail}" for period, detail in rows[:SHOWN_ROWS]) + ("; ..." if failed > SHOWN_ROWS else "")
    reason = accept_reason if check.acceptable else None
    return GateResult(
        check.code,
        False,
        failed,
        f"{check.text_vi}: {failed} dòng không đạt ({shown})",
        f"{check.text_en}: {failed} rows fail ({shown})",
        reason,
    )


def _record(conn: Connection, run: Run, build_id: UUID, results: Sequence[GateResult]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.gate_result
                (run_id, build_id, check_code, passed, rows_failed, detail_vi, detail_en, accepted_reason, recorded_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (run_id, build_id, check_code) do update set
                passed = excluded.passed, rows_failed = excluded.rows_failed, detail_vi = excluded.detail_vi,
                detail_en = excluded.detail_en, accepted_reason = excluded.accepted_reason, recorded_at = excluded.recorded_at
            """,
            [
                (run.run_id, build_id, r.check_code, r.passed, r.rows_failed, r.detail_vi, r.detail_en, r.accepted_reason, run.now)
                for r in results
            ],
        )
