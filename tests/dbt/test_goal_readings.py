"""Thousands of series with zeros, gaps and early successes: the SQL of goal_progress against the same goals read in Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count, product
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import fresh_warehouse
from tests.support import goal_models
from tests.support.goal_reading import Service, Target, Year, read_coverage, read_reduction
from warehouse.database import connect

Series = dict[int, Year]
Area = tuple[Series, dict[int, Service], dict[int, tuple[Service, int]]]
"""Reviews, credit, and training with the persons referred beside those trained, each by year."""

FIRST, LAST = 2020, 2030
COLLECTED = {"household_review": 2021, "credit": 2023, "training": 2023}
NEW_STANDARD = 2027
STANDARDS = ("2022-2026", "2027-2030")
READINGS = ("compound", "simple_mean", "share_of_baseline", "every_year")
COLUMNS = {
    "period_year": "year", "baseline_value": "baseline", "actual_value": "actual", "path_value": "path", "target_value": "end",
    "gap": "gap", "observed_pace_pct": "pace", "required_pace_pct": "required", "required_compound_pace_pct": "required_compound",
    "projected_value": "projection", "status": "status", "status_reason": "reason",
}  # fmt: skip

# Half of them round numbers, so that counts stand on a path, on an end value and at the pace exactly.
ROUND = [0, 10, 20, 25, 40, 50, 60, 64, 72, 75, 80, 81, 90, 100]
counts = st.one_of(st.sampled_from(ROUND), st.sampled_from([80, 90, 100]), st.integers(0, 12), st.integers(0, 20_000))
# How a year stands: all in and final, all in and one provisional, one unknown, one missing past the due date, not due, not begun.
states = st.sampled_from(["final"] * 8 + ["provisional"] * 2 + ["unknown", "incomplete", "incomplete", "not_due", "not_begun"])


def owed(state: str, year: int, form: str, expected: int) -> Year:
    """A year in a state, without its figures."""
    if year < COLLECTED[form]:
        return Year(0, 0, has_begun=False, is_past_due=False, is_final=False, is_collected=False)
    came = expected if state in ("final", "provisional", "unknown") else expected - 1
    is_past_due = state not in ("not_due", "not_begun")
    return Year(expected, came, has_begun=state != "not_begun", is_past_due=is_past_due, is_final=state == "final")


@st.composite
def reviews(draw: st.DrawFn) -> Series:
    """A series of reviews: it may begin late (a unit on new ground), fall to nothing, rise again."""
    first = draw(st.sampled_from([FIRST] * 5 + [2022, 2024]))
    found: Series = {}
    for year in range(first, LAST + 1):
        state, expected = draw(states), draw(st.integers(1, 3))
        one = replace(owed(state, year, "household_review", expected), standard=STANDARDS[year >= NEW_STANDARD])
        is_known = state != "unknown" and one.is_collected
        found[year] = replace(one, poor=draw(counts), near_poor=draw(counts)) if is_known else one
        if draw(st.booleans()) and one.is_collected:  # as in a bridge year, but in any
            found[year] = replace(found[year], reclassified=(draw(counts), draw(counts)))
    return found


# A year of a service in one draw: how it stands, those promised and served, those served otherwise, how far the survey went.
service_years = st.tuples(
    states.filter("unknown".__ne__),
    st.sampled_from([(0, 0), (1, 0), (1, 1), (3, 2), (3, 3), (7, 0), (1000, 999), (1000, 1000)]),
    st.sampled_from([(9, 10), (89, 100), (90, 100), (10, 10), (0, 0), (5, None), (None, 10)]),
)


@st.composite
def services(draw: st.DrawFn, form: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for year in range(FIRST, LAST + 1):
        state, (whole, part), survey = draw(service_years)
        service = Service(owed(state, year, form, 1), whole, part, *survey)
        found[year] = service if form == "credit" else (service, whole - part)
    return found


areas: st.SearchStrategy[Area] = st.tuples(reviews(), services("credit"), services("training"))


@st.composite
def targets(draw: st.DrawFn) -> list[Target]:
    """Some target versions: paces of all four readings, shares of the baseline, coverage. Their names are their numbers."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        baseline = draw(st.integers(FIRST, 2028))
        end = draw(st.integers(baseline + 1, min(baseline + 5, LAST)))
        goal = draw(st.sampled_from(["poverty_reduction", "multidimensional_reduction"]))
        standard = draw(st.sampled_from(STANDARDS))
        if draw(st.integers(0, 3)):
            most = 1000 // (end - baseline)  # more than 100% of the baseline is refused with the file
            value = draw(st.one_of(st.sampled_from([min(tenths, most) for tenths in (100, 200, 250, 500)]), st.integers(1, most)))
            found.append(Target(goal, f"v{number}", READINGS, Decimal(value) / 10, "pct_per_year", end, 2021, baseline, standard))
        else:
            value = draw(st.sampled_from([25, 50, 100]))
            found.append(
                Target(goal, f"v{number}", ("share_of_baseline",), Decimal(value), "pct_of_baseline", end, 2021, baseline, standard)
            )
    for goal in draw(st.sets(st.sampled_from(["loan_coverage", "training_coverage", "job_referral"]))):
        since = draw(st.integers(FIRST, 2026))
        found.append(Target(goal, "c", ("ratio",), Decimal(100), "pct", draw(st.integers(since, LAST)), since))
    return found


@dataclass(frozen=True, repr=False)
class Batch:
    """Every target over every area. Its repr is short: a failure shows the one series that matters."""

    targets: list[Target]
    areas: list[Area]

    def __repr__(self) -> str:
        return f"{len(self.targets)} targets, {len(self.areas)} areas"


# -- the same batch for both
def as_rows(wanted: list[Target], given_areas: list[Area]) -> dict[str, list[dict[str, Any]]]:
    """The batch as rows of the tables that the models read."""
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in goal_models.TABLES}
    rows["staging.stg_target"] = [
        {
            "goal_code": one.goal, "target_version": one.version, "readings": "|".join(one.readings), "target_size": one.value,
            "target_unit": one.unit, "baseline_year": one.baseline_year, "target_year": one.end_year, "standard_version": one.standard,
            "is_assumed": False, "document_date": date(one.version_year, 10, 8), "valid_from": date(one.version_year, 10, 8),
        }
        for one in wanted
    ]  # fmt: skip
    for number, (series, credit, training) in enumerate(given_areas):
        rows["marts.dim_area"].append({"area_key": str(number), "area_code": str(number), "area_name": "X"})
        for year, one in series.items():
            place = placed("household_review", number, year)
            add_state(rows, "intermediate.int_area_period", place, one, {})
            if one.is_collected:
                other = next(standard for standard in STANDARDS if standard != one.standard)
                under = {one.standard: (one.poor, one.near_poor, None)}
                under[other] = (*(one.reclassified or (None, None)), None if one.reclassified else f"not under the standard {other}")
                for standard, figures in under.items():
                    named = dict(zip(("poor_households", "near_poor_households", "reason"), figures, strict=True))
                    rows["intermediate.int_standard_area"].append(place | {"standard_version": standard} | named)
        for year, loan in credit.items():
            place, quarter = placed("credit", number, year), {"as_of_quarter": f"{year}-Q4"}
            add_state(rows, "intermediate.int_service_period", place, loan.year, quarter)
            if loan.year.is_collected:
                told = {"served": loan.part, "eligible_with_need": loan.whole, "households_listed": loan.listed}
                told |= {"households_in_class": loan.in_class}
                for group in ("all", "poor"):  # the second is not the goal's
                    told = told if group == "all" else dict.fromkeys(told, 1)
                    rows["intermediate.int_loan_area"].append(place | {"period_key": f"{year}-Q4", "borrower_class": group} | told)
        for year, (course, referred) in training.items():
            place, quarter = placed("training", number, year), {"as_of_quarter": f"{year}-Q4"}
            add_state(rows, "intermediate.int_service_period", place, course.year, quarter)
            if course.year.is_collected:
                told = {"trained": course.part, "referred": referred, "with_need": course.whole}
                for group in ("poor", "all"):
                    told = told if group == "poor" else dict.fromkeys(told, 1)
                    rows["intermediate.int_training_area"].append(place | {"period_key": f"{year}-Q4", "household_class": group} | told)
    return rows


def placed(form: str, number: int, year: int) -> dict[str, Any]:
    return {
        "form_code": form, "area_key": str(number), "area_level": "commune", "boundary": "at_time", "period_key": str(year),
        "period_type": "year", "period_year": year, "period_start_date": date(year, 1, 1), "period_end_date": date(year, 12, 31),
    }  # fmt: skip


def add_state(rows: dict[str, list[dict[str, Any]]], table: str, place: dict[str, Any], one: Year, extra: dict[str, Any]) -> None:
    number = {"expected_submissions": one.expected, "accepted_submissions": one.accepted}
    if not one.is_collected:
        rows["intermediate.int_uncollected_year"].append(place | number)
        return
    state = {"maturity": "final" if one.is_final else "provisional", "has_begun": one.has_begun, "is_past_due": one.is_past_due}
    rows[table].append(place | extra | number | {"method": "as_reported", "is_estimate": False} | state)


def as_read(wanted: list[Target], given_areas: list[Area]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The batch as Python reads it: (area, goal, version, reading, year) -> row."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, (series, credit, training) in enumerate(given_areas):
        courses = {
            "training_coverage": {year: one for year, (one, _) in training.items()},
            "job_referral": {year: Service(one.year, one.whole, referred) for year, (one, referred) in training.items()},
            "loan_coverage": credit,
        }
        for target in wanted:
            for reading in target.readings:
                told = read_coverage(target, courses[target.goal]) if reading == "ratio" else read_reduction(target, reading, series)
                found |= {(str(number), target.goal, target.version, reading, row["year"]): row for row in told}
    return found


def is_same(sql_value: Any, read_value: Any) -> bool:
    if sql_value is None or read_value is None or isinstance(sql_value, str):
        return bool(sql_value == read_value)
    # The last digit of a root may differ; of a large number, what lies beyond 12 digits.
    return abs(Decimal(sql_value) - Decimal(read_value)) <= max(Decimal("0.000001"), abs(Decimal(read_value)) / 10**12)


@pytest.fixture(scope="module")
def conn(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with (
        fresh_warehouse(server_url, template_database, tmp_path_factory.mktemp("goals")) as settings,
        connect(settings, autocommit=True) as connection,
    ):
        goal_models.make_views(connection, settings)
        yield connection


def shown(wanted: list[Target], given_areas: list[Area], place: tuple[Any, ...]) -> str:
    """The series of a row and its target, short enough to read."""
    number, goal, version, reading, _ = place
    series = given_areas[int(number)][0 if reading in READINGS else 1 if goal == "loan_coverage" else 2]
    target = next(one for one in wanted if (one.goal, one.version) == (goal, version))
    return "\n".join([str(target), *(f"{year}: {one}" for year, one in series.items())])


def test_the_mart_reads_every_series_as_python_does(conn: psycopg.Connection) -> None:
    read: set[tuple[int, Any]] = set()
    numbers = count()

    # Not shrunk: the message shows the one series that is read otherwise, and a batch of others costs minutes to shrink.
    @hypothesis_settings(
        max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(batch=st.builds(Batch, targets(), st.lists(areas, min_size=10, max_size=20)))
    def compare(batch: Batch) -> None:
        number = next(numbers)
        read.update((number, place[:-1]) for place in differences(conn, batch))

    compare()
    assert len(read) > 2000


def test_every_three_years_of_round_numbers(conn: psycopg.Connection) -> None:
    """Counts that stand on a path, on an end value, at the baseline and at the pace exactly: on which side each of them falls."""
    wanted = [
        Target("poverty_reduction", f"v{value}", READINGS, Decimal(value), "pct_per_year", 2023, 2021, 2021, STANDARDS[0])
        for value in (10, 20)
    ]
    wanted.append(
        Target("poverty_reduction", "half", ("share_of_baseline",), Decimal(50), "pct_of_baseline", 2023, 2021, 2021, STANDARDS[0])
    )
    known = owed("final", 2021, "household_review", 1)
    given_areas: list[Area] = [
        ({2021 + t: replace(known, standard=STANDARDS[0], poor=count, near_poor=0) for t, count in enumerate(series)}, {}, {})
        for series in product([0, 25, 50, 64, 80, 81, 90, 100, 110], repeat=3)
    ]
    assert len(differences(conn, Batch(wanted, given_areas))) == 9**3 * 3 * 9


def differences(conn: psycopg.Connection, batch: Batch) -> set[tuple[Any, ...]]:
    """Fail with the first row that SQL and Python read otherwise; else the places of all rows."""
    wanted, given_areas = batch.targets, batch.areas
    goal_models.fill(conn, as_rows(wanted, given_areas))
    key = ("area_key", "goal_code", "target_version", "reading", "period_year")
    told = goal_models.progress(conn, [*dict.fromkeys((*key, *COLUMNS, "maturity"))])
    read = as_read(wanted, given_areas)
    by_key = {tuple(row[name] for name in key): row for row in told}
    assert len(by_key) == len(told)
    assert set(by_key) == set(read)
    for place, row in by_key.items():
        found = {column: (row[column], read[place][name]) for column, name in COLUMNS.items()}
        found = {column: pair for column, pair in found.items() if not is_same(*pair)}
        if (row["maturity"] == "final") != read[place]["is_final"]:
            found["maturity"] = (row["maturity"], read[place]["is_final"])
        if found:
            pytest.fail(f"{place}: (SQL, Python) {found}\n{shown(wanted, given_areas, place)}", pytrace=False)
    return set(by_key)
