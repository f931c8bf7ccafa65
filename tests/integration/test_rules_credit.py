"""Every rule on credit fires on its bad example, with its consequences and nothing else; the boundaries are silent.

One night judges a commune a case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from ingestion.contracts import load_form
from ingestion.findings import finding_types
from tests.support.workbooks import RECEIVED, CreditReturn, Return
from warehouse.reference_data import current
from warehouse.runs import start_run
from warehouse.settings import Settings

Change = Callable[[Return], Any]
Maker = Callable[[], Return]


def need(**values: Any) -> Change:
    return lambda built: built.rows["credit_need"][0].update(values)


def every_need(**values: Any) -> Change:
    return lambda built: [row.update(values) for row in built.rows["credit_need"]]


def another(**values: Any) -> Change:
    """One more row of the same household."""
    return lambda built: built.rows["credit_need"].append({**built.rows["credit_need"][0], "row_label": 2, **values})


def households(number: int, **last: Any) -> Change:
    """That many households with the same loan; the last one with these values."""

    def change(built: Return) -> None:
        first = built.rows["credit_need"][0]
        built.rows["credit_need"] = [{**first, "household_code": f"HN-{place:03}"} for place in range(number)]
        built.rows["credit_need"][-1].update(last)

    return change


def capital(row: int, **values: Any) -> Change:
    return lambda built: built.rows["credit_capital"][row].update(values)


def cover(**values: Any) -> Change:
    return lambda built: built.cover.update(values)


def together(*changes: Change) -> Change:
    def change(built: Return) -> None:
        for item in changes:
            item(built)

    return change


def good(_: Return) -> None:
    """The return as it is."""


NO_LOAN: dict[str, Any] = dict.fromkeys(("disbursed_vnd", "disbursement_date", "capital_source", "outstanding_vnd"))
PENDING: dict[str, Any] = {**NO_LOAN, "request_date": date(2023, 9, 1), "outcome": "Đang xét"}
SURVEYED: dict[str, Any] = {**NO_LOAN, **dict.fromkeys(("request_date", "requested_vnd", "programme_code", "outcome"))}
REFUSED: dict[str, Any] = {**PENDING, "outcome": "Từ chối", "refusal_reason": "Hộ không có lao động"}
NEWLY: dict[str, Any] = {"borrower_class": "Hộ mới thoát nghèo", "programme_code": "09"}
UNFIT: dict[str, Any] = {"is_eligible": None, "ineligible_reason": "Quá 3 năm"}
FIRST_QUARTER = cover(period="2023-Q1", as_of_date=date(2023, 3, 31), signed_date=date(2023, 4, 5))
NEXT_YEAR = cover(period="2024-Q1", as_of_date=date(2024, 3, 31), signed_date=date(2024, 4, 5))


def loan(amount: int, **values: Any) -> Change:
    return need(requested_vnd=amount, disbursed_vnd=amount, outstanding_vnd=amount, **values)


def left(day: date, requested: date, **values: Any) -> Change:
    """A household that left the list that day and asked on the other."""
    return need(**{**NEWLY, **PENDING, "outcome": "Rút đề nghị", "left_list_date": day, "request_date": requested, **values})


CASES: dict[str, tuple[Change, set[str]]] = {
    "good": (good, set()),
    "an empty list": (lambda built: built.rows["credit_need"].clear(), {"CRD-20"}),
    "a need that was only surveyed": (need(**SURVEYED), set()),
    "surveyed, without a need": (need(**{**SURVEYED, "has_need": None, "is_eligible": None}), set()),
    "surveyed, with an older loan": (need(**{**SURVEYED, "outstanding_vnd": 30_000_000}), set()),
    "noughts for nothing": (need(**{**SURVEYED, "requested_vnd": 0, "disbursed_vnd": 0}), set()),
    "noughts without a need": (need(**{**SURVEYED, "has_need": None, "is_eligible": None, "disbursed_vnd": 0}), set()),
    "pending, with noughts for the loan": (need(**{**PENDING, "disbursed_vnd": 0, "outstanding_vnd": 0}), set()),
    "a refused cell": (need(requested_vnd="năm mươi triệu"), {"NOT-A-NUMBER"}),
    "CRD-01 date": (need(request_date=None), {"CRD-01"}),
    "CRD-01 amount": (need(**{**PENDING, "requested_vnd": None}), {"CRD-01"}),
    "CRD-01 nought": (need(**{**PENDING, "requested_vnd": 0}), {"CRD-01"}),
    "CRD-01 nought, yet lent": (need(requested_vnd=0), {"CRD-01"}),
    "CRD-01 amount without outcome and date": (need(**{**SURVEYED, "requested_vnd": 50_000_000}), {"CRD-01"}),
    "CRD-02": (need(**NEWLY), {"CRD-02"}),
    "CRD-02W": (need(left_list_date=date(2022, 12, 22)), {"CRD-02W"}),
    "CRD-02W left after the request": (need(left_list_date=date(2023, 6, 1)), {"CRD-02W"}),
    "CRD-02W relapsed after long": (need(left_list_date=date(2015, 12, 22)), {"CRD-02W"}),
    "the last day of three years": (left(date(2020, 3, 1), date(2023, 3, 1)), set()),
    "CRD-03 the day after": (left(date(2020, 2, 29), date(2023, 3, 1)), {"CRD-03"}),
    "from 29 February": (left(date(2020, 2, 29), date(2023, 2, 28)), set()),
    "to 29 February": (together(NEXT_YEAR, left(date(2021, 3, 1), date(2024, 2, 29))), set()),
    "CRD-03 to 29 February": (together(NEXT_YEAR, left(date(2021, 2, 28), date(2024, 2, 29))), {"CRD-03"}),
    "too late, and not eligible": (left(date(2019, 12, 20), date(2023, 3, 1), **UNFIT), set()),
    "CRD-03 before it left": (left(date(2023, 3, 2), date(2023, 3, 1), **UNFIT), {"CRD-03"}),
    "asked on the day it left": (left(date(2023, 3, 1), date(2023, 3, 1)), set()),
    "CRD-04": (need(is_eligible=None), {"CRD-04"}),
    "CRD-04 on every row": (together(households(3), every_need(is_eligible=None)), {"CRD-04"}),
    "a need with a reason": (need(**{**SURVEYED, **UNFIT}), set()),
    "CRD-05 eligible": (need(**{**SURVEYED, "has_need": None}), {"CRD-05"}),
    "CRD-05 disbursed": (need(has_need=None, is_eligible=None), {"CRD-05"}),
    "CRD-06 amount": (need(disbursed_vnd=None), {"CRD-06"}),
    "CRD-06 date": (need(disbursement_date=None), {"CRD-06"}),
    "CRD-06 reason": (need(**{**REFUSED, "refusal_reason": None}), {"CRD-06"}),
    "CRD-06 approved": (
        need(outcome="Đã duyệt", request_date=date(2023, 7, 10), disbursement_date=date(2023, 8, 1)), {"CRD-06"}),
    "CRD-06 no outcome": (need(outcome=None), {"CRD-06"}),
    "CRD-06 withdrawn, with a date": (need(outcome="Rút đề nghị", disbursed_vnd=None), {"CRD-06"}),
    "refused": (need(**REFUSED), set()),
    "CRD-07 before the request": (need(disbursement_date=date(2023, 2, 28)), {"CRD-07"}),
    "CRD-07 last year": (need(request_date=date(2022, 12, 1), disbursement_date=date(2022, 12, 31)), {"CRD-07"}),
    "CRD-07 after the as-of date": (need(request_date=date(2023, 9, 1), disbursement_date=date(2023, 10, 1)), {"CRD-07"}),
    "CRD-07 asked after the as-of date": (need(**{**PENDING, "request_date": date(2023, 10, 1)}), {"CRD-07"}),
    "lent on the day of the request, 1 January": (need(request_date=date(2023, 1, 1), disbursement_date=date(2023, 1, 1)), set()),
    "lent on the as-of date": (need(request_date=date(2023, 9, 30), disbursement_date=date(2023, 9, 30)), set()),
    "carried over New Year, lent": (need(request_date=date(2022, 12, 1), disbursement_date=date(2023, 1, 4)), set()),
    "carried over New Year, pending 90 days": (
        together(FIRST_QUARTER, need(**{**PENDING, "request_date": date(2022, 12, 31)})), set()),
    "CRD-10 carried over, pending long": (
        together(FIRST_QUARTER, need(**{**PENDING, "request_date": date(2022, 12, 30)})), {"CRD-10"}),
    "CRD-08": (need(programme_code="19"), {"CRD-08"}),
    "CRD-08 newly escaped under 01": (need(borrower_class="Hộ mới thoát nghèo", left_list_date=date(2022, 12, 22)), {"CRD-08"}),
    "CRD-08B unknown": (need(programme_code="99"), {"CRD-08B"}),
    "CRD-08B missing": (need(programme_code=None), {"CRD-08B"}),
    "a programme for every class": (need(programme_code="02"), set()),
    "CRD-09W": (need(requested_vnd=40_000_000), {"CRD-09W"}),
    "CRD-09I": (need(requested_vnd=60_000_000), {"CRD-09I"}),
    "lent after 90 days": (need(request_date=date(2023, 1, 3)), set()),
    "CRD-10 lent after 91 days": (need(request_date=date(2023, 1, 2)), {"CRD-10"}),
    "pending for 90 days": (need(**{**PENDING, "request_date": date(2023, 7, 2)}), set()),
    "CRD-10 pending for 91 days": (need(**{**PENDING, "request_date": date(2023, 7, 1)}), {"CRD-10"}),
    "CRD-10 approved for 91 days": (need(**{**PENDING, "outcome": "Đã duyệt", "request_date": date(2023, 7, 1)}), {"CRD-10"}),
    "refused long ago": (need(**{**REFUSED, "request_date": date(2023, 1, 5)}), set()),
    "CRD-11": (need(**{**PENDING, "requested_vnd": 100_000_001}), {"CRD-11"}),
    "CRD-11 by the cap of its day": (
        need(**{**PENDING, "outcome": "Rút đề nghị", "requested_vnd": 60_000_000, "request_date": date(2019, 2, 28)}), {"CRD-11"}),
    "the cap of the next day": (
        need(**{**PENDING, "outcome": "Rút đề nghị", "requested_vnd": 60_000_000, "request_date": date(2019, 3, 1)}), set()),
    "above the cap, under another programme": (need(**{**PENDING, "requested_vnd": 500_000_000, "programme_code": "12"}), set()),
    "exactly the cap": (loan(100_000_000), set()),
    "CRD-12 one loan": (together(loan(100_000_001), need(outstanding_vnd=None)), {"CRD-11", "CRD-12"}),
    "CRD-12 two loans": (
        another(requested_vnd=50_000_001, disbursed_vnd=50_000_001, disbursement_date=date(2023, 5, 4)), {"CRD-12", "CRD-14W"}),
    "CRD-12 under two programmes": (
        another(requested_vnd=60_000_000, disbursed_vnd=60_000_000, programme_code="19"), {"CRD-08", "CRD-12"}),
    "two loans, one under another programme": (another(requested_vnd=60_000_000, disbursed_vnd=60_000_000, programme_code="02"), set()),
    "CRD-12W": (need(outstanding_vnd=100_000_001), {"CRD-12W"}),
    "CRD-12W in both rows": (
        together(need(outstanding_vnd=100_000_001), another(**{**PENDING, "outstanding_vnd": 100_000_001})),
        {"CRD-12W"}),
    "CRD-13": (need(outstanding_vnd=-1), {"CRD-13"}),
    "CRD-13W": (need(outstanding_vnd=0), {"CRD-13W"}),
    "an unknown debt": (need(outstanding_vnd=None), set()),
    "no debt under other programmes": (need(outstanding_vnd=0, programme_code="02"), set()),
    "CRD-13B": (another(**{**PENDING, "outstanding_vnd": 40_000_000}), {"CRD-13B"}),
    "a debt known in one row": (another(**PENDING), set()),
    "CRD-14": (together(need(**PENDING), another()), {"CRD-14"}),
    "CRD-14 a loan": (another(), {"CRD-14", "CRD-14W"}),
    "two people of one household were asked": (together(need(**SURVEYED), another(borrower_name="Người Thứ Hai")), set()),
    "CRD-14W": (another(requested_vnd=20_000_000, disbursed_vnd=20_000_000, disbursement_date=date(2023, 5, 30)), {"CRD-14W"}),
    "CRD-15 missing": (lambda built: built.rows["credit_capital"].pop(), {"CRD-15"}),
    "CRD-15 none": (lambda built: built.rows["credit_capital"].clear(), {"CRD-15"}),
    "CRD-15 twice": (lambda built: built.rows["credit_capital"].append(dict(built.rows["credit_capital"][0])), {"CRD-15"}),
    "CRD-15W": (capital(0, capital_available_vnd=49_999_999), {"CRD-15W"}),
    "CRD-15W of its source": (together(need(capital_source="2"), capital(1, capital_available_vnd=0)), {"CRD-15W"}),
    "all the capital was lent": (capital(0, capital_available_vnd=50_000_000), set()),
    "no capital for another programme": (together(need(programme_code="02"), capital(0, capital_available_vnd=0)), set()),
    "CRD-18 requested": (need(**{**PENDING, "requested_vnd": -1}), {"CRD-01", "CRD-18"}),
    "CRD-18 disbursed": (need(disbursed_vnd=-50_000_000), {"CRD-06", "CRD-18"}),
    "CRD-18B": (capital(2, capital_available_vnd=-1), {"CRD-18B"}),
    "CRD-19 millions": (loan(50), {"CRD-19"}),
    "CRD-19 thousands": (loan(50_000), {"CRD-19"}),
    "a small loan": (loan(1_000_000), set()),
    "a small rest of an older loan": (need(**{**SURVEYED, "outstanding_vnd": 400_000}), set()),
    "a small capital": (capital(2, capital_available_vnd=1_000_000), set()),
    "CRD-19B": (capital(2, capital_available_vnd=500), {"CRD-19B"}),
    "no needs met where no review is on file": (households(2), set()),
}  # fmt: skip


def quarter(*changes: Change, **values: Any) -> Maker:
    """An earlier return; of the second quarter where nothing else is said."""

    def make() -> Return:
        built = CreditReturn(**{"period": "2023-Q2", "as_of_date": date(2023, 6, 30), "signed_date": date(2023, 7, 4), **values})
        together(*changes)(built)
        return built

    return make


def review(number: int) -> Maker:
    """The review of 2022 with that many poor households of one person in a rural commune."""

    def make() -> Return:
        built = Return(period="2022", as_of_date=date(2022, 12, 14), signed_date=date(2022, 12, 27))
        home = {
            **built.rows["household_list"][0], "area_type": "NT", "head_citizen_id": None,
            "review_date": date(2022, 10, 3), "decision_date": date(2022, 12, 22),
        }  # fmt: skip
        person = {**built.rows["member_list"][0], "citizen_id": None}
        codes = [f"HN-{place:03}" for place in range(number)]
        built.rows["household_list"] = [{**home, "row_label": place, "household_code": code} for place, code in enumerate(codes, start=1)]
        built.rows["member_list"] = [{**person, "household_no": place, "household_code": code} for place, code in enumerate(codes, start=1)]
        built.rows["summary_7_1"][0].update(
            poor_households=number, poor_persons=number, poor_rate_pct=100 * number / 2500, poor_persons_pct=100 * number / 9000
        )
        for row in built.rows["movement_7_2"]:
            row.update(opening_count=number, closing_count=number)
        return built

    return make


FOURTH: dict[str, Any] = {"period": "2023-Q4", "as_of_date": date(2023, 12, 31), "signed_date": date(2024, 1, 5)}
CORRECTED = quarter(loan(30_000_000), signed_date=date(2023, 7, 20))
LENT_NEXT_YEAR = together(NEXT_YEAR, need(request_date=date(2024, 1, 10), disbursement_date=date(2024, 2, 1)))
BIG_CAPITAL = capital(0, capital_available_vnd=2_000_000_000)

HISTORY: dict[str, tuple[list[Maker], Change, set[str]]] = {
    "good after good": ([quarter()], good, set()),
    "a second loan of the year": ([quarter(loan(30_000_000))], good, set()),
    "CRD-16 less": ([quarter()], loan(40_000_000), {"CRD-16"}),
    "CRD-16 missing": ([quarter()], need(household_code="HN-002"), {"CRD-16"}),
    "CRD-16 an empty list": ([quarter()], lambda built: built.rows["credit_need"].clear(), {"CRD-16", "CRD-20"}),
    "CRD-16 a quarter was left out": (
        [quarter(period="2023-Q1", as_of_date=date(2023, 4, 5), signed_date=date(2023, 4, 6))], loan(40_000_000), {"CRD-16"}),
    "no less than the correction": ([quarter(), CORRECTED], loan(30_000_000), set()),
    "CRD-16 less than the correction": ([quarter(), CORRECTED], loan(20_000_000), {"CRD-16"}),
    "less than a return that was sent back": ([quarter(need(is_eligible=None))], loan(40_000_000), set()),
    "a quarter that comes after the next one is judged by itself": (
        [quarter(period="2023-Q4", as_of_date=date(2023, 12, 31), signed_date=date(2024, 1, 5))], loan(40_000_000), set()),
    "silent where a cell was refused": ([quarter()], need(disbursed_vnd="bốn mươi"), {"NOT-A-NUMBER"}),
    "a new year begins at nought": ([quarter(**FOURTH)], together(NEXT_YEAR, lambda built: built.rows["credit_need"].clear()), {"CRD-20"}),
    "CRD-14W over the New Year": ([quarter(need(disbursement_date=date(2023, 4, 3)), **FOURTH)], LENT_NEXT_YEAR, {"CRD-14W"}),
    "twelve months later": (
        [quarter(need(request_date=date(2023, 1, 10), disbursement_date=date(2023, 2, 1)), **FOURTH)], LENT_NEXT_YEAR, set()),
    "CRD-17": ([review(10)], together(BIG_CAPITAL, households(8)), {"CRD-17"}),
    "nine of ten are listed": ([review(10)], together(BIG_CAPITAL, households(9)), set()),
    "one need is pending": ([review(10)], together(BIG_CAPITAL, households(8, **{**PENDING, "disbursed_vnd": 0})), set()),
    "one need was refused": ([review(10)], together(BIG_CAPITAL, households(8, **REFUSED)), set()),
    "CRD-17 one served by an older loan": (
        [review(10)],
        together(BIG_CAPITAL, households(8, outcome=None, disbursed_vnd=None, disbursement_date=None, capital_source=None)), {"CRD-17"}),
    "CRD-17 the newly escaped do not count": (
        [review(10)], together(BIG_CAPITAL, households(9, **NEWLY, left_list_date=date(2022, 12, 22))), {"CRD-17", "BTW-05"}),
    "an empty list after a review": ([review(10)], lambda built: built.rows["credit_need"].clear(), {"CRD-20"}),
}  # fmt: skip


SAID: dict[tuple[str, str], tuple[list[str | None], str]] = {
    ("CRD-12 two loans", "CRD-12"): (["P6", "P7"], "Hộ HN-001 được giải ngân 100.000.001, mức tối đa 100.000.000"),
    ("CRD-12W in both rows", "CRD-12W"): (["S6"], "Dư nợ 100.000.001"),
    ("CRD-13B", "CRD-13B"): (["S6", "S7"], "từ 40.000.000 đến 50.000.000"),
    ("CRD-14", "CRD-14"): (["B6", "B7"], "dòng đầu là dòng 6"),
    ("CRD-14W", "CRD-14W"): (["Q6", "Q7"], "(dòng 7)"),
    ("CRD-14W over the New Year", "CRD-14W"): (["Q6"], "báo cáo 2023-Q4, phiên bản 1"),
    ("CRD-15 missing", "CRD-15"): ([None], "Thiếu dòng: Hộ mới thoát nghèo, nguồn 2"),
    ("CRD-15 none", "CRD-15"): ([None] * 6, "Thiếu dòng"),
    ("CRD-16 less than the correction", "CRD-16"): (["P6"], "báo cáo 2023-Q2, phiên bản 2, ghi 30.000.000"),
    ("CRD-16 a quarter was left out", "CRD-16"): (["P6"], "return 2023-Q1, version 1"),
    ("CRD-16 missing", "CRD-16"): ([None], "Hộ HN-001 không có trong danh sách"),
    ("CRD-17", "CRD-17"): ([None], "8 trên 10 hộ"),
    ("CRD-19 millions", "CRD-19"): (["K6"], "hệ số 1.000.000, tức là 50.000.000"),
    ("CRD-19 thousands", "CRD-19"): (["K6"], "hệ số 1.000, tức là 50.000.000"),
}
"""(case, code) -> the cells it points at, and what its first reason says."""


def test_every_credit_rule_fires_on_its_example_and_nothing_else(warehouse: Settings, conn: psycopg.Connection) -> None:
    villages = iter(sorted(
        (code, name) for code, name, area, valid_to in current(conn, "unit", "code, name_vi, area_type, valid_to")
        if len(code) == 5 and area == "rural" and valid_to is not None and valid_to.year == 2025
    ))  # fmt: skip
    expected: dict[tuple[str, str], tuple[str, set[str]]] = {}
    cases = {**{name: ([], *case) for name, case in CASES.items()}, **HISTORY}
    for number, (name, (before, change, codes)) in enumerate(cases.items()):
        commune, commune_name = next(villages)
        for place, make in enumerate(before):
            _write(warehouse, make(), commune, commune_name, f"{number:03}-{place}", number)
        built = CreditReturn()
        change(built)
        _write(warehouse, built, commune, commune_name, f"{number:03}", number)
        expected[commune, built.cover["period"]] = (name, codes)

    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)

    rules = {rule.code: rule for rule in load_rules() if rule.code.startswith("CRD")}
    fired: dict[tuple[str, str], dict[str, list[tuple[str | None, str]]]] = defaultdict(lambda: defaultdict(list))
    for commune, period, code, vi, en, cell in conn.execute(
        "select s.commune_code, s.period_key, f.rule_code, f.reason_vi, f.reason_en, f.cell from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id) where s.form_code = 'credit' order by f.row_number, f.cell"
    ):
        fired[commune, period][code].append((cell, f"{vi} | {en}"))
        assert vi.strip(), code
        assert en.strip(), code
    wrong = {
        name: (fired[key].keys() - codes, codes - fired[key].keys())
        for key, (name, codes) in expected.items()
        if fired[key].keys() != codes
    }
    assert wrong == {}, "case: (fired although it should not, did not fire)"

    severities = {code: kind.severity for code, kind in finding_types().items()} | {rule.code: rule.severity for rule in load_rules()}
    states = {
        (commune, period): state
        for commune, period, state in conn.execute(
            "select commune_code, period_key, state from audit.submission where form_code = 'credit'"
        )
    }
    for key, (name, codes) in expected.items():
        returned = any(severities[code] == "error" for code in codes)
        assert states[key] == ("returned" if returned else "accepted"), name
    assert rules.keys() - {code for _, codes in expected.values() for code in codes} == set(), "rules without an example"

    found = {name: fired[key] for key, (name, _) in expected.items()}
    for (name, code), (cells, words) in SAID.items():
        assert [cell for cell, _ in found[name][code]] == cells, name
        assert words in found[name][code][0][1], name
    accepted = conn.execute("select count(*) from audit.submission where form_code = 'household_review' and state <> 'accepted'").fetchone()
    assert accepted == (0,)


def test_a_code_that_came_back_for_other_ground_is_not_compared(warehouse: Settings, conn: psycopg.Connection) -> None:
    """27694 was Phường 1 until 30/6/2025 and is Phường Long An since."""
    before = CreditReturn(period="2025-Q2", as_of_date=date(2025, 6, 30), signed_date=date(2025, 7, 4), commune_name="Phường 1")
    after = CreditReturn(period="2025-Q3", as_of_date=date(2025, 9, 30), signed_date=date(2025, 10, 4), commune_name="Phường Long An")
    for built in (before, after):
        need(request_date=date(2025, 3, 1), disbursement_date=date(2025, 4, 3))(built)
    after.rows["credit_need"].clear()
    before.write(warehouse.inbox_dir, "q2.xlsx")
    after.write(warehouse.inbox_dir, "q3.xlsx", RECEIVED + timedelta(days=1))
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    assert validate_pending(warehouse, run)["accepted"] == 2
    assert conn.execute("select array_agg(rule_code) from audit.failing_row where rule_code like 'CRD%'").fetchone() == (["CRD-20"],)


def test_a_night_of_empty_cells_alone(warehouse: Settings, conn: psycopg.Connection) -> None:
    """A rule on one column has nothing to test: that is no failure of the night."""
    unknown = CreditReturn(commune_code="27697", commune_name="Phường 2")
    need(outstanding_vnd=None)(unknown)
    unknown.write(warehouse.inbox_dir, "vay von.xlsx")
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    assert validate_pending(warehouse, run)["accepted"] == 1


def test_the_labels_of_codes_are_those_of_the_contract(conn: psycopg.Connection) -> None:
    for sheet in ("credit_need", "credit_capital"):
        for column in load_form("credit").sheet(sheet).columns:
            for label, code in (column.codes or {}).items():
                assert conn.execute("select intake.credit_label_of(%s)", (code,)).fetchone() == (label,)


def _write(settings: Settings, built: Return, commune: str, name: str, file: str, number: int) -> None:
    built.cover.update(commune_code=commune, commune_name=name)
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows.get(sheet, []):
            row["commune_name"] = name
    # A correction comes after what it corrects.
    minutes = 10 * number + (int(file.rsplit("-", 1)[1]) if "-" in file else 5)
    built.write(settings.inbox_dir, f"{file}.xlsx", RECEIVED + timedelta(minutes=minutes))
