"""The synthetic province equals the published one, and its households live on from year to year."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from random import Random

import pytest

from synthetic.mistake import fits
from synthetic.names import CitizenIds
from synthetic.post import DUE, arrival
from synthetic.province import Province
from synthetic.records import CAUSES, DEPRIVATIONS, LISTED, SCORE_LINE
from synthetic.returns import HouseholdReview
from synthetic.targets import DISTRICTS_WITHOUT_POOR, apportion, communes, targets
from warehouse.reference_data import REFERENCE_DIR

Years = list[list[HouseholdReview]]


def published() -> dict[int, dict[str, str]]:
    """Year -> what was published of Long An at its end."""
    with (REFERENCE_DIR / "published_figure.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["area"] == "Long An"]
    return {int(row["period_end"][:4]): row for row in rows if 2021 <= int(row["period_end"][:4]) <= 2023}


def total(returns: list[HouseholdReview], field: str) -> int:
    return sum(sent.summary_7_1[0][field] for sent in returns)


def per_cent(part: int, whole: int) -> str:
    return str((Decimal(100) * part / whole).quantize(Decimal("0.01"), ROUND_HALF_UP))


def counted(sent: HouseholdReview, side: str, name: str) -> int:
    return sum(row[f"{side}_class"] == name for row in sent.household_list)


def test_totals_are_the_published_ones(province: Years) -> None:
    for returns, (year, known) in zip(province, published().items(), strict=True):
        assert {sent.year for sent in returns} == {year}
        households = total(returns, "total_households")
        for name in LISTED:
            count = total(returns, f"{name}_households")
            assert str(count) == known[f"{name}_households"]
            assert per_cent(count, households) == known[f"{name}_rate_pct"]
        assert known["total_households"] in ("", str(households))


def test_eight_communes_have_no_poor_at_the_end_of_2023(province: Years) -> None:
    empty = [[sent.commune for sent in returns if sent.summary_7_1[0]["poor_households"] == 0] for returns in province]
    assert [len(found) for found in empty] == [0, 0, 8]
    assert Counter(commune.district_code for commune in empty[-1]) == dict.fromkeys(DISTRICTS_WITHOUT_POOR, 2)


def test_a_year_opens_as_the_last_one_closed(province: Years) -> None:
    assert len(communes()) == 188
    for before, after in pairwise(province):
        for last, sent in zip(before, after, strict=True):
            closing = {row["household_code"]: row for row in last.household_list if row["closing_class"] in LISTED}
            opening = {row["household_code"]: row for row in sent.household_list if row["opening_class"] in LISTED}
            assert opening.keys() == closing.keys()
            for code, row in opening.items():
                assert row["opening_class"] == closing[code]["closing_class"]
                assert row["opening_member_count"] == closing[code]["member_count"]
                assert row["head_citizen_id"] == closing[code]["head_citizen_id"]


def test_no_commune_changes_so_much_that_one_would_ask(province: Years) -> None:
    for before, after in pairwise(province):
        for last, sent in zip(before, after, strict=True):
            one, two = last.summary_7_1[0], sent.summary_7_1[0]
            assert abs(two["total_households"] / one["total_households"] - 1) < 0.01
            for name in ("poor_households", "near_poor_households"):
                change = abs(two[name] - one[name])
                assert change <= 10 or change <= 0.3 * one[name]


def test_every_allowed_movement_happens_and_no_other(province: Years) -> None:
    triples = {(row["opening_class"], row["closing_class"], row["movement"]) for year in province for s in year for row in s.household_list}
    assert len(triples) == 25
    gone, come = {"moved_out", "merged", "single_died", "other_decrease"}, {"moved_in", "split_off", "other_increase"}
    for name in LISTED:
        assert {movement for opening, closing, movement in triples if (opening, closing) == (name, "outside")} == gone
        assert {movement for opening, closing, movement in triples if (opening, closing) == ("outside", name)} == come


@pytest.mark.parametrize("form", ["movement_7_2", "movement_7_3"])
def test_identity_of_the_movement_forms(province: Years, form: str) -> None:
    name = "poor" if form == "movement_7_2" else "near_poor"
    for sent in (sent for returns in province for sent in returns):
        rows = getattr(sent, form)
        assert [row["unit"] for row in rows] == ["household", "person"]
        for row in rows:
            columns = [value for field, value in row.items() if field not in ("row_label", "commune_name", "unit")]
            opening, *moves, closing = columns
            assert closing == opening - sum(moves[:3]) + sum(moves[3:])
        assert rows[0]["opening_count"] == counted(sent, "opening", name)
        assert rows[0]["closing_count"] == counted(sent, "closing", name) == sent.summary_7_1[0][f"{name}_households"]
        assert rows[1]["closing_count"] == sent.summary_7_1[0][f"{name}_persons"]


def test_rows_obey_the_survey(province: Years) -> None:
    for sent in province[1]:
        people: dict[str, list[dict[str, object]]] = {}
        for person in sent.member_list:
            people.setdefault(person["household_code"], []).append(person)
        for row in sent.household_list:
            closing = row["closing_class"]
            members = people.get(row["household_code"], [])
            assert bool(members) == (closing in LISTED)
            if closing == "outside":
                continue
            flags = sum(row[name] for name in DEPRIVATIONS)
            assert row["score_b2"] == 10 * flags
            is_low = row["score_b1"] <= SCORE_LINE[sent.commune.area_type]
            assert closing == (("poor" if flags >= 3 else "near_poor") if is_low else "not_poor")
            if members:
                assert len(members) == row["member_count"]
                assert [person["member_name"] for person in members if person["relation_to_head"] == "Chủ hộ"] == [row["head_name"]]
                assert fits(row, members, sent.year)
            if closing == "poor":
                assert 1 <= sum(bool(row.get(name)) for name in CAUSES) <= 4


def test_a_citizen_id_is_one_persons(province: Years) -> None:
    for returns in province:
        ids = [person["citizen_id"] for sent in returns for person in sent.member_list if person["citizen_id"]]
        assert len(ids) == len(set(ids))


def test_citizen_ids_tell_sex_and_century() -> None:
    ids = CitizenIds()
    assert ids.new("male", 1980).startswith("080080")
    assert ids.new("female", 1980).startswith("080180")
    assert ids.new("male", 2004).startswith("080204")
    assert ids.new("female", 2004).startswith("080304")
    assert len({ids.new("male", 1980) for _ in range(2000)}) == 2000


def test_the_same_seed_is_the_same_province(province: Years) -> None:
    assert Province(11).years(2021) == province[:1]
    assert targets(12) != targets(11)


def test_shares_add_up_within_their_bounds() -> None:
    shares = apportion(10, [5.0, 3.0, 1.0], [0, 0, 2], [4, 10, 10])
    assert sum(shares) == 10
    assert shares[0] <= 4 and shares[2] >= 2
    with pytest.raises(ValueError, match="does not fit"):
        apportion(30, [1.0], [0], [4])


def test_one_return_in_twenty_is_late(province: Years) -> None:
    rng = Random(1)
    due = date(2023, *DUE)
    came = [arrival(rng, sent).date() for sent in province[-1]]
    late = [day for day in came if day > due]
    assert 0 < len(late) < 0.1 * len(came)
    assert all(sent.cover["signed_date"] < day for sent, day in zip(province[-1], came, strict=True))
