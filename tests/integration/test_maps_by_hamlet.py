"""A split commune on another map: by the hamlet of each household, else by the published share of the people, else in its group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.mart_builder import Household, Return, send
from tests.support.mart_fixtures import Template, at, build_and_publish, copy_of_published
from warehouse.database import connect
from warehouse.reference_data import load_reference
from warehouse.settings import Settings

pytestmark = pytest.mark.xdist_group("maps")

# Tân Hòa (28006) went to Lương Hòa, Tân Bửu and An Thạnh on 1/12/2024. Its list of 2023 names hamlets 1, 2, 4 and 5 alone.
HAMLETS = (("Ấp 1", "28009"), ("Ấp 2", "28012"), ("ấp  4", "28003"), ("ẤP 5", "28003"), ("Ấp Mới", "28009"))


@pytest.fixture(scope="module")
def towns(server_url: str, small_province: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Three years of the small province, the hamlets of Tân Hòa and the first lists of its successors; 28012 does not say whose all are."""
    folder = tmp_path_factory.mktemp("hamlets")
    head = "predecessor_code,hamlet,successor_code,effective_date,legal_basis,note\n"
    lines = [f"28006,{hamlet},{successor},2024-12-01,," for hamlet, successor in HAMLETS]
    (folder / "hamlet_succession.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    with copy_of_published(server_url, folder / "home") as settings:
        run = at(settings, "2025-01-10T22:00+07:00")
        load_reference(settings, run, folder / "hamlet_succession.csv")
        with connect(settings) as conn:
            send(conn, run, [Return(code, 2024, households(*origins)) for code, origins in LISTS.items()])
            conn.execute(
                "update intake.household_list as l set hamlet = 'ấp mới' from intake.submission as s where l.previous_commune_code is null "
                "and l.submission_id = s.submission_id and (s.commune_code, s.period_key) = ('28009', '2024')"
            )
            conn.commit()
        build_and_publish(settings, run)
        yield settings


LISTS: dict[str, tuple[str | None, ...]] = {
    "28003": ("28003", "28003", "28006"),
    "28009": ("28006", None),
    "28012": ("28012", "28006", None),
}
"""Where each household of the lists of 2024 was before; the one of 28009 that does not say stands in a hamlet of 28006 alone."""


def households(*origins: str | None) -> list[Household]:
    return [Household("poor", "poor", extra={"previous_commune_code": origin}) for origin in origins]


def query(settings: Settings, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(statement, values).fetchall()


def communes(settings: Settings, boundary: str, period: str, *codes: str) -> dict[str, list[Any]]:
    rows = query(
        settings,
        "select area_code, poor_households, method, is_estimate, totals_method, total_households, poor_rate_pct from marts.fct_poverty "
        "where boundary = %s and period_key = %s and area_level = 'commune' and area_code = any(%s)",
        boundary, period, list(codes),
    )  # fmt: skip
    return {row[0]: list(row[1:]) for row in rows}


def of_list(settings: Settings, year: str, commune: str, *hamlets: str) -> int:
    """Poor households of these hamlets on a list; of the whole list without them."""
    [(count,)] = query(
        settings,
        "select count(*) from intake.household_list as l inner join intake.submission as s using (submission_id) "
        "where s.period_key = %s and s.commune_code = %s and l.closing_class = 'poor' and (%s or l.hamlet = any(%s))",
        year, commune, not hamlets, list(hamlets),
    )  # fmt: skip
    return int(count)


def parts_of(settings: Settings, unit: str) -> list[str]:
    """Communes before 1/12/2024 that went whole into one of 2025."""
    rows = query(
        settings,
        "select left(commune_key, 5) from green_intermediate.int_map_area where boundary = '2025' "
        "and era = '2021-01-01' and unit_code = %s "
        "and not is_divided",
        unit,
    )
    return [code for (code,) in rows]


def test_the_shares_of_2025_come_out_of_the_edges(towns: Settings) -> None:
    rows = query(
        towns,
        "select unit_code, round(share, 6)::text from green_intermediate.int_map_pair where boundary = '2025' and era = '2021-01-01' "
        "and commune_key = '28006@2004-08-31' order by 1",
    )
    assert rows == [("27991", "0.591228"), ("28003", "0.408772")]


def test_on_a_later_map_every_household_goes_with_its_hamlet(towns: Settings) -> None:
    found = communes(towns, "2025", "2023", "28003", "27991")
    for unit, hamlets in (("28003", ["Ấp 1", "Ấp 4", "Ấp 5"]), ("27991", ["Ấp 2"])):
        wholes = sum(of_list(towns, "2023", code) for code in parts_of(towns, unit))
        assert found[unit] == [wholes + of_list(towns, "2023", "28006", *hamlets), "by_hamlet", False, "in_group", None, None]


def test_an_unknown_hamlet_leaves_the_published_share(towns: Settings) -> None:
    """The list of 2021 has a household in hamlet 3, that the table does not know."""
    found = communes(towns, "2025", "2021", "28003", "27991")
    whole = of_list(towns, "2021", "28006")
    parts = {unit: found[unit][0] - sum(of_list(towns, "2021", code) for code in parts_of(towns, unit)) for unit in found}
    assert sum(parts.values()) == whole
    assert parts["28003"] == round(whole * 699 / 1710)
    assert {unit: row[1:4] for unit, row in found.items()} == {unit: ["published_share", True, "in_group"] for unit in parts}


def test_on_an_earlier_map_by_what_the_household_says_else_by_its_hamlet(towns: Settings) -> None:
    found = communes(towns, "2021", "2024", "28003", "28006", "28009", "28012")
    assert found["28003"][:2] == [2, "by_hamlet"]
    assert found["28009"][:2] == [0, "by_hamlet"]  # both of its list were in 28006
    assert found["28006"][:2] == [None, "in_group"]  # a part of it lies in 28012, whose list does not say
    assert found["28012"][:2] == [None, "in_group"]
    group = query(
        towns,
        "select poor_households, total_households, method, totals_method from marts.fct_poverty where boundary = '2021' "
        "and period_key = '2024' and area_key = 'group:28003@2024-12-01'",
    )
    assert group == [(8, 3000, "closed_group", "closed_group")]


@pytest.mark.parametrize(
    "change",
    [
        "set poor_households = poor_households + 1 where boundary = '2025' and area_code = '28003' and area_level = 'commune'",
        "set poor_households = poor_households + 1 where boundary = '2025' and area_key = 'group:27991@2025-07-01'",
        "set total_households = total_households - 1 where boundary = '2025' and area_code = '27712' and area_level = 'commune'",
        "set newly_poor = 1 where boundary = '2021' and area_code = '27700' and area_level = 'commune'",
    ],
    ids=["commune of a group", "group", "whole commune", "another count"],
)
def test_the_nightly_test_finds_a_map_that_does_not_add(towns: Settings, change: str) -> None:
    compiled = next((towns.home / "dbt" / "green" / "target" / "compiled").rglob("maps_add_fct_poverty*.sql")).read_text(encoding="utf-8")
    with connect(towns) as conn:
        assert conn.execute(compiled).fetchall() == []
        assert conn.execute(f"update green_marts.fct_poverty {change} and period_key = '2023'").rowcount == 1
        assert conn.execute(compiled).fetchall()
        conn.rollback()
