"""What must not return a good file: each point of the list, one commune each, all in one night. None may come back."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.integration.test_rules import LEFT, Change, count_forms, cover, form_7_2, form_7_3, household, member, summary, together
from tests.support.workbooks import RECEIVED, Return
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

FRACTIONS = summary(poor_rate_pct=1 / 2500, poor_persons_pct=1 / 9000)
ZEROS = together(
    lambda built: built.rows["household_list"].clear(),
    lambda built: built.rows["member_list"].clear(),
    lambda built: count_forms(built, 0),
)
BABY = {
    "member_no": 2,
    "member_name": "Bé Mới Sinh",
    "birth_year_female": 2023,
    "relation_to_head": "Cháu",
    "household_code": "HN-001",
    "is_new": "x",
}
NEWBORN = together(
    household(member_count=2, opening_member_count=1),
    summary(poor_persons=2, poor_persons_pct=0.02),
    form_7_2(1, closing_count=2, other_increase=1),
    lambda built: built.rows["member_list"][0].update(is_carried_over="x"),
    lambda built: built.rows["member_list"].append(dict(BABY)),
)
EARLY = together(
    cover(as_of_date=date(2023, 9, 20), signed_date=date(2023, 9, 28), result_stage="Sơ bộ"),
    household(review_date=date(2023, 9, 10), decision_date=None, decision_number=None),
)

# (commune, its name) of towns of Tân An: case -> what is changed, warnings or remarks that may stand beside it
POINTS: dict[str, tuple[str, str, Change, set[str]]] = {
    "1. one household code in two communes": ("27685", "Phường 5", lambda _: None, set()),
    "1b. the same code here": ("27688", "Phường 2", lambda _: None, set()),
    "2. identity of the persons' row": ("27691", "Phường 4", form_7_2(1, relapsed=1), {"HHR-30", "HHR-31W"}),
    "2b. blank 4 and 8 that the list explains": (
        "27692", "Phường Tân Khánh",
        together(LEFT, form_7_2(0, other_decrease=None, other_increase=None), form_7_2(1, other_decrease=None)),
        {"HHR-31W"}),
    "3. persons of 7.2.2 against 7.3.5": ("27694", "Phường 1", form_7_3(1, joined_from_poor=1), {"HHR-30", "HHR-31W"}),
    "4. rates as fractions of one": ("27697", "Phường 3", FRACTIONS, set()),
    "4b. rates rounded": ("27698", "Phường 7", summary(poor_rate_pct=0.04, poor_persons_pct=0.01), set()),
    "4c. rates left blank": ("27700", "Phường 6", summary(poor_rate_pct=None, near_poor_rate_pct=None, average_rate_pct=None), set()),
    "5. a period that has begun but not ended": ("27715", "Phường Khánh Hậu", EARLY, set()),
    "7. a departed household without scores": ("27787", "Phường 1", LEFT, set()),
    "8. area type against the unit": ("27788", "Phường 2", household(area_type="NT"), {"HHR-19"}),
    "10. an empty list with zeros": ("27806", "Phường 3", ZEROS, {"HHR-41"}),
    "11. two officers of one name": (
        "27721", "Thị trấn Tân Hưng", cover(approved_by="Người Lập Thử", approver_title="Chủ tịch", preparer_title="Công chức"), set()),
    "12. an ID of 11 digits that agrees": (
        "27757", "Thị trấn Vĩnh Hưng", together(household(head_citizen_id="80060777001"), member(citizen_id="80060777001")), set()),
    "12b. an ID of 11 digits that does not": (
        "27814", "Thị trấn Bình Phong Thạnh", together(household(head_citizen_id="80160777002"), member(citizen_id="80160777002")),
        {"ID-11-DIGITS"}),
    "13. a member born into the household": ("27826", "Thị trấn Tân Thạnh", NEWBORN, {"HHR-26"}),
    "14. a high score of a household that was and is not poor": (
        "27865", "Thị trấn Thạnh Hóa", lambda built: built.rows["household_list"].append(
            {**built.rows["household_list"][0], "household_code": "HN-777", "head_citizen_id": None, "score_b1": 390,
             "opening_class": "Hộ không nghèo", "closing_class": "Hộ không nghèo", "is_average_living_standard": None,
             "decision_date": None, "decision_number": None, "opening_member_count": None}),
        set()),
}  # fmt: skip


def test_no_good_file_comes_back(warehouse: Settings, conn: psycopg.Connection) -> None:
    for number, (commune, name, change, _) in enumerate(POINTS.values()):
        built = Return(commune_code=commune, commune_name=name)
        for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
            for row in built.rows[sheet]:
                row["commune_name"] = name
        serial = f"080060{number:06d}"
        together(household(head_citizen_id=serial), member(citizen_id=serial), change)(built)
        built.write(warehouse.inbox_dir, f"{number}.xlsx", RECEIVED + timedelta(minutes=number))
    # Before the year is over: only a period that has not begun would be refused.
    run = start_run(warehouse, "test", injected_now=parse_now("2023-12-29T22:00+07:00"))
    collect(warehouse, run)
    counts = validate_pending(warehouse, run)
    said = conn.execute(
        "select s.commune_code, f.rule_code, f.severity, f.reason_en from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id)"
    ).fetchall()
    errors = [row for row in said if row[2] == "error"]
    assert errors == []
    assert counts["accepted"] == len(POINTS)
    for name, (commune, _, _, beside) in POINTS.items():
        assert {row[1] for row in said if row[0] == commune} == beside, name
    assert sum(row[1] == "HHR-19" for row in said) == 1, "one finding a file"
