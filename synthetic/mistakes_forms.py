"""Mistakes in forms 7.1, 7.2 and 7.3 and on the cover."""

from __future__ import annotations

from datetime import date

from synthetic.forms import with_rates
from synthetic.mistake import Context, Spot, file, form, plants
from synthetic.returns import HouseholdReview

Found = list[Spot] | None
HOUSEHOLDS, PERSONS = 0, 1
"""Rows of forms 7.2 and 7.3."""


@plants("HHR-27")
def near_poor_miscounted(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    row["near_poor_households"] += 1
    with_rates(row)
    return form("summary_7_1", 0, "HHR-27")


@plants("HHR-28")
def persons_miscounted(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    row["near_poor_persons"] += 2
    with_rates(row)
    return form("summary_7_1", 0, "HHR-28")


@plants("HHR-29")
def relapsed_as_new(sent: HouseholdReview, _: Context) -> Found:
    """A household moved between two columns: the identity still holds."""
    row = sent.movement_7_2[HOUSEHOLDS]
    if not row["relapsed"]:
        return None
    row["relapsed"] -= 1
    row["newly_poor"] += 1
    return form("movement_7_2", HOUSEHOLDS, "HHR-29")


@plants("HHR-30")
def persons_as_new(sent: HouseholdReview, _: Context) -> Found:
    row = sent.movement_7_3[PERSONS]
    if not row["relapsed"]:
        return None
    row["relapsed"] -= 1
    row["newly_near_poor"] += 1
    return form("movement_7_3", PERSONS, "HHR-30")


@plants("HHR-31")
def identity_broken(sent: HouseholdReview, _: Context) -> Found:
    sent.movement_7_2[HOUSEHOLDS]["newly_poor"] += 1
    return form("movement_7_2", HOUSEHOLDS, "HHR-29", "HHR-31")


@plants("HHR-31W")
def other_columns_blank(sent: HouseholdReview, _: Context) -> Found:
    """As the official programme prints it: columns 4 and 8 empty, and the printed identity fails by just that much."""
    row = sent.movement_7_3[HOUSEHOLDS]
    if row["other_decrease"] == row["other_increase"]:
        return None
    row["other_decrease"] = row["other_increase"] = None
    return form("movement_7_3", HOUSEHOLDS, "HHR-31W")


@plants("HHR-32")
def forms_disagree(sent: HouseholdReview, _: Context) -> Found:
    row = sent.movement_7_3[HOUSEHOLDS]
    if not row["newly_near_poor"]:
        return None
    row["newly_near_poor"] -= 1
    row["joined_from_poor"] += 1
    return form("movement_7_3", HOUSEHOLDS, "HHR-29") + form("movement_7_2", HOUSEHOLDS, "HHR-32")


@plants("HHR-33")
def parts_over_total(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    row["average_households"] = row["average_persons"] = row["total_households"]
    with_rates(row)
    return form("summary_7_1", 0, "HHR-33")


@plants("HHR-34")
def fewer_persons_than_households(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    row["average_persons"] = row["average_households"] - 1
    with_rates(row)
    return form("summary_7_1", 0, "HHR-34")


@plants("HHR-34W")
def eight_in_a_household(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    row["total_persons"] = 8 * row["total_households"]
    with_rates(row)
    return form("summary_7_1", 0, "HHR-34W")


@plants("HHR-35")
def no_row_of_persons(sent: HouseholdReview, _: Context) -> Found:
    del sent.movement_7_3[PERSONS]
    return form("movement_7_3", None, "HHR-35")


@plants("HHR-35W")
def other_name_in_form(sent: HouseholdReview, _: Context) -> Found:
    sent.summary_7_1[0]["commune_name"] = "Xã Bình Không"
    return form("summary_7_1", 0, "HHR-35W")


@plants("HHR-36")
def rate_misprinted(sent: HouseholdReview, _: Context) -> Found:
    sent.summary_7_1[0]["near_poor_rate_pct"] += 0.5
    return form("summary_7_1", 0, "HHR-36")


@plants("HHR-37")
def fewer_average_than_marked(sent: HouseholdReview, _: Context) -> Found:
    ticks = sum(bool(row.get("is_average_living_standard")) for row in sent.household_list)
    if not ticks:
        return None
    row = sent.summary_7_1[0]
    row["average_households"], row["average_persons"] = ticks - 1, 4 * (ticks - 1)
    with_rates(row)
    return form("summary_7_1", 0, "HHR-37")


@plants("BTW-11")
def as_of_after_the_commune(sent: HouseholdReview, _: Context) -> Found:
    """A closing day after the communes of 2023 ended; the signature is then far too early as well."""
    sent.cover["as_of_date"] = date(2025, 8, 1)
    return file("BTW-11", "BTW-12")


@plants("BTW-11W")
def other_name_on_cover(sent: HouseholdReview, _: Context) -> Found:
    sent.cover["commune_name"] = sent.summary_7_1[0]["commune_name"] = "Xã Bình Không"
    return file("BTW-11W")


@plants("BTW-12")
def signed_by_one(sent: HouseholdReview, _: Context) -> Found:
    sent.cover["approved_by"], sent.cover["approver_title"] = sent.cover["prepared_by"], sent.cover["preparer_title"]
    return file("BTW-12")


@plants("BTW-12W")
def signed_before_as_of(sent: HouseholdReview, _: Context) -> Found:
    sent.cover["as_of_date"] = date(sent.year, 12, 31)
    return file("BTW-12W")
