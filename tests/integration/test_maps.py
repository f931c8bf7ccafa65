"""The maps of 2021 and 2025: whole communes add, the others are known in their closed group, and nothing is lost or counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from expectations.gate import check_build
from tests.conftest import fresh_warehouse
from tests.support.mart_builder import province, send
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.builds import build
from warehouse.database import connect
from warehouse.settings import Settings

FROM_2024 = [{"27757", "27763", "27775"}, {"27817", "27841"}, {"27964", "27976"}, {"27694", "28036", "28051", "28087"}]
BEFORE = [*FROM_2024, {"27991", "28003"}]
"""The closed groups of design 7, by the codes of 2025."""
SPLIT = ("28003", "28006", "28009", "28012")


pytestmark = pytest.mark.xdist_group("maps")


@pytest.fixture(scope="module")
def years(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A review of 2023 (188 communes), of 2024 (186) and of 2025 (60), each commune with figures of its own; published once."""
    with fresh_warehouse(server_url, template_database, tmp_path_factory.mktemp("maps")) as settings:
        run = at(settings, "2026-01-10T22:00+07:00")
        with connect(settings) as conn:
            for year, poor in ((2023, 3654), (2024, 2870), (2025, 1999)):
                send(conn, run, province(conn, year, poor, poor + 1000, 480_000 + year))
        build_and_publish(settings, run)
        yield settings


def query(settings: Settings, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(statement, values).fetchall()


def test_the_groups_are_those_that_the_edges_give(years: Settings) -> None:
    rows = query(
        years,
        "select era::text, count(distinct unit_key) filter (where group_key is null), count(distinct unit_key) "
        "from blue_intermediate.int_map_area where boundary = '2025' group by era order by era",
    )
    assert rows == [("2021-01-01", 47, 60), ("2024-12-01", 49, 60), ("2025-07-01", 60, 60)]
    for era, groups in (("2021-01-01", BEFORE), ("2024-12-01", FROM_2024)):
        found = query(
            years,
            "select group_key, array_agg(distinct unit_code) from blue_intermediate.int_map_area "
            "where boundary = '2025' and era = %s and group_key is not null group by group_key",
            era,
        )
        assert sorted((sorted(codes) for _, codes in found)) == sorted(sorted(group) for group in groups)
        assert {key for key, _ in found} == {f"group:{min(group)}@2025-07-01" for group in groups}


def test_every_map_adds_to_long_an(years: Settings) -> None:
    told = query(
        years,
        """
        select boundary, period_key,
            sum(poor_households) filter (where area_level = 'long_an'),
            sum(poor_households) filter (where area_level = 'group' or area_level = 'commune' and group_key is null),
            count(*) filter (where area_level = 'commune' and group_key is null),
            count(*) filter (where area_level = 'commune' and group_key is not null)
        from marts.fct_poverty
        where period_key in ('2023', '2024', '2025')
        group by boundary, period_key
        order by boundary, period_key
        """,
    )
    assert told == [
        ("2021", "2023", 3654, 3654, 188, 0), ("2021", "2024", 2870, 2870, 182, 6), ("2021", "2025", 1999, 1999, 0, 0),
        ("2025", "2023", 3654, 3654, 47, 13), ("2025", "2024", 2870, 2870, 49, 11), ("2025", "2025", 1999, 1999, 60, 0),
        ("at_time", "2023", 3654, 3654, 188, 0), ("at_time", "2024", 2870, 2870, 186, 0), ("at_time", "2025", 1999, 1999, 60, 0),
    ]  # fmt: skip


def test_a_whole_commune_of_2025_is_the_sum_of_those_before(years: Settings) -> None:
    """27712 was made of 27698, 27706, 27712 and 27718."""
    parts = query(
        years,
        "select sum(poor_households), sum(total_households) from marts.fct_poverty where boundary = 'at_time' and period_key = '2023' "
        "and area_level = 'commune' and area_code in ('27698', '27706', '27712', '27718')",
    )
    row = query(
        years,
        "select poor_households, total_households, poor_rate_pct, expected_submissions, method, group_key from marts.fct_poverty "
        "where boundary = '2025' and period_key = '2023' and area_key = '27712@2025-07-01'",
    )
    assert row[0][:2] == parts[0]
    assert row[0][2] == round(Decimal(100) * row[0][0] / row[0][1], 6)
    assert row[0][3:] == (4, "sum_of_whole", None)


def test_a_commune_that_was_split_is_known_in_its_group(years: Settings) -> None:
    """28006 went to 28003, 28009 and 28012 on 1/12/2024: on the map of 2021 the four are one group from then on."""
    three = query(
        years,
        "select sum(poor_households), sum(total_households) from marts.fct_poverty where boundary = 'at_time' and period_key = '2024' "
        "and area_level = 'commune' and area_code = any(%s)",
        list(SPLIT),
    )
    group = query(
        years,
        "select area_key, area_name, poor_households, total_households, expected_submissions, method from marts.fct_poverty "
        "where boundary = '2021' and period_key = '2024' and area_level = 'group' and area_code = '28003'",
    )
    assert group == [("group:28003@2024-12-01", "Nhóm Xã An Thạnh, Xã Lương Hòa, Xã Tân Bửu, Xã Tân Hòa", *three[0], 3, "closed_group")]
    members = query(
        years,
        "select area_code, poor_households, total_households, poor_rate_pct, method from marts.fct_poverty "
        "where boundary = '2021' and period_key = '2024' and group_key = 'group:28003@2024-12-01' order by 1",
    )
    assert members == [(code, None, None, None, "in_group") for code in SPLIT]


def test_former_districts_are_known_where_no_commune_lies_in_two(years: Settings) -> None:
    rows = query(
        years,
        "select area_code, poor_households is not null, method from marts.fct_poverty where area_level = 'former_district' "
        "and period_key = '2025'",
    )
    assert len(rows) == 15
    known = {code for code, is_known, _ in rows if is_known}
    assert known
    assert known < {code for code, *_ in rows}
    assert {method for _, is_known, method in rows if is_known} == {"sum_of_whole"}
    assert {method for _, is_known, method in rows if not is_known} == {"in_group"}
    spanning = query(
        years,
        "select distinct commune_key from blue_intermediate.int_map_area where boundary = '2021' and era = '2025-07-01' "
        "and not is_in_one_district order by 1",
    )
    assert spanning == [(f"{code}@2025-07-01",) for code in ("27694", "27793", "27817", "27868", "28087")]


def test_the_province_of_today_is_wider_than_long_an(years: Settings) -> None:
    rows = query(
        years,
        "select period_key, area_key, area_name, poor_households, expected_submissions, accepted_submissions, completeness_pct, maturity "
        "from marts.fct_poverty where area_level = 'province' and period_key in ('2023', '2024', '2025') order by 1",
    )
    assert rows == [
        ("2023", "80@2004-08-31", "Tỉnh Long An", 3654, 188, 188, Decimal(100), "final"),
        ("2024", "80@2004-08-31", "Tỉnh Long An", 2870, 186, 186, Decimal(100), "final"),
        ("2025", "80@2025-07-01", "Tỉnh Tây Ninh", 1999, 96, 60, Decimal("62.5"), "provisional"),
    ]
    assert query(years, "select count(*) from marts.goal_progress where area_level = 'province'") == [(0,)]


def test_returns_are_expected_of_the_communes_of_their_time(years: Settings) -> None:
    rows = query(
        years,
        "select period_key, expected_submissions from marts.fct_loan_coverage where area_level = 'long_an' and boundary = 'at_time' "
        "and borrower_class = 'all' and period_key in ('2023', '2024-Q3', '2024-Q4', '2025-Q2', '2025-Q3') order by 1",
    )
    assert rows == [("2023", 188), ("2024-Q3", 188), ("2024-Q4", 186), ("2025-Q2", 186), ("2025-Q3", 60)]


def test_a_split_keeps_all_its_people(years: Settings) -> None:
    rows = query(
        years,
        "select successor_code, round(share, 6)::text, is_whole from blue_intermediate.int_ground_edge "
        "where predecessor_code = '28006' order by 1",
    )
    assert rows == [("28003", "0.177193", False), ("28009", "0.231579", False), ("28012", "0.591228", False)]


def test_the_parts_of_a_share_add_to_their_group(years: Settings) -> None:
    rows = query(
        years,
        "select f.area_level, f.poor_households, f.poor_persons, f.method, f.is_estimate, f.totals_method, f.total_households is null "
        "from marts.fct_poverty as f where f.boundary = '2025' and f.period_key = '2023' "
        "and 'group:27991@2025-07-01' in (f.area_key, f.group_key) order by f.area_level, f.area_code",
    )
    first, second, group = rows
    assert {row[3:] for row in (first, second)} == {("published_share", True, "in_group", True)}
    assert group[3:] == ("closed_group", False, "closed_group", False)
    assert [a + b for a, b in zip(first[1:3], second[1:3], strict=True)] == list(group[1:3])


def test_a_return_that_stands_twice_on_a_map_is_found(years: Settings) -> None:
    folder = years.home / "dbt" / "blue" / "target" / "compiled"
    compiled = next(folder.rglob("each_return_counts_once_on_each_map.sql")).read_text(encoding="utf-8")
    with connect(years) as conn:
        assert conn.execute(compiled).fetchall() == []
        conn.execute(
            "update blue_intermediate.int_area_part set group_key = null where boundary = '2025' and period_key = '2023' "
            "and area_level = 'commune' and form_code = 'household_review'"
        )
        assert len(conn.execute(compiled).fetchall()) > 0
        conn.rollback()


def test_the_safe_view_has_one_map(years: Settings) -> None:
    assert query(years, "select distinct boundary, area_level from marts.fct_poverty_default") == [("at_time", "commune")]
    assert query(years, "select distinct boundary from marts.goal_progress") == [("at_time",)]


def test_the_gate_finds_a_map_that_does_not_add(years: Settings) -> None:
    run = at(years, "2026-01-11T22:00+07:00")
    build_id = build(years, run).build_id
    for change in (
        "set poor_households = poor_households + 1 where boundary = '2025' and area_level = 'group' and area_code = '27694'",
        "set total_households = total_households - 1 where boundary = '2021' and area_level = 'commune' and area_code = '27700'",
    ):
        with connect(years) as conn:
            assert conn.execute(f"update green_marts.fct_poverty {change} and period_key = '2023'").rowcount == 1
        failed = {result.check_code for result in check_build(years, run, build_id).results if not result.passed}
        assert "GATE-SUM" in failed, change
