"""Mistakes in the rows of the household list, one a rule; each says every finding that must come of it."""

from __future__ import annotations

from datetime import date, timedelta

from synthetic.mistake import Context, Spot, file, first, household, is_applicant, is_listed, plants, where
from synthetic.people import ALWAYS_POSSIBLE
from synthetic.records import CAUSES, ESCAPED, SCORE_LINE
from synthetic.returns import HouseholdReview

Found = list[Spot] | None


@plants("HHR-01")
def same_code_twice(sent: HouseholdReview, _: Context) -> Found:
    """Of two applicants: nobody else's history or members hang on their codes."""
    pair = where(sent, is_applicant)[:2]
    if len(pair) < 2:
        return None
    sent.household_list[pair[1]]["household_code"] = sent.household_list[pair[0]]["household_code"]
    return household(pair[0], "HHR-01") + household(pair[1], "HHR-01")


@plants("HHR-02")
def impossible_movement(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, is_applicant))
    if index is None:
        return None
    sent.household_list[index]["movement"] = "newly_poor"
    return household(index, "HHR-02")


@plants("HHR-03")
def class_against_scores(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    row = sent.household_list[index]
    row["score_b1"] = SCORE_LINE[row["area_type"]] + 25
    return household(index, "HHR-03")


@plants("HHR-04")
def b2_against_flags(sent: HouseholdReview, _: Context) -> Found:
    """Ten points more than the marks make, yet still below the line of the poor."""
    index = first(where(sent, lambda row: row["closing_class"] == "near_poor" and row["score_b2"] < 20))
    if index is None:
        return None
    sent.household_list[index]["score_b2"] += 10
    return household(index, "HHR-04")


def _score(value: int, rule: str):  # type: ignore[no-untyped-def]
    def spoil(sent: HouseholdReview, context: Context) -> Found:
        index = context.rng.choice(where(sent, is_listed))
        sent.household_list[index]["score_b1"] = value
        return household(index, rule)

    return plants(rule)(spoil)


_score(-5, "HHR-05")
_score(0, "HHR-05W")


@plants("HHR-06")
def no_review_date(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    sent.household_list[index]["review_date"] = None
    return household(index, "HHR-06")


@plants("HHR-06B")
def no_class(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, is_applicant))
    if index is None:
        return None
    sent.household_list[index]["closing_class"] = None
    return household(index, "HHR-06B")


def _count(value: int, rule: str):  # type: ignore[no-untyped-def]
    def spoil(sent: HouseholdReview, _: Context) -> Found:
        index = first(where(sent, is_applicant))
        if index is None:
            return None
        sent.household_list[index]["member_count"] = value
        return household(index, rule)

    return plants(rule)(spoil)


_count(0, "HHR-07")
_count(17, "HHR-07W")


@plants("HHR-15")
def old_card(sent: HouseholdReview, _: Context) -> Found:
    """A nine-digit card a year after it ended; such a review is also long after the season and the signature."""
    index = first(where(sent, is_applicant))
    if index is None:
        return None
    sent.household_list[index].update(head_citizen_id="301234567", review_date=date(2025, 1, 10))
    return household(index, "HHR-15", "HHR-18", "HHR-18E")


@plants("HHR-16")
def no_day_of_leaving(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["movement"] in ESCAPED))
    if index is None:
        return None
    sent.household_list[index]["left_list_date"] = None
    return household(index, "HHR-16")


@plants("HHR-16W")
def left_after_decision(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["movement"] in ESCAPED))
    if index is None:
        return None
    sent.household_list[index]["left_list_date"] += timedelta(days=1)
    return household(index, "HHR-16W")


@plants("HHR-17")
def no_decision(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    sent.household_list[index]["decision_number"] = None
    return household(index, "HHR-17")


@plants("HHR-17W")
def decided_next_day(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    row = sent.household_list[index]
    row["decision_date"] = row["review_date"] + timedelta(days=1)
    return household(index, "HHR-17W")


@plants("HHR-18")
def reviewed_too_early(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    sent.household_list[index]["review_date"] = date(sent.year, 8, 20)
    return household(index, "HHR-18")


@plants("HHR-18E")
def reviewed_after_signature(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, is_applicant))
    if index is None:
        return None
    sent.household_list[index]["review_date"] = sent.cover["signed_date"] + timedelta(days=2)
    return household(index, "HHR-18", "HHR-18E")


@plants("HHR-19")
def other_area_throughout(sent: HouseholdReview, _: Context) -> Found:
    """A whole rural list marked urban; incomes of the not poor are raised over the urban line, so that classes still follow."""
    if sent.commune.area_type != "rural":
        return None
    for row in sent.household_list:
        row["area_type"] = "urban"
        if row["closing_class"] == "not_poor":
            row["score_b1"] += 40
    return file("HHR-19")


@plants("HHR-19I")
def two_areas_in_a_hamlet(sent: HouseholdReview, _: Context) -> Found:
    if sent.commune.area_type != "rural":
        return None
    hamlets = [row["hamlet"] for row in sent.household_list]
    index = first(where(sent, lambda row: is_listed(row) and hamlets.count(row["hamlet"]) > 1))
    if index is None:
        return None
    sent.household_list[index]["area_type"] = "urban"
    return file("HHR-19") + household(hamlets.index(hamlets[index]), "HHR-19I")


@plants("HHR-20")
def poor_and_average(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    sent.household_list[index]["is_average_living_standard"] = True
    return household(index, "HHR-20")


@plants("HHR-21")
def minority_mark_of_kinh(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["ethnicity"] == "Kinh"))
    if index is None:
        return None
    sent.household_list[index]["is_ethnic_minority"] = True
    return household(index, "HHR-21")


@plants("HHR-21B")
def unknown_ethnicity(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(where(sent, is_listed))
    sent.household_list[index]["ethnicity"] = "Kinnh"
    return household(index, "HHR-21B")


@plants("HHR-22")
def no_cause(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["closing_class"] == "poor"))
    if index is None:
        return None
    sent.household_list[index].update(dict.fromkeys(CAUSES, False))
    return household(index, "HHR-22")


@plants("HHR-22I")
def five_causes(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["closing_class"] == "poor"))
    if index is None:
        return None
    sent.household_list[index].update((name, number < 5) for number, name in enumerate(CAUSES))
    return household(index, "HHR-22I")


def swap_indicator(row: dict[str, object], wanted: str) -> bool:
    """Mark ``wanted`` in place of an indicator that no member must bear out, so that B2 stays right."""
    given = next((name for name in ALWAYS_POSSIBLE if row[name]), None)
    if given is None:
        return False
    row[given], row[wanted] = False, True
    return True
