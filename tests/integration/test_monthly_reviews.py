"""Months between two annual lists: their rules, what comes twice, late or out of order, and what they move in the marts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import psycopg

from operations.nightly import run_night
from tests.support.lists import MONTHS, Row, a_list, a_month, escaped, judge, listed, newly, send, villages
from tests.support.workbooks import RECEIVED, CreditReturn, Return
from warehouse.settings import Settings

SECOND: Row = {"head_citizen_id": "080060001299", "name": "Trần Hộ Hai"}
MAY, JUNE = date(2023, 5, 25), date(2023, 6, 25)
POOR_2022 = a_list(2022, listed())
JOINED = a_month("2023-05", newly("HN-2", **SECOND))
LEFT = a_month("2023-05", escaped(left=MAY))


def near_poor(built: Return) -> Return:
    """HN-001 of the month opens near-poor and escapes that list."""
    built.rows["household_list"][0].update(
        opening_class="Hộ cận nghèo", closing_class="Hộ không nghèo", movement="Thoát cận nghèo", left_list_date=MAY, score_b1=180
    )
    return built


def with_forms(built: Return) -> Return:
    built.left_out = set()
    return built


CASES: dict[str, tuple[list[Return], Return, set[str]]] = {
    "a household joins": ([POOR_2022], JOINED, set()),
    "a household leaves": ([POOR_2022], LEFT, set()),
    "nothing to compare with": ([], LEFT, set()),
    "HHR-44": ([POOR_2022], near_poor(a_month("2023-05", listed())), {"HHR-44"}),
    "HHR-44 on no list": ([POOR_2022], a_month("2023-05", escaped("HN-9", left=MAY)), {"HHR-44"}),
    # the class of the day before: a decision takes effect on its own day
    "the month after": (
        [POOR_2022, LEFT], a_month("2023-06", newly(movement="Tái nghèo", decision_date=date(2023, 6, 20))), set()),
    "the day after the decision": (
        [POOR_2022, LEFT],
        a_month("2023-06", newly(movement="Tái nghèo", decision_date=date(2023, 5, 26), review_date=date(2023, 6, 15))), {"HHR-17W"}),
    "HHR-44 on the day of the decision": (
        [POOR_2022, LEFT],
        a_month("2023-06", newly(movement="Tái nghèo", decision_date=MAY, review_date=date(2023, 6, 15))), {"HHR-44", "HHR-17W"}),
    "HHR-18M": ([POOR_2022], a_month("2023-05", escaped(left=MAY, review_date=date(2023, 5, 14))), {"HHR-18M"}),
    "the forms of a year in a month": ([POOR_2022], with_forms(a_month("2023-05", escaped(left=MAY))), {"SHEET-NOT-ASKED"}),
    "the annual list takes it in": ([POOR_2022, JOINED], a_list(2023, listed(), newly("HN-2", **SECOND)), set()),
    "as it was decided in the month": (
        [POOR_2022, LEFT], a_list(2023, escaped(left=MAY, review_date=date(2023, 5, 15), decision_date=MAY)), set()),
    "HHR-45": ([POOR_2022, JOINED], a_list(2023, listed()), {"HHR-45"}),
    "joined and left within the year": (
        [POOR_2022, JOINED, a_month("2023-06", escaped("HN-2", left=JUNE, **SECOND))], a_list(2023, listed()), set()),
    "HHR-46 closing": (
        [POOR_2022, LEFT], a_list(2023, listed(review_date=date(2023, 5, 15), decision_date=MAY)), {"HHR-46"}),
    "reviewed again": ([POOR_2022, LEFT], a_list(2023, listed()), set()),
    "HHR-46 opening": ([POOR_2022, JOINED], a_list(2023, listed(), listed("HN-2", **SECOND)), {"HHR-46", "HHR-38"}),
    "HHR-46 left on another day": ([POOR_2022, LEFT], a_list(2023, escaped(left=date(2023, 12, 22))), {"HHR-46"}),
    # decided after the list of its year was signed: the list of the next year takes it in
    "after the list was signed": (
        [POOR_2022, a_list(2023, listed()), a_month("2023-12", newly("HN-2", decision_date=date(2023, 12, 29), **SECOND))],
        a_list(2024, listed()), {"HHR-45"}),
}  # fmt: skip
"""Case -> lists on file, the list that is judged, what must fire."""


def test_every_rule_on_months_fires_on_its_example_and_nothing_else(warehouse: Settings, conn: psycopg.Connection) -> None:
    places = dict(zip(CASES, villages(conn), strict=False))
    for number, (name, (before, built, _)) in enumerate(CASES.items()):
        for item in (*before, built):
            item.rows = {sheet: [dict(row) for row in rows] for sheet, rows in item.rows.items()}
            for row in item.rows["household_list"] + item.rows["member_list"]:
                for field in ("head_citizen_id", "citizen_id"):  # heads differ from commune to commune
                    if field in row:
                        row[field] = f"08006000{number:02}{row[field][-2:]}"
            send(warehouse, item, places[name], f"{number:03}-{item.cover['period']}.xlsx")
    _, counts = judge(warehouse)
    assert counts["returned"] == 0
    fired: dict[str, set[str]] = defaultdict(set)
    for commune, period, code in conn.execute(
        "select s.commune_code, s.period_key, f.rule_code from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id)"
    ):
        fired[f"{commune} {period}"].add(code)
    found = {name: fired[f"{places[name][0]} {built.cover['period']}"] for name, (_, built, _) in CASES.items()}
    assert found == {name: codes for name, (*_, codes) in CASES.items()}
    assert MONTHS - set().union(*found.values()) == {"HHR-47"}, "with a test of its own, below"


def loan(code: str, day: date, left: date | None = None) -> Row:
    return {
        "household_code": code, "request_date": day, "citizen_id": None, "borrower_name": f"Người Vay {code}", "left_list_date": left,
        "borrower_class": "Hộ mới thoát nghèo" if left else "Hộ nghèo", "programme_code": "09" if left else "01",
        "disbursement_date": date(2023, 9, 1),
    }  # fmt: skip


def test_months_move_the_class_on_a_day_and_no_annual_figure(warehouse: Settings, conn: psycopg.Connection) -> None:
    place = villages(conn)[0]
    send(warehouse, a_list(2022, listed()), place, "2022.xlsx", RECEIVED - timedelta(days=300))
    # June came before May: the day of the decision is what counts
    send(warehouse, a_month("2023-06", escaped("HN-2", left=JUNE, **SECOND)), place, "june.xlsx", RECEIVED - timedelta(days=185))
    send(warehouse, a_month("2023-05", newly("HN-2", **SECOND), escaped(left=MAY)), place, "may.xlsx", RECEIVED - timedelta(days=170))
    credit = CreditReturn()
    good = credit.rows["credit_need"][0]
    # on the day of the month's decision: HN-001 has escaped, HN-2 is poor; HN-3 is on no list
    loans = (loan("HN-001", MAY, left=MAY), loan("HN-2", MAY), {**loan("HN-3", MAY), "borrower_class": "Hộ cận nghèo"})
    credit.rows["credit_need"] = [{**good, **row} for row in loans]
    send(warehouse, credit, place, "credit.xlsx", RECEIVED - timedelta(days=80))
    night = "2023-10-05T22:00+07:00"
    assert run_night(warehouse, now=night)["accepted"] == 4
    assert [code for code in found(conn, "2023-Q3") if code.startswith("BTW")] == ["BTW-02"]
    assert listed_households(conn) == {"poor": 1, "near_poor": 1, "newly_escaped": 1}
    status = conn.execute(
        "select period_key, household_code, closing_class, maturity from marts_restricted.fct_household_status order by 1, 2"
    ).fetchall()
    assert status == [
        ("2022", "HN-001", "poor", "final"), ("2023-05", "HN-001", "not_poor", "final"), ("2023-05", "HN-2", "poor", "final"),
        ("2023-06", "HN-2", "not_poor", "final"),
    ]  # fmt: skip
    compliance = "select period_key, state, is_on_time from marts.submission_compliance where is_optional order by 1"
    assert conn.execute(compliance).fetchall() == [("2023-05", "accepted", False), ("2023-06", "accepted", True)]
    assert conn.execute(
        "select mart, period_key, expected_submissions, accepted_submissions, completeness_pct from marts.data_status "
        "where period_key like '2023-05'"
    ).fetchall() == [("fct_household_status", "2023-05", 0, 1, None), ("submission_compliance", "2023-05", 0, 1, None)]
    figures = conn.execute(
        "select distinct period_key, sum(poor_households) from marts.fct_poverty_default group by 1 order by 1"
    ).fetchall()
    assert ("2022", 1) in figures
    assert not [key for key, _ in figures if "-" in key]

    # The annual list of 2023 comes, and then a month that was decided before it: taken in, said, and nothing annual moves.
    send(warehouse, a_list(2023, escaped(left=MAY, review_date=date(2023, 5, 15), decision_date=MAY)), place, "2023.xlsx")
    conn.rollback()  # a reader at rest holds no mart
    assert run_night(warehouse, now="2023-12-28T22:00+07:00")["accepted"] == 1
    late = a_month("2023-08", newly("HN-4", head_citizen_id="080060001298"))
    send(warehouse, late, place, "august.xlsx", RECEIVED + timedelta(days=5))
    same = "august again.xlsx"
    send(warehouse, late, place, same, RECEIVED + timedelta(days=5))
    assert run_night(warehouse, now="2024-01-03T22:00+07:00")["accepted"] == 1, "the same bytes twice are one return"
    assert found(conn, "2023-08") == ["HHR-47"]
    assert conn.execute("select sum(poor_households) from marts.fct_poverty_default where period_key = '2023'").fetchone() == (0,)
    conn.rollback()
    # Other bytes for the same month are a new version.
    send(warehouse, a_month("2023-08", newly("HN-5", head_citizen_id="080060001297"), signed_date=date(2024, 1, 4)), place, "august 2.xlsx")
    # A month that has not begun is refused.
    send(warehouse, a_month("2024-02", newly("HN-6", head_citizen_id="080060001296")), place, "february.xlsx")
    story = run_night(warehouse, now="2024-01-05T22:00+07:00")
    assert (story["accepted"], story["returned"]) == (1, 1)
    assert "BTW-12" in found(conn, "2024-02")
    states = conn.execute(
        "select period_key, version, state from audit.submission where period_key in ('2023-08', '2024-02') order by 1, 2"
    )
    assert states.fetchall() == [("2023-08", 1, "superseded"), ("2023-08", 2, "accepted"), ("2024-02", 1, "returned")]


def found(conn: psycopg.Connection, period: str) -> list[str]:
    rows = conn.execute(
        "select distinct f.rule_code from audit.failing_row as f inner join intake.submission as s using (submission_id) "
        "where s.period_key = %s and f.severity <> 'info' order by 1",
        (period,),
    )
    return [row[0] for row in rows]


def listed_households(conn: psycopg.Connection) -> dict[str, int]:
    return dict(
        conn.execute(
            "select borrower_class, households_listed from marts.fct_loan_coverage where period_key = '2023-Q3' and boundary = 'at_time' "
            "and area_level = 'commune' and accepted_submissions = 1 and borrower_class <> 'all'"
        ).fetchall()
    )
