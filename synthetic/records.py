"""The rows of a return: what the commune writes of a household and of its members."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from synthetic.people import CHILD, ELDERLY, PUPIL, WORKING, Household, Person, survey

Row = dict[str, Any]
"""Field of the contract -> value, codes in English as the intake stores them."""

SCORE_LINE = {"rural": 140, "urban": 175}
DEPRIVATIONS = (
    "dep_employment", "dep_dependency", "dep_nutrition", "dep_health_insurance", "dep_adult_education", "dep_child_schooling",
    "dep_housing_quality", "dep_housing_area", "dep_clean_water", "dep_latrine", "dep_telecom", "dep_info_device",
)  # fmt: skip
CAUSES = (
    "cause_lack_land", "cause_lack_capital", "cause_lack_labour", "cause_lack_tools", "cause_lack_knowledge", "cause_lack_skill",
    "cause_illness_accident", "cause_other",
)  # fmt: skip
SUPPORTS = ("support_health", "support_education", "support_production", "support_credit", "support_housing", "support_other")
NUMBER_OF_DEPRIVATIONS = {"poor": (3, 5), "near_poor": (0, 2), "not_poor": (0, 2)}
LISTED = ("poor", "near_poor")
ESCAPED = ("escaped_poor", "escaped_near_poor")


def decision_date(year: int) -> date:
    """The decision of the commune's chairman, before the province's: the day on which a household is recognised, or leaves the list."""
    return date(year, 12, 12)


def household_row(
    rng: Random,
    household: Household,
    year: int,
    area_type: str,
    triple: tuple[str, str, str],
    opening_members: int | None,
    decision_number: str,
) -> Row:
    """One row of the list. Surveys the household anew unless it is gone."""
    opening, closing, movement = triple
    head = household.head
    row: Row = {
        "household_code": household.code,
        "head_name": head.name,
        "head_citizen_id": head.number_in(year),
        "head_sex": head.sex,
        "head_birth_date": head.birth_year if head.only_year else head.birth_date,
        "ethnicity": household.ethnicity,
        "hamlet": household.hamlet,
        "area_type": area_type,
        "member_count": 0 if closing == "outside" else len(household.members),
        "opening_class": opening,
        "closing_class": closing,
        "movement": movement,
        "is_ethnic_minority": household.ethnicity != "Kinh",
        "is_merit_household": household.is_merit,
        "has_no_labour_capacity": household.no_labour,
        "opening_member_count": opening_members if opening in LISTED else None,
    }
    if closing == "outside":
        return row
    found = survey(rng, household, year, NUMBER_OF_DEPRIVATIONS[closing])
    row.update((name, name in found) for name in DEPRIVATIONS)
    line = SCORE_LINE[area_type]
    row["score_b2"] = 10 * len(found)
    row["score_b1"] = rng.randint(line + 5, line + 70) if closing == "not_poor" else rng.randint(line - 75, line)
    row["review_date"] = date(year, 9, 10) + timedelta(days=rng.randrange(80))
    if closing == "poor" or (closing == "near_poor" and rng.random() < 0.3):
        row.update((name, True) for name in _causes(rng, household))
    if closing in LISTED or movement in ESCAPED:
        row["decision_number"] = decision_number
        row["decision_date"] = decision_date(year)
    if movement in ESCAPED:
        row["left_list_date"] = decision_date(year)
    if closing == "not_poor" and rng.random() < 0.3:
        row["is_average_living_standard"] = True
    return row


def _causes(rng: Random, household: Household) -> list[str]:
    fitting = [name for name in CAUSES if not (name == "cause_lack_skill" and household.no_labour)]
    chosen = rng.sample(fitting, rng.choice((1, 1, 2, 2, 3, 4)))
    if household.no_labour and len(chosen) < 4 and "cause_lack_labour" not in chosen:
        chosen.append("cause_lack_labour")
    return chosen


def member_rows(rng: Random, household: Household, year: int, row: Row) -> list[Row]:
    """The members of a household that closes poor or near-poor, the head first, as the indicators of its row need them."""
    people = household.members
    uninsured = _one(rng, people, year, 6, 200) if row["dep_health_insurance"] else None
    hungry = _one(rng, people, year, 0, CHILD) if row["dep_nutrition"] else None
    truant = _one(rng, people, year, PUPIL, CHILD) if row["dep_child_schooling"] else None
    jobless = _one(rng, people, year, WORKING, ELDERLY) if row["dep_employment"] else None
    supports = [name for name in SUPPORTS if rng.random() < 0.25]
    movement = row["movement"]
    status = "is_carried_over" if movement == "unchanged" else "is_relapsed" if movement.startswith("relapsed") else "is_new"
    rows = []
    for number, person in enumerate(people, start=1):
        written: Row = {
            "member_no": number,
            "member_name": person.name,
            f"birth_year_{person.sex}": person.birth_year,
            "ethnicity": household.ethnicity,
            "relation_to_head": person.relation,
            status: True,
            "is_merit_household": household.is_merit,
            "is_ethnic_minority": household.ethnicity != "Kinh",
            "has_no_labour_capacity": household.no_labour,
            "household_code": household.code,
            "citizen_id": person.number_in(year),
            "birth_date": person.birth_year if person.only_year else person.birth_date,
            "activity_status": _activity(household, person, year, is_jobless=person is jobless),
            "child_dep_nutrition": person is hungry,
            "no_health_insurance": person is uninsured,
            "child_not_in_school": person is truant,
        }
        written.update((name, True) for name in supports)
        rows.append(written)
    return rows


def _one(rng: Random, people: list[Person], year: int, youngest: int, below: int) -> Person:
    return rng.choice([person for person in people if youngest <= person.age(year) < below])


def _activity(household: Household, person: Person, year: int, *, is_jobless: bool) -> str | None:
    age = person.age(year)
    if age < 6:
        return None
    if age < WORKING:
        return "studying"
    if household.no_labour or age >= 70:
        return "unable_to_work"
    if is_jobless or (age >= ELDERLY and person.birth_date.toordinal() % 2):
        return "unemployed"
    return "employed"
