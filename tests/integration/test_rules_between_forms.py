"""Every rule between forms fires on its bad example, with its consequences and nothing else, and says which list it looked at.

One night judges a commune a case: its lists first, whatever arrived first. A list that changes afterwards has its loans and
trainees judged again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from expectations.catalogue import load_rules
from operations.submissions import withdraw
from reporting.evidence import verify
from tests.support.lists import Row, a_list, escaped, gone, judge, listed, newly, send, villages
from tests.support.workbooks import MEMBER, RECEIVED, CreditReturn, Return, TrainingReturn
from warehouse.runs import start_run
from warehouse.settings import Settings

Change = Callable[[Return], Any]

NEWLY: Row = {"borrower_class": "Hộ mới thoát nghèo", "programme_code": "09", "left_list_date": date(2022, 12, 22)}
NO_LOAN: Row = dict.fromkeys(("disbursed_vnd", "disbursement_date", "capital_source"))
SURVEYED: Row = {**NO_LOAN, **dict.fromkeys(("request_date", "requested_vnd", "programme_code", "outcome", "outstanding_vnd"))}


def need(*rows: Row, **cover: Any) -> Return:
    """A credit return: the good loan with these values, a row each."""
    built = CreditReturn(**cover)
    good = built.rows["credit_need"][0]
    built.rows["credit_need"] = [{**good, "row_label": n, **row} for n, row in enumerate(rows or ({},), start=1)]
    return built


def trainee(*rows: Row, **cover: Any) -> Return:
    """A training return: the good trainee with these values, who is the head on the list unless said otherwise."""
    built = TrainingReturn(**cover)
    good = {
        **built.rows["training_need"][0],
        "citizen_id": MEMBER["citizen_id"],
        "birth_date": MEMBER["birth_date"],
        "need_date": date(2020, 3, 2),
    }
    good |= {"training_status": None, "enrolment_date": None, "completion_date": None, "support_vnd": None, "need_date": date(2023, 2, 1)}
    built.rows["training_need"] = [{**good, "row_label": n, **row} for n, row in enumerate(rows or ({},), start=1)]
    return built


TRAINED: Row = {
    "training_status": "Hoàn thành", "enrolment_date": date(2023, 3, 6), "completion_date": date(2023, 6, 30), "citizen_id": None,
    "person_name": "Trần Người Lạ", "birth_date": date(1980, 5, 2),
}  # fmt: skip
FIRST: Row = {"period": "2023-Q1", "as_of_date": date(2023, 3, 31), "signed_date": date(2023, 4, 5)}
FOURTH: Row = {"period": "2023-Q4", "as_of_date": date(2023, 12, 31), "signed_date": date(2024, 1, 5)}
NEXT_YEAR: Row = {"period": "2024-Q1", "as_of_date": date(2024, 3, 31), "signed_date": date(2024, 4, 5)}
LATER: Row = {"request_date": date(2024, 1, 10), "disbursement_date": date(2024, 2, 1)}
MARKED: Row = {"support_credit": "x"}
THREE = (2021, 2022, 2023)

Case = tuple[list[Return], Return, set[str]]
CASES: dict[str, Case] = {
    "a poor household with a loan": ([a_list(2022, listed())], need(), set()),
    "nothing to compare with": ([], need({"household_code": "HN-9"}), set()),
    "a list of the same year for an earlier quarter": ([a_list(2023, listed())], need({"household_code": "HN-9"}), set()),
    "BTW-01": ([a_list(2022, listed())], need({"borrower_class": "Hộ cận nghèo", "programme_code": "19"}), {"BTW-01"}),
    "BTW-01 gone": (
        [a_list(2022, gone())], need(), {"BTW-01"}),
    "BTW-01 left long ago": ([a_list(2021, escaped(left=date(2021, 12, 22)))], need(
        {**LATER, "request_date": date(2025, 1, 10), "disbursement_date": date(2025, 2, 1)},
        period="2025-Q1", as_of_date=date(2025, 3, 31), signed_date=date(2025, 4, 5)), {"BTW-01"}),
    "newly escaped, by the list": ([a_list(2022, escaped())], need(NEWLY), set()),
    "poor until the decision": (
        [a_list(2022, escaped())],
        need({"request_date": date(2022, 12, 21), "disbursement_date": date(2023, 1, 9)}, **FIRST),
        set()),
    "BTW-01 from the day of the decision": (
        [a_list(2022, escaped())],
        need({"request_date": date(2022, 12, 22), "disbursement_date": date(2023, 1, 9)}, **FIRST),
        {"BTW-01"}),
    "BTW-01 without a day": ([a_list(2022, escaped())], need(SURVEYED), {"BTW-01"}),
    "BTW-02": ([a_list(2022, listed())], need({"household_code": "HN-9", "citizen_id": None}), {"BTW-02"}),
    "BTW-02 listed later": (
        [a_list(2022, listed("HN-2", head_citizen_id=None)), a_list(2023, listed("HN-2", head_citizen_id=None), newly())],
        need({"request_date": date(2023, 10, 2), "disbursement_date": date(2023, 11, 1), "outstanding_vnd": 50_000_000}, **FOURTH),
        {"BTW-02", "BTW-07"} - {"BTW-07"}),
    "BTW-02 newly escaped before the lists": ([a_list(2022, listed())], need({**NEWLY, "household_code": "HN-9"}), {"BTW-02"}),
    "BTW-02B": ([a_list(2022, escaped())], need({**NEWLY, "left_list_date": date(2022, 12, 20)}), {"BTW-02B"}),
    "BTW-02E": (
        [a_list(year, listed()) for year in THREE],
        need({**NEWLY, **LATER, "household_code": "HN-9"}, **NEXT_YEAR), {"BTW-02E"}),
    "a newcomer with three lists": (
        [a_list(year, listed()) for year in THREE], need({**LATER, "household_code": "HN-9"}, **NEXT_YEAR), {"BTW-02"}),
    "BTW-05": ([a_list(2022, listed())], need({**NEWLY, "left_list_date": date(2021, 12, 22)}), {"BTW-05"}),
    "asked as newly escaped, without a loan": (
        [a_list(2022, listed())],
        need({**NEWLY, "left_list_date": date(2021, 12, 22), **NO_LOAN, "outcome": "Rút đề nghị"}),
        {"BTW-01"}),
    "BTW-06": ([a_list(2022, listed(has_no_labour_capacity="x"))], need(), {"BTW-06"}),
    "no labour, and not eligible": (
        [a_list(2022, listed(has_no_labour_capacity="x"))],
        need({**SURVEYED, "is_eligible": None, "ineligible_reason": "Không có lao động"}), set()),
    "BTW-07 no mark": ([a_list(2023, listed())], need(**FOURTH), {"BTW-07"}),
    "BTW-07 no loan": ([a_list(2023, listed(**MARKED))], need(SURVEYED, **FOURTH), {"BTW-07"}),
    "BTW-07 not in the return": (
        [a_list(2023, listed(), listed("HN-2", head_citizen_id=None, **MARKED))], need(SURVEYED, **FOURTH), {"BTW-07"}),
    "a loan and its mark": ([a_list(2023, listed(**MARKED))], need(**FOURTH), set()),
    "an older loan and a mark": ([a_list(2023, listed(**MARKED))], need({**SURVEYED, "outstanding_vnd": 30_000_000}, **FOURTH), set()),
    "a loan after the visit": (
        [a_list(2023, listed())], need({"request_date": date(2023, 9, 20), "disbursement_date": date(2023, 10, 4)}, **FOURTH), set()),
    "BTW-04": ([a_list(2022, listed())], need({"citizen_id": "080060001235"}), {"BTW-04"}),
    "another name, another card": ([a_list(2022, listed())], need({"borrower_name": "Lê Con Trai", "citizen_id": "080090001235"}), set()),
    "no card": ([a_list(2022, listed())], need({"citizen_id": None}), set()),
    "a trainee on the list": ([a_list(2022, listed())], trainee(), set()),
    "BTW-03": ([a_list(2022, listed())], trainee(TRAINED), {"BTW-03"}),
    "known by the card": ([a_list(2022, listed(), listed("HN-2", head_citizen_id="080080001235", name="Tên Cũ"))], trainee(
        {**TRAINED, "citizen_id": "080080001235", "household_code": "HN-2"}), set()),
    "known by the name": ([a_list(2022, listed(), listed("HN-2", head_citizen_id=None, name="TRẦN  người lạ"))], trainee(
        {**TRAINED, "household_code": "HN-2"}), set()),
    "a stranger who only wants a course": ([a_list(2022, listed())], trainee(
        {**TRAINED, "training_status": None, "enrolment_date": None, "completion_date": None, "household_code": "HN-9"}), set()),
    "BTW-03B": ([a_list(2022, listed())], trainee({"household_class": "Hộ cận nghèo"}), {"BTW-03B"}),
    "BTW-04T": ([a_list(2022, listed())], trainee({"citizen_id": "080060001235"}), {"BTW-04T"}),
    "BTW-08": ([a_list(2022, listed())], trainee({}, {
        "person_name": "Lê Con Trai", "citizen_id": None, "birth_date": date(1990, 5, 2)}), {"BTW-08"}),
    "two courses of one person": ([a_list(2022, listed())], trainee(
        {"requested_trade": "Sửa xe máy"}, {"requested_trade": "May", "need_date": date(2023, 4, 3)}), set()),
}  # fmt: skip
"""Case -> lists on file, the return that is judged, the rules between forms that must fire."""

SAID = {
    "BTW-01": "Ngày 01/03/2023 danh sách 2022 (v1) ghi hộ HN-001: Hộ nghèo",
    "BTW-01 without a day": "Ngày 01/01/2023 danh sách 2022 (v1) ghi hộ HN-001: Hộ mới thoát nghèo",
    "BTW-02E": "đã so với 2021 (v1), 2022 (v1), 2023 (v1)",
    "BTW-02B": "ra khỏi danh sách ngày 22/12/2022",
    "BTW-07 no mark": "danh sách 2023 (v1) không ghi",
    "BTW-08": "2 người đăng ký, danh sách 2022 (v1) ghi 1 nhân khẩu",
}
"""Case -> what its reason says, beside the list and its version."""


def test_every_rule_between_forms_fires_on_its_example_and_nothing_else(warehouse: Settings, conn: psycopg.Connection) -> None:
    places = dict(zip(CASES, villages(conn), strict=False))
    assert places.keys() == CASES.keys()
    for number, (name, (lists, built, _)) in enumerate(CASES.items()):
        for a_year in lists:
            send(warehouse, a_year, places[name], f"{number:03}-{a_year.cover['period']}.xlsx")
        send(warehouse, built, places[name], f"{number:03}.xlsx", RECEIVED - timedelta(days=1))
    judge(warehouse)
    fired: dict[str, dict[str, str]] = defaultdict(dict)
    for commune, code, vi, en in conn.execute(
        "select s.commune_code, f.rule_code, f.reason_vi, f.reason_en from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id) where f.rule_code like 'BTW%'"
    ):
        fired[commune][code] = f"{vi} | {en}"
    wrong = {
        name: (fired[places[name][0]].keys() - codes, codes - fired[places[name][0]].keys())
        for name, (*_, codes) in CASES.items()
        if fired[places[name][0]].keys() != codes
    }
    assert wrong == {}, "case: (fired although it should not, did not fire)"
    own = {rule.code for rule in load_rules() if rule.code.startswith("BTW") and rule.form in ("credit", "training")}
    assert own - {code for *_, codes in CASES.values() for code in codes} == {"BTW-09", "BTW-09T"}, "with a test of their own, below"
    for name, words in SAID.items():
        assert words in "".join(fired[places[name][0]].values()), name
    for reasons in fired.values():
        assert all("(v1)" in reason and "Thử Nghiệm" not in reason for reason in reasons.values())

    severity = {rule.code: rule.severity for rule in load_rules()}
    unsound = conn.execute(
        "select s.commune_code, s.period_key, array_agg(distinct f.rule_code) from audit.submission as s "
        "inner join audit.failing_row as f using (submission_id) where s.state = 'returned' group by 1, 2"
    ).fetchall()
    returned = {places[name][0] for name, (*_, codes) in CASES.items() if any(severity[code] == "error" for code in codes)}
    assert {commune for commune, _, _ in unsound} == returned, unsound


def findings(conn: psycopg.Connection, run_id: UUID) -> list[tuple[str, str]]:
    return conn.execute(
        "select rule_code, reason_en from audit.failing_row where run_id = %s and origin = 'rule' order by rule_code", (run_id,)
    ).fetchall()


def state(conn: psycopg.Connection, form: str) -> list[str]:
    return [row[0] for row in conn.execute("select state from audit.submission where form_code = %s order by version", (form,))]


def compared(conn: psycopg.Connection, run_id: UUID) -> list[str]:
    """Which lists a run compared the loan with, by year and version."""
    return [
        row[0]
        for row in conn.execute(
            "select o.period_key || ' v' || o.version from audit.validation_compared as c "
            "inner join intake.submission as o on c.compared_id = o.submission_id where c.run_id = %s order by 1",
            (run_id,),
        )
    ]


def test_a_list_that_changes_has_its_loans_judged_again_and_nothing_is_returned(warehouse: Settings, conn: psycopg.Connection) -> None:
    place = villages(conn)[0]
    loan = need({**NEWLY})
    send(warehouse, a_list(2022, escaped()), place, "list.xlsx")
    send(warehouse, loan, place, "loan.xlsx")
    first, counts = judge(warehouse)
    assert (counts["accepted"], counts["renewed"]) == (2, 0)
    assert compared(conn, first) == ["2022 v1"]
    assert findings(conn, first) == []

    _, counts = judge(warehouse)
    assert counts["renewed"] == 0, "nothing has changed"

    # The correction: it never escaped. A loan as newly escaped would now be an error, and yet is not returned.
    send(warehouse, a_list(2022, listed(), signed=date(2023, 11, 1)), place, "list corrected.xlsx", RECEIVED + timedelta(days=1))
    second, counts = judge(warehouse)
    assert (counts["accepted"], counts["returned"], counts["superseded"], counts["renewed"]) == (1, 0, 1, 1)
    assert compared(conn, second) == ["2022 v2"]
    assert [code for code, _ in findings(conn, second)] == ["BTW-05", "CRD-17"], "its one poor household is not on the form as poor"
    assert "the list 2022 (v2) has household HN-001 as poor" in findings(conn, second)[0][1]
    assert state(conn, "credit") == ["accepted"]
    kinds = conn.execute("select kind from audit.validation_run where run_id = %s order by round", (second,)).fetchall()
    assert kinds == [("accept",), ("recheck",)]

    # Withdrawn: what is in force is version 1 no more, since it was superseded; there is nothing to compare with.
    withdraw(warehouse, start_run(warehouse, "test"), str(newest_list(conn)), reason="wrong file", actor="tester")
    third, counts = judge(warehouse)
    assert counts["renewed"] == 1
    assert (compared(conn, third), findings(conn, third)) == ([], [])
    assert judge(warehouse)[1]["renewed"] == 0
    assert verify(warehouse) == []


def newest_list(conn: psycopg.Connection) -> UUID:
    row = conn.execute(
        "select submission_id from audit.submission where form_code = 'household_review' order by version desc limit 1"
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def test_the_first_cumulative_quarter_of_a_new_commune(warehouse: Settings, conn: psycopg.Connection) -> None:
    """27688 went into 27694 whole on 1 December 2024: the fourth quarter of 27694 holds what both had reported for the third."""
    third = {"period": "2024-Q3", "as_of_date": date(2024, 9, 30), "signed_date": date(2024, 10, 4)}
    fourth = {"period": "2024-Q4", "as_of_date": date(2024, 12, 31), "signed_date": date(2025, 1, 4)}
    lent = {"request_date": date(2024, 3, 1), "disbursement_date": date(2024, 4, 3)}
    taught = {**TRAINED, "need_date": date(2024, 2, 1), "enrolment_date": date(2024, 3, 6), "completion_date": date(2024, 6, 28)}
    for code, name in (("27688", "Phường 2"), ("27694", "Phường 1")):
        send(warehouse, need(lent, **third), (code, name), f"{code} vay.xlsx")
        send(warehouse, trainee(taught, **third), (code, name), f"{code} hoc.xlsx")
    here = ("27694", "Phường 1")
    send(warehouse, need(lent, **fourth), here, "quarter 4 vay.xlsx")
    send(warehouse, trainee(taught, **fourth), here, "quarter 4 hoc.xlsx")
    run_id, counts = judge(warehouse)
    assert (counts["accepted"], counts["returned"]) == (6, 0)
    found = dict(findings(conn, run_id))
    assert found["BTW-09"] == (
        "Disbursed 50000000 VND so far; the communes before had reported 100000000 VND (27688 2024-Q3 (v1), 27694 2024-Q3 (v1))"
    )
    assert found["BTW-09T"] == "1 courses; the communes before had reported 2 (27688 2024-Q3 (v1), 27694 2024-Q3 (v1))"

    both = need(lent, {**lent, "household_code": "HN-002", "citizen_id": None}, **{**fourth, "signed_date": date(2025, 1, 6)})
    send(warehouse, both, here, "quarter 4 vay sua.xlsx", RECEIVED + timedelta(days=1))
    assert "BTW-09" not in dict(findings(conn, judge(warehouse)[0]))
