"""Working age in the database against an independent reading of the retirement ages, day by day."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.reference_data import current

Ages = dict[int, dict[str, int]]
"""Year -> sex -> retirement age in months."""
Person = tuple[date, str]

MOST_DATES = 60
CHECKS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# So many dates from a first one, so far apart: one query an example, hundreds of people in it.
DATES = st.builds(
    lambda first, stride: [first + timedelta(stride * number) for number in range(MOST_DATES)],
    st.dates(date(1925, 1, 1), date(1990, 12, 31)),
    st.integers(1, 150),
)
EDGES = [
    *(date(year, 2, 29) for year in range(1928, 2013, 4)),
    *(date(year, month, calendar.monthrange(year, month)[1]) for year in range(1955, 1982) for month in range(1, 13)),
    *(date(year, month, 1) for year in range(1955, 1982) for month in range(1, 13)),
]


def after(born: date, months: int) -> date:
    """The day on which somebody is so many months old: the same day of the month, or the month's last."""
    year, month = divmod(born.year * 12 + born.month - 1 + months, 12)
    return date(year, month + 1, min(born.day, calendar.monthrange(year, month + 1)[1]))


def has_reached(ages: Ages, born: date, sex: str, day: date) -> bool:
    """Is the person, on this day, as old as the retirement age of the day's year?"""
    return after(born, ages[min(max(day.year, min(ages)), max(ages))][sex]) <= day


def retires(ages: Ages, born: date, sex: str) -> date:
    """The first day on which the age is reached, found by walking the days."""
    day = after(born, min(by_sex[sex] for by_sex in ages.values()))
    assert not has_reached(ages, born, sex, day - timedelta(1))
    while not has_reached(ages, born, sex, day):
        day += timedelta(1)
    return day


def table(conn: psycopg.Connection) -> tuple[Ages, int]:
    """The table in force, and its load."""
    rows = current(conn, "retirement_age", "year, male_years, male_months, female_years, female_months, load_id")
    return {year: {"male": my * 12 + mm, "female": fy * 12 + fm} for year, my, mm, fy, fm, _ in rows}, rows[0][-1]


def people(dates: list[date]) -> list[Person]:
    return [(born, sex) for born in dates for sex in ("male", "female")]


def retirement_dates(conn: psycopg.Connection, asked: list[Person], load: int) -> list[date | None]:
    rows = conn.execute(
        "select reference.retirement_date(p.born, p.sex, %s) "
        "from unnest(%s::date[], %s::text[]) with ordinality as p (born, sex, n) order by p.n",
        (load, [born for born, _ in asked], [sex for _, sex in asked]),
    ).fetchall()
    return [row[0] for row in rows]


def working(conn: psycopg.Connection, asked: list[tuple[date, str | None, date]], load: int) -> list[bool | None]:
    """is_working_age of (born, sex, day)."""
    rows = conn.execute(
        "select reference.is_working_age(p.born, p.sex, p.day, %s) "
        "from unnest(%s::date[], %s::text[], %s::date[]) with ordinality as p (born, sex, day, n) order by p.n",
        (load, *([item[place] for item in asked] for place in range(3))),
    ).fetchall()
    return [row[0] for row in rows]


def compare(conn: psycopg.Connection, asked: list[Person]) -> None:
    ages, load = table(conn)
    expected = [retires(ages, born, sex) for born, sex in asked]
    found = retirement_dates(conn, asked, load)
    wrong = [(person, got, want) for person, got, want in zip(asked, found, expected, strict=True) if got != want]
    assert wrong == []
    days = [
        (born, sex, day, after(born, 15 * 12) <= day < retired)
        for (born, sex), retired in zip(asked, expected, strict=True)
        for turn in (after(born, 15 * 12), retired)
        for day in (turn - timedelta(1), turn, turn + timedelta(1))
    ]
    assert working(conn, [item[:3] for item in days], load) == [item[3] for item in days]


@CHECKS
@given(dates=DATES)
def test_the_retirement_date_is_the_first_day_on_which_the_age_is_reached(conn: psycopg.Connection, dates: list[date]) -> None:
    compare(conn, people(dates))


def test_leap_days_and_the_ends_of_months(conn: psycopg.Connection) -> None:
    compare(conn, people(EDGES))


def test_dates_worked_out_by_hand(conn: psycopg.Connection) -> None:
    _, load = table(conn)
    by_hand: dict[Person, date] = {
        (date(1940, 3, 31), "male"): date(2000, 6, 30),  # before the table: its first row, 60 years 3 months
        (date(1962, 3, 15), "male"): date(2022, 9, 15),
        # 60 years 9 months on the last day of 2023; for who is born a day later, 2024 asks for 61 years.
        (date(1963, 3, 31), "male"): date(2023, 12, 31),
        (date(1963, 4, 1), "male"): date(2024, 4, 1),
        (date(1968, 2, 29), "female"): date(2024, 6, 29),
        (date(1964, 2, 29), "male"): date(2025, 5, 29),
        (date(1967, 12, 31), "female"): date(2023, 12, 31),
        (date(1968, 1, 1), "female"): date(2024, 5, 1),
        (date(1990, 7, 5), "female"): date(2050, 7, 5),  # after the table: its last row
    }
    assert dict(zip(by_hand, retirement_dates(conn, list(by_hand), load), strict=True)) == by_hand


def test_what_is_not_known(conn: psycopg.Connection) -> None:
    _, load = table(conn)
    day = date(2023, 6, 1)
    asked: list[tuple[date, str | None, date]] = [
        (date(2015, 1, 1), None, day),
        (date(1980, 1, 1), None, day),
        (date(1980, 1, 1), "x", day),
    ]
    assert working(conn, asked, load) == [False, None, None], "a child is a child whatever the sex"
    assert retirement_dates(conn, [(date(1980, 1, 1), "male")], load + 1) == [None], "no such load"


def test_another_load_is_another_table(conn: psycopg.Connection) -> None:
    """A table with a gap: a year without a row takes the one before it. The load in force before is asked for as before."""
    _, load = table(conn)
    row = conn.execute(
        "insert into reference.load (load_id, table_name, content_hash, row_count, run_id, recorded_at) "
        "select (select max(load_id) + 1 from reference.load), table_name, 'a test', 2, run_id, recorded_at "
        "from reference.load where load_id = %s returning load_id",
        (load,),
    ).fetchone()
    assert row is not None
    for year, years in ((2021, 60), (2024, 62)):
        conn.execute("insert into reference.retirement_age values (%s, %s, %s, 0, 55, 0)", (row[0], year, years))
    asked = [(date(1963, 12, 31), "male"), (date(1964, 1, 1), "male"), (date(1963, 12, 31), "female")]
    assert retirement_dates(conn, asked, row[0]) == [date(2023, 12, 31), date(2026, 1, 1), date(2018, 12, 31)]
    assert retirement_dates(conn, asked[:1], load) == [date(2024, 12, 31)]
