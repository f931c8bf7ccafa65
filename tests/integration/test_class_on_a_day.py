"""The class of a household on a day, as rules and marts ask the database for it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest

from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.support.workbooks import RECEIVED, Return
from warehouse.runs import start_run
from warehouse.settings import Settings

D = date


@pytest.mark.parametrize(
    ("day", "list_class", "class_from", "left", "listed"),
    [
        (D(2023, 3, 1), "poor", D(2022, 12, 22), None, "poor"),
        (D(2023, 3, 1), "near_poor", D(2022, 12, 22), D(2020, 1, 1), "near_poor"),
        # three years, the last day included; from 29 February they end on the 28th
        (D(2024, 12, 22), "not_poor", D(2021, 12, 22), D(2021, 12, 22), "newly_escaped"),
        (D(2024, 12, 23), "not_poor", D(2021, 12, 22), D(2021, 12, 22), "left_long_ago"),
        (D(2027, 2, 28), "not_poor", D(2024, 2, 29), D(2024, 2, 29), "newly_escaped"),
        (D(2027, 3, 1), "not_poor", D(2024, 2, 29), D(2024, 2, 29), "left_long_ago"),
        (D(2024, 2, 29), "not_poor", D(2021, 2, 28), D(2021, 2, 28), "left_long_ago"),
        (D(2024, 2, 29), "not_poor", D(2021, 3, 1), D(2021, 3, 1), "newly_escaped"),
        # gone from the commune: after the decision only; before the first list it was not ours to know
        (D(2023, 3, 1), "outside", D(2022, 12, 22), D(2022, 12, 22), "outside"),
        (D(2023, 3, 1), "outside", None, None, None),
        (D(2023, 3, 1), "not_poor", D(2022, 12, 22), None, None),
        (D(2023, 3, 1), None, None, None, None),
    ],
)
def test_what_the_lists_call_a_household(
    conn: psycopg.Connection, day: date, list_class: str | None, class_from: date | None, left: date | None, listed: str | None
) -> None:
    asked = conn.execute(
        "select intake.listed_class(%s, %s::text, coalesce(%s::date, '-infinity'), %s::date)", (day, list_class, class_from, left)
    ).fetchone()
    assert asked == (listed,)


@pytest.mark.parametrize(
    ("list_class", "left", "form", "form_left", "counted"),
    [
        ("poor", None, "newly_escaped", D(2022, 1, 1), "poor"),
        ("not_poor", D(2022, 12, 22), "poor", None, "newly_escaped"),
        ("not_poor", D(2019, 12, 22), "poor", None, None),
        ("outside", None, "poor", None, None),
        (None, None, "near_poor", None, "near_poor"),
        (None, None, "newly_escaped", D(2020, 3, 1), "newly_escaped"),
        (None, None, "newly_escaped", D(2020, 2, 29), None),
        (None, None, "newly_escaped", None, None),
        (None, None, None, None, None),
    ],
)
def test_what_it_is_counted_under(
    conn: psycopg.Connection, list_class: str | None, left: date | None, form: str | None, form_left: date | None, counted: str | None
) -> None:
    asked = conn.execute(
        "select intake.counted_class(date '2023-03-01', %s::text, date '2022-12-22', %s::date, %s::text, %s::date)",
        (list_class, left, form, form_left),
    ).fetchone()
    assert asked == (counted,)


def test_a_class_holds_from_one_decision_to_the_next(warehouse: Settings, conn: psycopg.Connection) -> None:
    """2021: near-poor becomes poor; 2022: it escapes, its row without a date of decision, so that the day of signature counts."""
    lists = []
    for year, row in (
        (2021, {"opening_class": "Hộ cận nghèo", "movement": "Cận nghèo thành nghèo", "decision_date": D(2021, 12, 22)}),
        (2022, {"closing_class": "Hộ không nghèo", "movement": "Thoát nghèo", "decision_date": None, "left_list_date": D(2022, 12, 22)}),
    ):
        built = Return(period=str(year), as_of_date=D(year, 12, 14), signed_date=D(year, 12, 27))
        built.rows["household_list"][0].update(row)
        built.write(warehouse.inbox_dir, f"{year}.xlsx", RECEIVED - timedelta(days=365 * (2023 - year)))
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)
    lists = [row[0] for row in conn.execute("select submission_id from intake.submission where form_code = 'household_review'")]
    assert len(lists) == 2
    spans = _spans(conn, lists)
    assert spans == [
        ("-infinity", "2021-12-22", "near_poor", None),
        ("2021-12-22", "2022-12-27", "poor", None),
        ("2022-12-27", "infinity", "not_poor", D(2022, 12, 22)),
    ]
    assert _spans(conn, lists[:1]) != spans, "only the lists that are asked for"
    assert _spans(conn, []) == []


def _spans(conn: psycopg.Connection, lists: list[UUID]) -> list[tuple[object, ...]]:
    return conn.execute(
        "select class_from::text, class_to::text, list_class, left_list_date from intake.class_span(%s::uuid[], array["
        "'27694@2004-08-31'], intake.newest_load('unit'), intake.newest_load('succession')) order by class_from",
        (lists,),
    ).fetchall()
