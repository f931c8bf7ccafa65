"""Credit and training workbooks become coverage figures: the whole way of a file, in one night."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from itertools import product

import psycopg
from pydantic import SecretStr
from rich.console import Console

from expectations.gate import check_build
from operations.nightly import run_night
from reporting.lineage import lineage
from reporting.trace import render, trace
from tests.support.databases import database_from
from tests.support.mart_fixtures import at
from tests.support.tampering import TAMPERED_SERVICES
from tests.support.workbooks import RECEIVED, CreditReturn, Return, TrainingReturn
from warehouse.builds import build
from warehouse.database import connect, url_with
from warehouse.settings import Settings

NIGHT = "2024-01-05T22:00+07:00"


def last_year(settings: Settings) -> None:
    """The review of 2022: HN-001 is poor; its decision is in force in 2023."""
    built = Return(period="2022", as_of_date=date(2022, 12, 14), signed_date=date(2022, 12, 27))
    built.rows["household_list"][0].update(review_date=date(2022, 10, 3), decision_date=date(2022, 12, 22))
    built.write(settings.inbox_dir, "2022.xlsx", RECEIVED - timedelta(days=365))


def credit() -> CreditReturn:
    """Three households: paid under 01; paid under 07 only; 20 million paid and 30 million pending."""
    built = CreditReturn()
    paid = built.rows["credit_need"][0]

    def row(household: str, **values: object) -> dict[str, object]:
        return {**paid, "household_code": household, "citizen_id": None, "borrower_name": f"Người Vay {household[-1]}", **values}

    unpaid = {"outcome": "Đang xét", "disbursed_vnd": None, "disbursement_date": None, "capital_source": None}
    built.rows["credit_need"] = [
        row("HN-001"),
        row("HN-002", borrower_class="Hộ cận nghèo", programme_code="07", outstanding_vnd=0),
        row("HN-003", requested_vnd=20_000_000, disbursed_vnd=20_000_000, outstanding_vnd=20_000_000),
        row("HN-003", request_date=date(2023, 8, 1), requested_vnd=30_000_000, outstanding_vnd=20_000_000, **unpaid),
    ]
    return built


def test_three_returns_make_the_three_promises(warehouse: Settings, conn: psycopg.Connection) -> None:
    last_year(warehouse)
    credit().write(warehouse.inbox_dir, "vay von.xlsx", RECEIVED)
    TrainingReturn().write(warehouse.inbox_dir, "hoc nghe.xlsx", RECEIVED)
    assert run_night(warehouse, now=NIGHT)["accepted"] == 3
    where = "where boundary = 'at_time' and area_code = '27694' and period_key = '2023-Q3'"
    loans = conn.execute(
        "select borrower_class, households_in_class, households_listed, eligible_with_need, newly_served, served, pending, coverage_pct, "
        f"requested_vnd, disbursed_vnd, capital_available_vnd from marts.fct_loan_coverage {where} order by borrower_class"
    ).fetchall()
    assert loans == [
        ("all", None, 3, 3, 2, 2, 0, Decimal("66.666667"), 150_000_000, 70_000_000, 3_000_000_000),
        ("near_poor", 0, 1, 1, 0, 0, 0, Decimal("0.000000"), 50_000_000, 0, 1_000_000_000),
        ("newly_escaped", None, 0, 0, 0, 0, 0, None, 0, 0, 1_000_000_000),
        ("poor", 1, 2, 2, 2, 2, 0, Decimal("100.000000"), 100_000_000, 70_000_000, 1_000_000_000),
    ]
    training = conn.execute(
        "select household_class, persons_working_age, with_need, trained, completed, coverage_pct, support_vnd "
        f"from marts.fct_training_coverage {where} and household_class in ('poor', 'all') order by household_class"
    ).fetchall()
    assert training == [
        ("all", None, 1, 1, 1, Decimal("100.000000"), 3_000_000),
        ("poor", 0, 1, 1, 1, Decimal("100.000000"), 3_000_000),
    ]
    year = conn.execute(
        "select as_of_quarter, completeness_pct from marts.fct_loan_coverage_default where area_code = '27694' and period_year = 2023 "
        "and borrower_class = 'poor'"
    ).fetchall()
    assert year == [("2023-Q3", Decimal("100.000000"))]
    goal = conn.execute(
        "select goal_code, actual_value, gap, status, status_reason from marts.goal_progress "
        "where area_code = '27694' and period_key = '2023' and reading = 'ratio' order by goal_code"
    ).fetchall()
    assert goal == [
        ("job_referral", Decimal("0.000000"), Decimal("100.000000"), "off_track", None),
        ("loan_coverage", Decimal("66.666667"), Decimal("33.333333"), "off_track", "need_survey_unknown"),
        ("training_coverage", Decimal("100.000000"), Decimal("0.000000"), "on_track", None),
    ]

    for mart, period in product(("fct_loan_coverage", "fct_training_coverage"), ("2023-Q3", "2023")):
        for column, source in lineage()[mart].columns.items():
            for counted_class in ("poor", "near_poor", "all"):
                traced = trace(conn, mart, "27694", period, column, counted_class)
                for part in traced.parts if source.ratio else (traced,):
                    assert part.sheet_title, (mart, part.column)
                    assert part.found == part.value, (mart, period, part.column, counted_class)
                    assert all("?" not in cell.cell for row in part.rows for cell in row.cells)
    served = trace(conn, "fct_loan_coverage", "27694", "2023", "served", "poor")
    assert [(row.row_number, row.household_code, row.name_masked, int(row.amount or 0)) for row in served.rows] == [
        (6, "HN-001", "N*** V*** 1***", 1), (8, "HN-003", "N*** V*** 3***", 1), (9, "HN-003", "N*** V*** 3***", 0),
    ]  # fmt: skip
    console = Console(file=StringIO(), width=200)
    console.print(render(served))
    assert "P8: 20000000" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_gate_finds_what_is_wrong_with_loans_and_training(warehouse: Settings, conn: psycopg.Connection, server_url: str) -> None:
    """Each fault in a copy of one build."""
    credit().write(warehouse.inbox_dir, "vay von.xlsx", RECEIVED)
    TrainingReturn().write(warehouse.inbox_dir, "hoc nghe.xlsx", RECEIVED)
    run_night(warehouse, now=NIGHT)
    run = at(warehouse, "2024-01-05T23:00+07:00")
    build_id = build(warehouse, run).build_id
    assert check_build(warehouse, run, build_id).passed
    name = conn.info.dbname
    conn.close()  # a database that somebody is connected to cannot be copied
    for check, statement in TAMPERED_SERVICES.items():
        spoilt = warehouse.model_copy(update={"url": SecretStr(url_with(server_url, database=database_from(server_url, name, "t")))})
        with connect(spoilt) as tampering:
            assert tampering.execute(statement).rowcount > 0
        assert check in {result.check_code for result in check_build(spoilt, run, build_id).results if not result.passed}, check
