"""What a build makes of the returns in force: figures, areas, completeness, the goal's readings."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support.mart_builder import Household, Return, happen, people, province, send
from tests.support.mart_fixtures import at
from warehouse.builds import build
from warehouse.database import connect
from warehouse.settings import Settings

PUBLISHED = {2021: (6296, 11570, 480_000), 2022: (4764, 11049, 482_000), 2023: (3654, 9026, 484_930)}


def rows(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return conn.execute(query).fetchall()


@pytest.fixture
def conn(warehouse: Settings) -> Iterator[psycopg.Connection]:
    with connect(warehouse, autocommit=True) as connection:
        yield connection


def test_the_published_series_gives_the_known_rates_and_goal_readings(warehouse: Settings, conn: psycopg.Connection) -> None:
    for year, (poor, near_poor, total) in PUBLISHED.items():
        run = at(warehouse, f"{year + 1}-01-10T22:00+07:00")
        send(conn, run, province(conn, year, poor, near_poor, total))
    build(warehouse, run)
    assert rows(
        conn,
        "select period_year, poor_households, near_poor_households, round(poor_rate_pct, 2), round(near_poor_rate_pct, 2), "
        "accepted_submissions, maturity from blue_marts.fct_poverty where boundary = 'at_time' and area_level = 'long_an' "
        "order by period_year",
    ) == [
        (2021, 6296, 11570, Decimal("1.31"), Decimal("2.41"), 188, "final"),
        (2022, 4764, 11049, Decimal("0.99"), Decimal("2.29"), 188, "final"),
        (2023, 3654, 9026, Decimal("0.75"), Decimal("1.86"), 188, "final"),
    ]
    measured = rows(
        conn,
        "select target_version, reading, round(path_value, 2), round(target_value, 2), round(observed_pace_pct, 2), "
        "round(required_pace_pct, 2), round(required_compound_pace_pct, 2), round(projected_value, 2), status "
        "from blue_marts.goal_progress where period_year = 2023 and not is_assumed and area_level = 'long_an' and reading <> 'ratio'",
    )
    known = {(row[0], row[1]): [None if v is None else str(v) for v in row[2:]] for row in measured}
    assert known["plan_2021_10pct", "compound"] == ["5099.76", "4130.81", "23.82", "0.00", "0.00", "2120.67", "achieved"]
    assert known["plan_2684_15pct", "compound"] == ["4548.86", "3286.55", "23.82", "5.16", "5.16", "2120.67", "on_track"]
    assert known["plan_2684_halve", "share_of_baseline"] == ["4722.00", "3148.00", "20.98", "4.02", "7.18", "2120.67", "on_track"]
    assert known["plan_2021_10pct", "simple_mean"][2] == "23.82"
    assert known["plan_2021_10pct", "every_year"][2] == "23.30"
    # Poor and near-poor 17,866 / 15,813 / 12,680: halved in four years.
    assert known["ntp_2021_2025_halve", "share_of_baseline"] == ["13399.50", "8933.00", "14.51", "10.49", "16.07", "8999.35", "on_track"]
    assert rows(
        conn,
        "select round(path_value, 2), status from blue_marts.goal_progress where period_year = 2022 and area_level = 'long_an' "
        "and target_version = 'ntp_2021_2025_halve'",
    ) == [(Decimal("15632.75"), "off_track")]
    assert len(known) == 10
    assert rows(
        conn,
        "select period_year, round(path_value, 2), status, status_reason from blue_marts.goal_progress "
        "where target_version = 'plan_2021_10pct' and reading = 'compound' and period_year > 2023 and area_level = 'long_an' "
        "order by period_year",
    ) == [(2024, Decimal("4589.78"), "not_available", "not yet due"), (2025, Decimal("4130.81"), "not_available", "not yet due")]


def test_coverage_goals_begin_a_year_after_the_plan_and_say_that_nothing_was_collected(
    warehouse: Settings, conn: psycopg.Connection
) -> None:
    build(warehouse, at(warehouse, "2023-09-01T08:00+07:00"))
    assert rows(
        conn,
        "select goal_code, period_year, area_level, count(*), min(status), min(status_reason), max(status_reason), "
        "max(expected_submissions), count(completeness_pct) from blue_marts.goal_progress where reading = 'ratio' "
        "and (period_year = 2022 or period_year = 2023 and area_level = 'long_an') group by 1, 2, 3 order by 2, 1, 3",
    ) == [
        (goal, 2022, level, areas, "not_available", "not collected", "not collected", 0, 0)
        for goal in ("job_referral", "loan_coverage", "training_coverage")
        for level, areas in (("commune", 188), ("district", 15), ("long_an", 1))
    ] + [
        (goal, 2023, "long_an", 1, "not_available", "incomplete (0 of 188)", "incomplete (0 of 188)", 188, 1)
        for goal in ("job_referral", "loan_coverage", "training_coverage")
    ]


def test_an_incomplete_province_has_no_goal_and_says_how_much_is_in(warehouse: Settings, conn: psycopg.Connection) -> None:
    send(conn, at(warehouse, "2022-01-10T22:00+07:00"), province(conn, 2021, 400, 200, 188_000))
    run = at(warehouse, "2023-01-10T22:00+07:00")
    missing, *came = province(conn, 2022, 376, 188, 188_000)
    send(conn, run, came)
    build(warehouse, run)
    assert rows(
        conn,
        "select status, status_reason, actual_value, completeness_pct, maturity from blue_marts.goal_progress "
        "where period_year = 2022 and target_version = 'plan_2021_10pct' and reading = 'compound' and area_level = 'long_an'",
    ) == [("not_available", "incomplete (187 of 188)", None, Decimal("99.468085"), "provisional")]
    assert rows(
        conn,
        "select poor_households, total_households, poor_rate_pct, accepted_submissions, maturity from blue_marts.fct_poverty "
        f"where boundary = 'at_time' and area_code = '{missing.commune}' and period_year = 2022",
    ) == [(None, None, None, 0, "provisional")]
    whole = "boundary = 'at_time' and area_level = 'long_an' and period_year = 2022"
    query = f"select poor_households from blue_marts.fct_poverty where {whole}"
    assert rows(conn, query) == [(374,)]
    assert rows(
        conn, f"select state from blue_marts.submission_compliance where area_key like '{missing.commune}@%' and period_key = '2022'"
    ) == [("missing",)]


def test_rows_exist_for_every_unit_in_force_in_every_period_begun(warehouse: Settings, conn: psycopg.Connection) -> None:
    build(warehouse, at(warehouse, "2025-09-01T08:00+07:00"))
    assert rows(
        conn,
        "select period_year, count(*) filter (where area_level = 'commune'), count(*) filter (where area_level = 'district'), "
        "max(expected_submissions) filter (where area_level = 'long_an'), sum(accepted_submissions), count(poor_households) "
        "from blue_marts.fct_poverty where boundary = 'at_time' group by period_year order by period_year",
    ) == [
        (2021, 188, 15, 188, 0, 0),
        (2022, 188, 15, 188, 0, 0),
        (2023, 188, 15, 188, 0, 0),
        (2024, 186, 15, 186, 0, 0),
        (2025, 60, 0, 60, 0, 0),
    ]
    assert rows(
        conn, "select distinct area_key from blue_marts.fct_poverty where boundary = 'at_time' and area_code = '27694' order by area_key"
    ) == [("27694@2004-08-31",), ("27694@2024-12-01",), ("27694@2025-07-01",)]  # fmt: skip


def test_movements_follow_from_the_triples_and_not_in_the_first_review(warehouse: Settings, conn: psycopg.Connection) -> None:
    households = [
        Household("poor", "poor"), Household("poor", "near_poor"), Household("poor", "not_poor"),
        Household("poor", "outside", "single_died", members=0),
        Household("near_poor", "poor"), Household("not_poor", "poor", "relapsed_poor"), Household("not_poor", "poor", "newly_poor"),
        Household("outside", "poor", "split_off"), Household("near_poor", "near_poor"), Household("near_poor", "not_poor"),
        Household("near_poor", "outside", "merged", members=0), Household("not_poor", "near_poor", "relapsed_near_poor"),
        Household("not_poor", "near_poor", "newly_near_poor"), Household("outside", "near_poor"), Household("not_poor", "not_poor"),
    ]  # fmt: skip
    run = at(warehouse, "2023-01-10T22:00+07:00")
    send(conn, run, [Return("27694", 2021, households), Return("27694", 2022, households)])
    build(warehouse, run)
    columns = (
        "opening_poor_households, opening_poor_persons, left_to_near_poor, left_above_near_poor, other_decrease, joined_from_near_poor, "
        "relapsed, newly_poor, other_increase, poor_households, opening_near_poor_households, near_poor_left_above, "
        "near_poor_left_to_poor, near_poor_other_decrease, near_poor_joined_from_poor, near_poor_relapsed, newly_near_poor, "
        "near_poor_other_increase, near_poor_households"
    )
    query = "select {} from blue_marts.fct_poverty where boundary = 'at_time' and area_code = '27694' and period_year = {}"
    assert rows(conn, query.format(columns, 2022)) == [(4, 16, 1, 1, 1, 1, 1, 1, 1, 5, 4, 1, 1, 1, 1, 1, 1, 1, 5)]
    assert rows(conn, query.format(columns, 2021)) == [(*[None] * 9, 5, *[None] * 8, 5)]
    assert rows(conn, query.format("standard_version, poor_persons", 2021)) == [("2022-2026", 20)]


def test_one_household_without_an_opening_count_leaves_the_area_s_persons_unknown(warehouse: Settings, conn: psycopg.Connection) -> None:
    run = at(warehouse, "2023-01-10T22:00+07:00")
    send(conn, run, [Return("27691", 2022, people(2, 0)), Return("27692", 2022, [Household("poor", "poor", opening_members=None)])])
    build(warehouse, run)
    query = "select opening_poor_persons from blue_marts.fct_poverty where boundary = 'at_time' and period_year = 2022 and area_{} = '{}'"
    assert rows(conn, query.format("code", "27691")) == [(8,)]
    assert rows(conn, query.format("code", "27692")) == [(None,)]
    assert rows(conn, query.format("level", "long_an")) == [(None,)]


def test_in_force_is_what_audit_says(warehouse: Settings, conn: psycopg.Connection) -> None:
    run = at(warehouse, "2023-01-10T22:00+07:00")
    returned = ("received", "validated", "returned")
    first, second = Return("27691", 2022, people(1, 0)), Return("27691", 2022, people(2, 0), version=2)
    withdrawn = Return("27697", 2022, people(7, 0))
    send(conn, run, [
        first, second, Return("27692", 2022, people(3, 0), stage="provisional"), Return("27692", 2022, people(4, 0), version=2),
        Return("27694", 2022, people(5, 0)), Return("27694", 2022, people(6, 0), version=2, events=returned), withdrawn,
        Return("27698", 2022, people(8, 0), stage="provisional"),
    ])  # fmt: skip
    happen(conn, run, "superseded", first)
    happen(conn, run, "withdrawn", withdrawn)
    build(warehouse, run)
    ours = rows(conn, "select submission_id from blue_intermediate.int_submission where is_in_force order by 1")
    assert ours == rows(conn, "select submission_id from audit.submission_in_force order by 1")
    assert rows(
        conn,
        "select area_code, poor_households, maturity from blue_marts.fct_poverty where boundary = 'at_time' and area_level = 'commune' "
        "and accepted_submissions = 1 order by area_code",
    ) == [("27691", 2, "final"), ("27692", 4, "final"), ("27694", 5, "final"), ("27698", 8, "provisional")]
    assert rows(
        conn, "select split_part(area_key, '@', 1), state, last_event from blue_marts.submission_compliance "
        "where versions > 0 and period_key = '2022' order by 1",
    ) == [
        ("27691", "accepted", "accepted"), ("27692", "accepted", "accepted"), ("27694", "accepted", "returned"),
        ("27697", "missing", "withdrawn"), ("27698", "provisional", "accepted"),
    ]  # fmt: skip


def test_a_commune_without_poor_households_counts_zero_and_not_nothing(warehouse: Settings, conn: psycopg.Connection) -> None:
    run = at(warehouse, "2023-01-10T22:00+07:00")
    send(conn, run, [Return("27691", 2022, ())])
    build(warehouse, run)
    assert rows(
        conn, "select poor_households, near_poor_households, poor_rate_pct, newly_poor from blue_marts.fct_poverty "
        "where boundary = 'at_time' and area_code = '27691' and period_year = 2022",
    ) == [(0, 0, Decimal("0.000000"), 0)]  # fmt: skip
