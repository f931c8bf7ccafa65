"""Every rule of the household review fires on its bad example, with its consequences and nothing else.

One night judges a commune a case, so that the whole catalogue costs one pass of Great Expectations.
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
from ingestion.findings import finding_types
from tests.support.lists import MONTHS
from tests.support.workbooks import RECEIVED, Return
from warehouse.reference_data import current
from warehouse.runs import start_run
from warehouse.settings import Settings

Change = Callable[[Return], Any]


def household(**values: Any) -> Change:
    return lambda built: built.rows["household_list"][0].update(values)


def member(**values: Any) -> Change:
    return lambda built: built.rows["member_list"][0].update(values)


def summary(**values: Any) -> Change:
    return lambda built: built.rows["summary_7_1"][0].update(values)


def form_7_2(row: int, **values: Any) -> Change:
    return lambda built: built.rows["movement_7_2"][row].update(values)


def form_7_3(row: int, **values: Any) -> Change:
    return lambda built: built.rows["movement_7_3"][row].update(values)


def cover(**values: Any) -> Change:
    return lambda built: built.cover.update(values)


def together(*changes: Change) -> Change:
    def change(built: Return) -> None:
        for item in changes:
            item(built)

    return change


def second_household(built: Return, **values: Any) -> None:
    """One more poor household of one person, in the list, among the members and in the forms."""
    first, person = built.rows["household_list"][0], built.rows["member_list"][0]
    new = {
        **first,
        "row_label": 2,
        "household_code": "HN-002",
        "head_citizen_id": f"080065{str(first['head_citizen_id'])[6:]}",
        "head_birth_date": date(1965, 2, 3),
        **values,
    }
    built.rows["household_list"].append(new)
    built.rows["member_list"].append(
        {
            **person,
            "household_no": 2,
            "household_code": new["household_code"],
            "citizen_id": new["head_citizen_id"],
            "birth_year_male": 1965,
            "birth_date": date(1965, 2, 3),
        }
    )
    count_forms(built, 2)


def count_forms(built: Return, poor: int) -> None:
    """Forms that say: ``poor`` poor households of one person, no movement."""
    summary(poor_households=poor, poor_persons=poor, poor_rate_pct=100 * poor / 2500, poor_persons_pct=100 * poor / 9000)(built)
    for row in range(2):
        form_7_2(row, opening_count=poor, closing_count=poor)(built)


def became(opening: str, closing: str, movement: str, **values: Any) -> Change:
    """The household changes class: forms follow."""

    def change(built: Return) -> None:
        poor, near = closing == "Hộ nghèo", closing == "Hộ cận nghèo"
        household(opening_class=opening, closing_class=closing, movement=movement, **values)(built)
        summary(
            poor_households=int(poor), poor_persons=int(poor), near_poor_households=int(near), near_poor_persons=int(near),
            poor_rate_pct=0.04 * poor, poor_persons_pct=0.01 * poor, near_poor_rate_pct=0.04 * near, near_poor_persons_pct=0.01 * near,
        )(built)  # fmt: skip
        for row in range(2):
            form_7_2(row, opening_count=int(opening == "Hộ nghèo"), closing_count=int(poor))(built)
            form_7_3(row, opening_count=int(opening == "Hộ cận nghèo"), closing_count=int(near))(built)
        if closing not in ("Hộ nghèo", "Hộ cận nghèo"):
            built.rows["member_list"].clear()

    return change


NOT_POOR = {"score_b1": 200, "cause_lack_labour": None}
ESCAPED = together(
    became("Hộ nghèo", "Hộ không nghèo", "Thoát nghèo", left_list_date=date(2023, 12, 22), **NOT_POOR),
    form_7_2(0, left_above_near_poor=1),
    form_7_2(1, left_above_near_poor=1),
)
UNKNOWN = ("score_b1", "score_b2", "review_date", "decision_number", "decision_date")
UNMARKED = ("dep_employment", "dep_housing_quality", "dep_telecom", "cause_lack_labour")
NO_SURVEY = dict.fromkeys((*UNKNOWN, *UNMARKED))
LEFT = together(
    became("Hộ nghèo", "Không thuộc địa bàn", "Chuyển đi", **NO_SURVEY), form_7_2(0, other_decrease=1), form_7_2(1, other_decrease=1)
)
TWO_PEOPLE: list[dict[str, Any]] = [
    {"member_no": 1, "member_name": "Nguyễn Thử Nghiệm", "birth_year_male": 1960, "relation_to_head": "Chủ hộ", "household_code": "HN-001"},
    {"member_no": 2, "member_name": "Người Hai", "birth_year_female": 1961, "relation_to_head": "Vợ", "household_code": "HN-001"},
]
NEWLY = together(became("Hộ không nghèo", "Hộ nghèo", "Nghèo phát sinh mới"), form_7_2(0, newly_poor=1), form_7_2(1, newly_poor=1))
CLOSING_OFF = {"HHR-27", "HHR-29", "HHR-31"}

CASES: dict[str, tuple[Change, set[str]]] = {
    "good": (lambda _: None, set()),
    "good, escaped": (ESCAPED, set()),
    "HHR-19": (household(area_type="NT"), {"HHR-19"}),
    "HHR-19I": (lambda built: second_household(built, area_type="NT"), {"HHR-19", "HHR-19I"}),
    "good, newly poor": (NEWLY, set()),
    "BTW-11W": (cover(commune_name="Xã Khác"), {"BTW-11W", "HHR-35W"}),
    "BTW-12 signed before the period": (
        cover(signed_date=date(2022, 12, 27), as_of_date=date(2022, 12, 20)), {"BTW-12", "HHR-17W", "HHR-18E"}),
    "BTW-12 signed long before the as-of date": (
        cover(signed_date=date(2023, 12, 25), as_of_date=date(2024, 1, 31)), {"BTW-12"}),
    "BTW-12 one signatory": (
        cover(approved_by="người lập thử", approver_title="Công chức"), {"BTW-12"}),
    "BTW-12W": (cover(signed_date=date(2023, 12, 25), as_of_date=date(2023, 12, 31)), {"BTW-12W"}),
    "HHR-01 repeated": (lambda built: second_household(built, household_code="HN-001"), {"HHR-01", "HHR-10"}),
    "HHR-01 missing": (household(household_code=None), {"HHR-01", "HHR-09"}),
    "HHR-02": (household(movement="Tái nghèo"), {"HHR-02", "HHR-29", "HHR-30"}),
    "HHR-03": (household(score_b1=150, area_type="NT"), {"HHR-03", "HHR-19"}),
    "HHR-04": (household(score_b2=40), {"HHR-04"}),
    "HHR-05": (household(score_b1=-1), {"HHR-05"}),
    "HHR-05W": (household(score_b1=0), {"HHR-05W"}),
    "HHR-06": (household(review_date=None), {"HHR-06"}),
    "HHR-06B": (household(opening_class=None), {"HHR-06B", "HHR-29", "HHR-30"}),
    "HHR-07": (
        together(household(member_count=0), summary(poor_persons=0, poor_persons_pct=0), lambda built: built.rows["member_list"].clear(),
                 form_7_2(1, closing_count=0, other_decrease=1)),
        {"HHR-07", "HHR-26", "HHR-34"}),
    "HHR-08": (
        together(household(member_count=2, opening_member_count=2), summary(poor_persons=2, poor_persons_pct=0.02),
                 form_7_2(1, opening_count=2, closing_count=2)),
        {"HHR-08"}),
    "HHR-08W": (together(ESCAPED, lambda built: built.rows["member_list"].extend(TWO_PEOPLE)), {"HHR-08W"}),
    "HHR-09": (lambda built: built.rows["member_list"].append({**TWO_PEOPLE[1], "household_code": "HN-999"}), {"HHR-09"}),
    "HHR-10": (member(relation_to_head="Vợ"), {"HHR-10"}),
    "HHR-10W": (member(member_name="Tên Khác"), {"HHR-10W"}),
    "HHR-11": (member(birth_year_female=1960), {"HHR-11"}),
    "HHR-11W": (
        together(member(birth_year_male=1900, birth_date=None, citizen_id=None), household(head_birth_date=1900, head_citizen_id=None)),
        {"HHR-11W"}),
    "HHR-12": (member(birth_date=date(1961, 5, 2)), {"HHR-12"}),
    "HHR-13 province": (together(member(citizen_id="999060001234"), household(head_citizen_id="999060001234")), {"HHR-13"}),
    "HHR-13 sex": (together(member(citizen_id="080160001234"), household(head_citizen_id="080160001234")), {"HHR-13"}),
    "HHR-13 year": (together(member(citizen_id="080061001234"), household(head_citizen_id="080061001234")), {"HHR-13"}),
    "HHR-13 length": (
        together(member(citizen_id="08006000123"), household(head_citizen_id="0800600012345")), {"HHR-13", "HHR-10W", "ID-11-DIGITS"}),
    "HHR-14": (
        together(
            household(member_count=2, opening_member_count=2), summary(poor_persons=2, poor_persons_pct=0.02),
            form_7_2(1, opening_count=2, closing_count=2),
            lambda built: built.rows["member_list"].append(
                {**built.rows["member_list"][0], "member_no": 2, "relation_to_head": "Anh", "member_name": "Người Hai"})),
        {"HHR-14"}),
    "HHR-14 heads without member rows": (
        together(
            ESCAPED, lambda built: built.rows["household_list"].append(
                {**built.rows["household_list"][0], "row_label": 2, "household_code": "HN-002"}),
            form_7_2(0, opening_count=2, left_above_near_poor=2), form_7_2(1, opening_count=2, left_above_near_poor=2)),
        {"HHR-14"}),
    "HHR-15 of a member": (
        together(household(review_date=date(2025, 1, 2)), member(citizen_id="300123456")),
        {"HHR-15", "HHR-10W", "HHR-17W", "HHR-18", "HHR-18E"}),
    "a refused 4 is no blank one": (together(LEFT, form_7_2(0, other_decrease="hai")), {"NOT-A-NUMBER"}),
    "HHR-16": (household(left_list_date=date(2023, 12, 22)), {"HHR-16"}),
    "HHR-16 missing": (together(ESCAPED, household(left_list_date=None)), {"HHR-16"}),
    "HHR-16W": (together(ESCAPED, household(left_list_date=date(2023, 12, 21))), {"HHR-16W"}),
    "HHR-17": (household(decision_number=None), {"HHR-17"}),
    "HHR-17W": (household(review_date=date(2023, 12, 1), decision_date=date(2023, 12, 2)), {"HHR-17W"}),
    "HHR-18": (household(review_date=date(2023, 8, 31)), {"HHR-18"}),
    "HHR-18E": (household(review_date=date(2023, 12, 28), decision_date=date(2023, 12, 22)), {"HHR-18", "HHR-18E", "HHR-17W"}),
    "HHR-15": (household(head_citizen_id="300123456", review_date=date(2025, 1, 2)), {"HHR-15", "HHR-10W", "HHR-17W", "HHR-18", "HHR-18E"}),
    "HHR-20": (together(household(is_average_living_standard="x"), summary(average_households=1, average_persons=3,
               average_rate_pct=0.04, average_persons_pct=0.03)), {"HHR-20"}),
    "HHR-21": (household(is_ethnic_minority="x"), {"HHR-21"}),
    "HHR-21B": (household(ethnicity="Người Lạ"), {"HHR-21B"}),
    "HHR-22": (household(cause_lack_labour=None), {"HHR-22"}),
    "HHR-22I": (household(**{f"cause_{name}": "x" for name in ("lack_land", "lack_capital", "lack_tools", "lack_skill")}), {"HHR-22I"}),
    "HHR-23": (
        together(household(dep_dependency="x", dep_telecom=None, head_birth_date=1980, head_citizen_id=None),
                 member(birth_year_male=1980, birth_date=None, citizen_id=None)),
        {"HHR-23"}),
    "HHR-23B": (household(dep_nutrition="x", dep_telecom=None), {"HHR-23B"}),
    "HHR-24": (together(household(has_no_labour_capacity="x"), member(activity_status="có việc làm")), {"HHR-24"}),
    "HHR-26": (
        together(household(opening_member_count=3), form_7_2(1, opening_count=3, other_decrease=2)), {"HHR-26"}),
    "HHR-27": (summary(poor_households=2, poor_rate_pct=0.08, poor_persons=2, poor_persons_pct=0.02), {"HHR-27", "HHR-28"}),
    "HHR-28": (summary(poor_persons=2, poor_persons_pct=0.02), {"HHR-28"}),
    "HHR-29": (form_7_2(0, closing_count=2), CLOSING_OFF),
    "HHR-30": (form_7_2(1, opening_count=2, other_decrease=1), {"HHR-30"}),
    "HHR-31": (form_7_2(0, relapsed=1), {"HHR-29", "HHR-31"}),
    "HHR-31W persons": (form_7_2(1, relapsed=1), {"HHR-30", "HHR-31W"}),
    "HHR-31W blank 4 explained": (together(LEFT, form_7_2(0, other_decrease=None), form_7_2(1, other_decrease=None)), {"HHR-31W"}),
    "HHR-32": (form_7_3(0, joined_from_poor=1), {"HHR-29", "HHR-31", "HHR-32"}),
    "HHR-33": (summary(average_households=2500, average_rate_pct=100, average_persons=2500, average_persons_pct=2500 / 90), {"HHR-33"}),
    "HHR-34": (summary(average_households=3, average_persons=2, average_rate_pct=0.12, average_persons_pct=0.02), {"HHR-34"}),
    "HHR-34W": (summary(total_persons=25000, poor_persons_pct=0), {"HHR-34W"}),
    "HHR-35 surplus": (lambda built: built.rows["movement_7_3"].append(dict(built.rows["movement_7_3"][0])), {"HHR-35"}),
    "HHR-35 missing": (lambda built: built.rows["movement_7_3"].pop(), {"HHR-35"}),
    "HHR-35W": (summary(commune_name="Xã Khác"), {"HHR-35W"}),
    "HHR-36": (summary(poor_rate_pct=4), {"HHR-36"}),
    "HHR-37": (
        together(ESCAPED, household(is_average_living_standard="x")), {"HHR-37"}),
    "HHR-41": (
        together(lambda built: built.rows["household_list"].clear(), lambda built: built.rows["member_list"].clear(),
                 lambda built: count_forms(built, 0)),
        {"HHR-41"}),
}  # fmt: skip


def last_year() -> Return:
    """The good return of 2022: the household was poor then too."""
    built = Return(period="2022", as_of_date=date(2022, 12, 14), signed_date=date(2022, 12, 27))
    household(review_date=date(2022, 10, 3), decision_date=date(2022, 12, 22))(built)
    return built


def six_more(built: Return, first: int = 2) -> None:
    for number in range(first, first + 6):
        built.rows["household_list"].append(
            {**built.rows["household_list"][0], "row_label": number, "household_code": f"HN-{number:03}", "head_citizen_id": None}
        )
        built.rows["member_list"].append({**built.rows["member_list"][0], "household_code": f"HN-{number:03}", "citizen_id": None})
    count_forms(built, len(built.rows["household_list"]))


HISTORY: dict[str, tuple[Change, Change, set[str]]] = {
    "good after good": (lambda _: None, lambda _: None, set()),
    "HHR-25": (lambda _: None, NEWLY, {"HHR-25", "HHR-38", "HHR-39B"}),
    "HHR-26B": (lambda _: None, together(household(head_citizen_id="080060009999"), member(citizen_id="080060009999")), {"HHR-26B"}),
    "HHR-38 and 39": (lambda built: second_household(built), lambda _: None, {"HHR-38", "HHR-39"}),
    "HHR-38E": (six_more, lambda _: None, {"HHR-38E", "HHR-39"}),
    "HHR-40": (summary(total_households=2000, poor_rate_pct=0.05, near_poor_rate_pct=0), lambda _: None, {"HHR-40"}),
}


def test_every_rule_fires_on_its_example_and_nothing_else(warehouse: Settings, conn: psycopg.Connection) -> None:
    towns = iter(sorted(
        (code, name) for code, name, area, valid_to in current(conn, "unit", "code, name_vi, area_type, valid_to")
        if len(code) == 5 and area == "urban" and valid_to is not None and valid_to.year == 2025
    ))  # fmt: skip
    expected: dict[str, tuple[str, set[str]]] = {}
    for number, (name, (change, codes)) in enumerate(CASES.items()):
        commune, commune_name = next(towns, ("", ""))
        if not commune:  # more cases than urban communes: go on in rural ones, where the area is rural
            break
        _write(warehouse, change, commune, commune_name, number)
        expected[commune] = (name, codes)
    rest = list(CASES.items())[len(expected) :]
    villages = iter(sorted(
        (code, name) for code, name, area, valid_to in current(conn, "unit", "code, name_vi, area_type, valid_to")
        if len(code) == 5 and area == "rural" and valid_to is not None and valid_to.year == 2025
    ))  # fmt: skip
    for number, (name, (change, codes)) in enumerate(rest, start=len(expected)):
        commune, commune_name = next(villages)
        _write(warehouse, together(household(area_type="NT"), change), commune, commune_name, number)
        expected[commune] = (name, codes)
    for number, (name, (before, change, codes)) in enumerate(HISTORY.items(), start=200):
        commune, commune_name = next(villages)
        _write(warehouse, together(household(area_type="NT"), before), commune, commune_name, number, last_year())
        _write(warehouse, together(household(area_type="NT"), change), commune, commune_name, number)
        expected[commune] = (name, codes)

    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)

    fired: dict[str, set[str]] = defaultdict(set)
    rows = conn.execute(
        "select s.commune_code, f.rule_code, f.reason_vi, f.reason_en, f.sheet, f.cell, f.row_number from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id) where s.period_key = '2023'"
    ).fetchall()
    for commune, code, vi, en, *_ in rows:
        fired[commune].add(code)
        assert vi.strip(), code
        assert en.strip(), code
    wrong = {
        name: (fired[commune] - codes, codes - fired[commune]) for commune, (name, codes) in expected.items() if fired[commune] != codes
    }
    assert wrong == {}, "case: (fired although it should not, did not fire)"
    severities = {code: kind.severity for code, kind in finding_types().items()} | {rule.code: rule.severity for rule in load_rules()}
    states: dict[str, str] = dict(conn.execute("select commune_code, state from audit.submission where period_key = '2023'").fetchall())
    for commune, (name, codes) in expected.items():
        returned = any(severities[code] == "error" for code in codes)
        assert states[commune] == ("returned" if returned else "accepted"), name
    covered = {code for _, (_, codes) in expected.items() for code in codes}
    elsewhere = {"BTW-11", "BTW-12", "STAGE-ORDER", "OLDER-VERSION", "BEFORE-START", "HHR-07W", "HHR-14B", "WAIVER-PREPARER"}
    elsewhere |= {"HHR-42", "HHR-43", "HHR-43E"}  # of the second version: test_rules_standard
    own = {rule.code for rule in load_rules() if rule.form in (None, "household_review")}
    assert own - covered - elsewhere == MONTHS, "rules without an example"


def _write(settings: Settings, change: Change, commune: str, name: str, number: int, built: Return | None = None) -> None:
    built = built or Return()
    built.cover.update(commune_code=commune, commune_name=name)
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows[sheet]:
            row["commune_name"] = name
    # Heads differ from commune to commune, or HHR-14B would see one person in many.
    serial = f"08006{(built.cover['period'] == '2023' and 0) or 0}{number:06d}"
    household(head_citizen_id=serial)(built)
    member(citizen_id=serial)(built)
    change(built)
    built.write(settings.inbox_dir, f"{number:03}-{built.cover['period']}.xlsx", RECEIVED + timedelta(minutes=number))
