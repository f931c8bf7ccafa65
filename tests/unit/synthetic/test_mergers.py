"""The province lives on through both mergers: households keep people, hamlet and class, and get the codes of their new communes."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from synthetic.generate import generate
from synthetic.ground import COLUMNS, ancestors, edges, predecessors, write_hamlet_succession
from synthetic.records import LISTED, Row
from synthetic.returns import CreditReturn, HouseholdReview, QuarterReturn
from synthetic.services import service_returns
from synthetic.targets import communes
from tests.unit.synthetic.conftest import Made

SPLIT_2024 = {"28003", "28006", "28009", "28012"}


def closing(reviews: list[HouseholdReview], codes: set[str] | None = None) -> dict[tuple[str, str], Row]:
    """(commune, household code) -> its row, of the listed ones at the year's end."""
    return {
        (sent.commune.code, row["household_code"]): row
        for sent in reviews
        if codes is None or sent.commune.code in codes
        for row in sent.household_list
        if row["closing_class"] in LISTED
    }


def opening(reviews: list[HouseholdReview], codes: set[str] | None = None) -> dict[tuple[str, str], Row]:
    """(commune, household code) of the year before -> its row now."""
    return {
        (row.get("previous_commune_code") or sent.commune.code, row.get("previous_household_code") or row["household_code"]): row
        for sent in reviews
        if codes is None or sent.commune.code in codes
        for row in sent.household_list
        if row["opening_class"] in LISTED
    }


@pytest.fixture(scope="module")
def services(made: Made) -> list[QuarterReturn]:
    """Credit and training of 2025, whose first half is the last of the old communes."""
    reviews, mergers = made
    return service_returns(reviews, 2025, 11, mergers=mergers)


def lent(services: list[QuarterReturn], number: int, codes: set[str] | None = None) -> int:
    return sum(
        row.get("disbursed_vnd") or 0
        for sent in services
        if isinstance(sent, CreditReturn) and sent.quarter.number == number and (codes is None or sent.commune.code in codes)
        for row in sent.credit_need
    )


def test_years_after_the_published_ones_are_plausible(made: Made) -> None:
    totals = [
        tuple(
            sum(sent.summary_7_1[0][name] for sent in reviews) for name in ("total_households", "poor_households", "near_poor_households")
        )
        for reviews in made[0]
    ]
    assert [len(reviews) for reviews in made[0]] == [188, 188, 188, 186, 60]
    assert totals[3:] == [(487_000, 2_900, 7_600), (489_000, 2_450, 6_300)]


def test_a_new_commune_opens_with_what_its_predecessors_closed(made: Made) -> None:
    before, now = made[0][2], made[0][3]
    assert opening(now, {"27694"}).keys() == closing(before, {"27694", "27688"}).keys()
    assert opening(now, SPLIT_2024).keys() == closing(before, SPLIT_2024).keys()


@pytest.mark.parametrize("year", [3, 4])
def test_a_household_lives_on_under_the_code_of_its_new_commune(made: Made, year: int) -> None:
    before, now = closing(made[0][year - 1]), opening(made[0][year])
    assert now.keys() == before.keys()
    for place, row in now.items():
        assert row["opening_class"] == before[place]["closing_class"]
        assert row["head_name"] == before[place]["head_name"]
        assert row["opening_member_count"] == before[place]["member_count"]
    for sent in made[0][year]:
        codes = [row["household_code"] for row in sent.household_list]
        assert len(codes) == len(set(codes))
        if sent.commune.footprint_from > f"{sent.year}":
            assert all(code.startswith(f"{sent.commune.code}/") for code in codes)


def test_an_escaped_household_that_relapses_is_known_by_its_last_code(made: Made) -> None:
    known = {(sent.commune.code, row["household_code"]) for reviews in made[0][:4] for sent in reviews for row in sent.household_list}
    relapsed = [row for sent in made[0][4] for row in sent.household_list if row["movement"].startswith("relapsed")]
    named = [row for row in relapsed if "previous_commune_code" in row]
    assert 0 < len(named) < len(relapsed)
    assert {(row["previous_commune_code"], row["previous_household_code"]) for row in named} <= known


def test_nine_digit_cards_end_with_2024(made: Made) -> None:
    short = [Counter(len(m["citizen_id"] or "") for sent in reviews for m in sent.member_list)[9] for reviews in made[0]]
    assert min(short[:4]) > 0 and short[4] == 0


def test_every_hamlet_of_a_split_commune_goes_one_way(made: Made, tmp_path: Path) -> None:
    write_hamlet_succession(tmp_path / "hamlets.csv", made[1])
    with (tmp_path / "hamlets.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    ways = {(row["predecessor_code"], row["successor_code"], row["effective_date"]) for row in rows}
    parts = [edge for year in (2024, 2025) for edge in edges(year) if edge["extent"] == "part"]
    assert ways == {(edge["predecessor_code"], edge["successor_code"], edge["effective_date"]) for edge in parts}
    hamlets = [(row["predecessor_code"], row["hamlet"]) for row in rows]
    assert len(hamlets) == len(set(hamlets))
    split = {row["predecessor_code"] for row in rows}
    seen = {(s.commune.code, row["hamlet"]) for y in made[0][2:4] for s in y if s.commune.code in split for row in s.household_list}
    assert seen <= set(hamlets) | {place for place in seen if place[0] in SPLIT_2024 - {"28006"}}
    assert all("synthetic" in row["note"] for row in rows)


def test_hamlets_of_one_name_are_told_apart(made: Made) -> None:
    for merger in made[1].values():
        assert len(set(merger.moves.values())) == len(merger.moves)
    assert ("27694", "Khu phố 1 (Phường 2)") in made[1][2024].moves.values()


def test_predecessors_are_those_of_the_edges() -> None:
    places = {year: {commune.code: commune for commune in communes(year)} for year in (2023, 2024, 2025)}
    assert [len(found) for found in places.values()] == [188, 186, 60]
    assert predecessors(places[2023]["27694"]) == ()
    assert predecessors(places[2024]["27694"]) == ("27688", "27694")
    assert predecessors(places[2024]["28003"]) == ("28003", "28006")
    assert predecessors(places[2024]["28003"], whole=True) == ("28003",)
    assert {"27688", "28063"} < ancestors(places[2025]["27694"])


def test_quarters_of_2025_are_cumulative_on_new_ground(made: Made, services: list[QuarterReturn]) -> None:
    sent = Counter((one.quarter.number, one.form) for one in services)
    assert sent == {
        (number, form): count for number, count in zip((1, 2, 3, 4), (186, 186, 60, 60), strict=True) for form in ("credit", "training")
    }
    assert lent(services, 1) < lent(services, 2) < lent(services, 3) < lent(services, 4)
    for commune in communes(2025):
        if predecessors(commune) == predecessors(commune, whole=True):
            assert lent(services, 2, set(predecessors(commune))) <= lent(services, 3, {commune.code})


def test_a_return_names_households_as_the_newest_list_does(made: Made, services: list[QuarterReturn]) -> None:
    old = {row["household_code"] for sent in made[0][3] for row in sent.household_list}
    new = {(sent.commune.code, row["household_code"]) for sent in made[0][4] for row in sent.household_list}
    for one in services:
        if not isinstance(one, CreditReturn):
            continue
        codes = {row["household_code"] for row in one.credit_need if row["borrower_class"] in LISTED}
        if one.quarter.number == 4:
            assert {(one.commune.code, code) for code in codes} <= new
        else:
            # two communes before may have used one code: then the commune stands before it
            assert {code if code in old else code.partition("/")[2] for code in codes} <= old


def test_the_way_of_the_hamlets_lies_beside_the_workbooks(tmp_path: Path) -> None:
    generate(tmp_path / "before", years=[2023], seed=5, communes=["27691"])
    assert not (tmp_path / "before" / "hamlet_succession.csv").exists()
    generate(tmp_path / "after", years=[2024], seed=5, communes=["27691"])
    assert (tmp_path / "after" / "hamlet_succession.csv").read_text(encoding="utf-8").count("28006,") > 2
