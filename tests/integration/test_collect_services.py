"""The forms credit and training go the way of the first: collected, validated, accepted, their rows typed."""

from __future__ import annotations

from datetime import date

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.support.workbooks import CreditReturn, Return, TrainingReturn
from warehouse.runs import start_run
from warehouse.settings import Settings


def test_three_forms_in_one_night(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir, "ra soat.xlsx")
    credit, training = CreditReturn(), TrainingReturn()
    credit.rows["credit_need"][0]["programme_code"] = 1  # Excel dropped the nought
    credit.write(warehouse.inbox_dir, "vay von.xlsx")
    training.write(warehouse.inbox_dir, "hoc nghe.xlsx")
    run = start_run(warehouse, "test")
    assert collect(warehouse, run)["read"] == 3
    assert validate_pending(warehouse, run)["accepted"] == 3
    states = conn.execute("select form_code, period_key, state from audit.submission order by form_code").fetchall()
    assert states == [("credit", "2023-Q3", "accepted"), ("household_review", "2023", "accepted"), ("training", "2023-Q3", "accepted")]
    need = conn.execute(
        "select borrower_class, has_need, programme_code, outcome, disbursed_vnd, disbursement_date, capital_source from intake.credit_need"
    ).fetchone()
    assert need == ("poor", True, "01", "disbursed", 50_000_000, date(2023, 4, 3), "central")
    capital = conn.execute("select count(*), sum(capital_available_vnd) from intake.credit_capital").fetchone()
    assert capital == (6, 3_000_000_000)
    trainee = conn.execute("select sex, birth_date, birth_date_year, household_class, training_status from intake.training_need").fetchone()
    assert trainee == ("male", date(1980, 5, 2), 1980, "poor", "completed")


def test_an_empty_list_is_a_return(warehouse: Settings, conn: psycopg.Connection) -> None:
    credit, training = CreditReturn(), TrainingReturn()
    credit.rows["credit_need"].clear()
    training.rows["training_need"].clear()
    credit.write(warehouse.inbox_dir, "vay von.xlsx")
    training.write(warehouse.inbox_dir, "hoc nghe.xlsx")
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    assert validate_pending(warehouse, run)["accepted"] == 2
    assert conn.execute("select sum(rows_read) from intake.sheet where sheet in ('credit_need', 'training_need')").fetchone() == (0,)
