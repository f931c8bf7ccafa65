"""The bridge year: 2026 closes under 2022-2026 and is the base of the goal to 2030 under 2027-2030, from the same lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from expectations.gate import check_build
from reporting.trace import trace
from tests.conftest import fresh_warehouse
from tests.support.mart_builder import Household, Return, communes_in_force, people, send
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.builds import build
from warehouse.database import connect
from warehouse.mart_contracts import load_marts
from warehouse.mart_diff import cells_sql
from warehouse.settings import Settings

pytestmark = pytest.mark.xdist_group("standards")

SURVEY = {"area_type": "rural", "dep_employment": True, "dep_telecom": True, "dep_latrine": False, "dep_waste_treatment": True}
FACTS = SURVEY | dict.fromkeys(
    ("dep_dependency", "dep_nutrition", "dep_health_insurance", "dep_adult_education", "dep_child_schooling", "dep_housing_quality"), False
) | dict.fromkeys(("dep_housing_area", "dep_clean_water", "dep_info_device"), False)  # fmt: skip


def listed(opening: str, closing: str, income: int | None, recorded: str | None) -> Household:
    return Household(opening, closing, extra={**FACTS, "income_per_head_vnd": income, "next_standard_class": recorded})


# A poor one, recorded poor; a near-poor one that its facts make poor; an applicant above the old line, recorded near-poor; one that left.
TOLD = [
    listed("poor", "poor", 1_500_000, "poor"),
    listed("near_poor", "near_poor", 2_200_000, None),
    listed("not_poor", "not_poor", 2_100_000, "near_poor"),
    listed("poor", "outside", None, None),
]
UNKNOWN = [TOLD[0], listed("near_poor", "near_poor", None, None), *TOLD[2:]]


@pytest.fixture(scope="module")
def bridge(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """60 communes: 2025 on the form's first version, 2026 on its second; published."""
    with fresh_warehouse(server_url, template_database, tmp_path_factory.mktemp("bridge")) as settings:
        with connect(settings) as conn:
            communes = communes_in_force(conn, 2026)
            send(conn, at(settings, "2026-01-10T22:00+07:00"), [Return(code, 2025, people(1, 1)) for code in communes])
            run = at(settings, "2027-01-10T22:00+07:00")
            send(conn, run, [Return(code, 2026, TOLD) for code in communes])
        build_and_publish(settings, run)
        yield settings


@pytest.fixture
def conn(bridge: Settings) -> Iterator[psycopg.Connection]:
    with connect(bridge) as connection:
        yield connection


LONG_AN = "boundary = 'at_time' and area_level = 'long_an'"


def test_a_year_stands_under_each_standard_that_its_form_can_tell(conn: psycopg.Connection) -> None:
    assert conn.execute(
        "select period_year, standard_version, is_in_force, is_provisional, basis, poor_households, near_poor_households,"
        f" multidimensional_households, unknown_households, reason from marts.fct_poverty_by_standard where {LONG_AN}"
        " and period_year > 2024 order by 1, 2"
    ).fetchall() == [
        (2025, "2022-2026", True, False, "recorded", 60, 60, 120, 0, None),
        (2025, "2027-2030", False, True, "by_facts", None, None, None, None, "form lacks income per head, waste treatment"),
        (2026, "2022-2026", True, False, "recorded", 60, 60, 120, 0, None),
        (2026, "2027-2030", False, True, "recorded_next", 120, 60, 180, 0, None),
    ]
    assert conn.execute("select count(*) from marts.fct_poverty_by_standard_default where period_year = 2026").fetchone() == (60,)
    status = "select count(*) from marts.data_status where mart = 'fct_poverty_by_standard' and period_key = '2026'"
    assert conn.execute(status).fetchone() == (1,)


def test_2026_ends_one_goal_and_is_the_base_of_the_next(conn: psycopg.Connection) -> None:
    assert conn.execute(
        "select target_version, period_year, baseline_value, actual_value, target_value, status, status_reason from marts.goal_progress"
        f" where {LONG_AN} and goal_code = 'poverty_reduction' and reading = 'compound' and target_version like 'assumed_20__'"
        " and period_year in (2026, 2030) order by 1, 2"
    ).fetchall() == [
        ("assumed_2026", 2026, 60, 60, 54, "missed", None),
        ("assumed_2030", 2026, 120, 120, Decimal("78.732"), "baseline", None),
        ("assumed_2030", 2030, 120, None, Decimal("78.732"), "not_available", "not yet due"),
    ]


def test_one_household_of_an_unknown_class_leaves_the_goal_without_a_base(bridge: Settings, conn: psycopg.Connection) -> None:
    run = at(bridge, "2027-01-11T22:00+07:00")
    send(conn, run, [Return("27694", 2026, UNKNOWN, version=2)])
    made = build(bridge, run)
    assert check_build(bridge, run, made.build_id).passed
    reason = "income not given for 1 households"
    assert conn.execute(
        f"select area_level, poor_households, unknown_households, reason from {made.schema}_marts.fct_poverty_by_standard"
        f" where ({LONG_AN} or boundary = 'at_time' and area_code = '27694') and period_year = 2026 and not is_in_force order by 1"
    ).fetchall() == [("commune", None, 1, reason), ("long_an", None, 1, reason)]
    assert conn.execute(
        f"select target_version, status, status_reason from {made.schema}_marts.goal_progress where {LONG_AN} and period_year = 2026"
        " and goal_code = 'multidimensional_reduction' and reading = 'compound' and target_version like 'assumed_20__' order by 1"
    ).fetchall() == [("assumed_2026", "missed", None), ("assumed_2030", "not_available", reason)]


def test_a_series_breaks_in_the_window_only(conn: psycopg.Connection) -> None:
    assert conn.execute(
        "select kind, break_date, first_period_key, from_name, to_name, note_vi from marts.dim_series_break where mart = 'fct_poverty'"
        " order by 2"
    ).fetchall() == [
        ("boundary", date(2024, 12, 1), "2024", "188", "186", "Sắp xếp đơn vị hành chính: 188 xã thành 186 xã"),
        ("boundary", date(2025, 7, 1), "2025", "186", "60", "Sắp xếp đơn vị hành chính: 186 xã thành 60 xã"),
        ("form_version", date(2026, 1, 1), "2026", "1", "2", "Biểu household_review phiên bản 2"),
        ("standard", date(2027, 1, 1), "2027", "2022-2026", "2027-2030", "Chuẩn nghèo 2027-2030 (tạm thời)"),
    ]
    assert conn.execute("select count(*) from marts.dim_series_break").fetchone() == (4 + 3 + 3 + 3,)


@pytest.mark.parametrize(("standard", "rows"), [("2022-2026", [8]), ("2027-2030", [8, 9])])
def test_a_figure_under_a_standard_leads_back_to_its_households(conn: psycopg.Connection, standard: str, rows: list[int]) -> None:
    found = trace(conn, "fct_poverty_by_standard", "27694", "2026", "poor_households", standard)
    assert [row.row_number for row in found.rows] == rows
    assert found.found == found.value == len(rows)


def test_a_mart_that_the_build_before_had_not_is_no_restatement(bridge: Settings, conn: psycopg.Connection) -> None:
    (mart,) = (mart for mart in load_marts() if mart.name == "fct_poverty_by_standard")
    told: list[Any] = [cells_sql(conn, mart, old, "blue_marts") for old in ("an_older_build_marts", "blue_marts")]
    assert told[0] is None and told[1] is not None
