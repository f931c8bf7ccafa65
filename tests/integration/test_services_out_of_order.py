"""Returns on loans and training that come in the wrong order, or speak of those who are no more: judged, told, never lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from reporting.evidence import verify
from tests.support.workbooks import RECEIVED, CreditReturn, Return
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

FOURTH: dict[str, Any] = {"period": "2023-Q4", "as_of_date": date(2023, 12, 31), "signed_date": date(2024, 1, 5)}
DEAD: dict[str, Any] = {
    "closing_class": "Không thuộc địa bàn", "movement": "Hộ đơn thân chết", "member_count": 0, "area_type": "TT",
    **dict.fromkeys(
        ("score_b1", "score_b2", "dep_employment", "dep_housing_quality", "dep_telecom", "review_date", "cause_lack_labour",
         "decision_number", "decision_date")
    ),
}  # fmt: skip


def night(settings: Settings, now: str) -> tuple[UUID, dict[str, int]]:
    run = start_run(settings, "test", injected_now=parse_now(now))
    collect(settings, run)
    return run.run_id, validate_pending(settings, run)


def findings(conn: psycopg.Connection, run_id: UUID) -> list[tuple[str, str, str]]:
    """(period, rule, English reason) of the rules of a run."""
    return conn.execute(
        "select s.period_key, f.rule_code, f.reason_en from audit.failing_row as f inner join intake.submission as s using (submission_id) "
        "where f.run_id = %s and f.origin = 'rule' order by 1, 2",
        (run_id,),
    ).fetchall()


def test_a_quarter_that_comes_after_the_next_has_the_next_judged_again(warehouse: Settings, conn: psycopg.Connection) -> None:
    CreditReturn(**FOURTH).write(warehouse.inbox_dir, "quy 4.xlsx")
    first, counts = night(warehouse, "2024-01-10T22:00+07:00")
    assert (counts["accepted"], counts["renewed"], findings(conn, first)) == (1, 0, [])

    third = CreditReturn()
    third.rows["credit_need"][0].update(requested_vnd=60_000_000, disbursed_vnd=60_000_000, outstanding_vnd=60_000_000)
    third.write(warehouse.inbox_dir, "quy 3.xlsx", RECEIVED + timedelta(days=20))
    second, counts = night(warehouse, "2024-01-20T22:00+07:00")
    assert (counts["accepted"], counts["returned"], counts["renewed"]) == (1, 0, 1)
    ((period, rule, said),) = findings(conn, second)
    assert (period, rule) == ("2023-Q4", "CRD-16")
    assert "has 50.000.000 in all; return 2023-Q3, version 1, says 60.000.000" in said
    assert conn.execute("select period_key, state from audit.submission order by 1").fetchall() == [
        ("2023-Q3", "accepted"), ("2023-Q4", "accepted"),
    ]  # fmt: skip
    assert night(warehouse, "2024-01-21T22:00+07:00")[1]["renewed"] == 0, "nothing came since"
    assert verify(warehouse) == []


def test_a_loan_for_a_household_that_died_out_is_told(warehouse: Settings, conn: psycopg.Connection) -> None:
    review = Return(period="2022", as_of_date=date(2022, 12, 14), signed_date=date(2022, 12, 27))
    review.rows["household_list"][0].update(DEAD)
    review.rows["member_list"].clear()
    review.rows["summary_7_1"][0].update(poor_households=0, poor_rate_pct=0, poor_persons=0, poor_persons_pct=0)
    for row in review.rows["movement_7_2"]:
        row.update(other_decrease=1, closing_count=0)
    review.write(warehouse.inbox_dir, "ra soat.xlsx")
    CreditReturn().write(warehouse.inbox_dir, "vay von.xlsx")
    run_id, counts = night(warehouse, "2024-01-10T22:00+07:00")
    assert (counts["accepted"], counts["returned"]) == (2, 0)
    ((_, rule, said),) = findings(conn, run_id)
    assert rule == "BTW-01"
    assert "2022 (v1)" in said
