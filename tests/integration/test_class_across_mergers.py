"""The class of a household on a day through months and mergers: by the lists of before, under the code of before, or by nobody's.

27694 took in all of 27688 on 1/12/2024, and on 1/7/2025 with others became Phường Long An under the same code; a part of 28063 came too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from ingestion.periods import parse_key
from operations.nightly import run_night
from tests.conftest import fresh_warehouse
from tests.support.lists import Row, a_list, escaped, listed, send
from tests.support.workbooks import RECEIVED, CreditReturn
from warehouse.database import connect, copy_rows
from warehouse.reference_data import current
from warehouse.settings import Settings

pytestmark = pytest.mark.xdist_group("class_across_mergers")

OLD, WITH_27688, LONG_AN = "27694@2004-08-31", "27694@2024-12-01", "27694@2025-07-01"
GIVEN_UP = "27688@2004-08-31"
PART = "28063@2004-08-31"
STAYED, ESCAPED = ("poor", "poor", "unchanged"), ("poor", "not_poor", "escaped_poor")
NEWLY, NEAR = ("not_poor", "poor", "newly_poor"), ("near_poor", "near_poor", "unchanged")

List = tuple[str, date, dict[str, tuple[str, str, str]], dict[str, tuple[str | None, str | None]]]
"""Ground, day of decision, household -> (opening, closing, movement), household -> (commune, code) of before."""


@pytest.fixture(scope="module")
def settings(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with fresh_warehouse(server_url, template_database, tmp_path_factory.mktemp("mergers")) as settings:
        yield settings


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection]:
    with connect(settings) as connection:
        yield connection


def put(conn: psycopg.Connection, given: List, *, period_type: str = "year") -> UUID:
    """A list as it stands in intake, of the year or month of its decision; what became of it is not asked here."""
    ground, day, households, before = given
    period = parse_key(str(day.year) if period_type == "year" else f"{day:%Y-%m}")
    assert period is not None
    commune, _, footprint = ground.partition("@")
    submission = uuid4()
    copy_rows(
        conn, "audit.received_file", ["sha256", "file_name", "size_bytes", "received_at", "recorded_at", "state"],
        [[submission.hex * 2, "list.xlsx", 1, day, day, "read"]],
    )  # fmt: skip
    copy_rows(
        conn, "intake.submission",
        ["submission_id", "sha256", "form_code", "form_version", "commune_code", "commune_valid_from", "commune_footprint_from",
         "period_key", "period_type", "period_start_date", "period_end_date", "result_stage", "version", "file_name",
         "received_at", "recorded_at"],
        [[submission, submission.hex * 2, "household_review", "1", commune, footprint, footprint, period.key, period.type,
          period.start, period.end, "final", 1, "list.xlsx", day, day]],
    )  # fmt: skip
    copy_rows(conn, "intake.cover", ["submission_id", "row_number", "signed_date"], [[submission, 1, day]])
    copy_rows(
        conn, "intake.household_list",
        ["submission_id", "row_number", "household_code", "previous_commune_code", "previous_household_code", "opening_class",
         "closing_class", "movement", "decision_date", "left_list_date"],
        [[submission, row, code, *before.get(code, (None, None)), *triple, day, day if "escaped" in triple[2] else None]
         for row, (code, triple) in enumerate(households.items(), start=8)],
    )  # fmt: skip
    return submission


def classes(conn: psycopg.Connection, ground: str, *lists: List) -> dict[str, list[tuple[str, str, bool]]]:
    """Household code -> (from, class, under a code of before), as a return of the ground is read against these lists alone."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    with conn.transaction(force_rollback=True):
        ids = [put(conn, one) for one in lists]
        for code, since, name, is_alias in conn.execute(
            "select household_code, class_from::text, list_class, is_alias from intake.class_span(%s, %s, intake.newest_load('unit'), "
            "intake.newest_load('succession')) order by household_code, class_from",
            (ids, [ground]),
        ):
            found.setdefault(code, []).append((since, name, is_alias))
    return found


def spans(*pairs: tuple[str, str], is_alias: bool = False) -> list[tuple[str, str, bool]]:
    return [(since, name, is_alias) for since, name in pairs]


BEFORE, D2023, D2024, D2025 = "-infinity", "2023-12-22", "2024-12-22", "2025-12-22"
POOR = spans((BEFORE, "poor"), (D2023, "poor"))
DECIDED_2023, DECIDED_2024, DECIDED_2025 = date(2023, 12, 22), date(2024, 12, 22), date(2025, 12, 22)


def test_a_month_counts_from_its_own_day_and_the_annual_list_has_the_last_word(conn: psycopg.Connection) -> None:
    """Poor in 2022; escaped by a month, which the annual list repeats with the month's own decision; poor again by a month after it."""
    left, again = date(2023, 5, 25), date(2024, 1, 25)
    days = [left - timedelta(days=1), left, again - timedelta(days=1), again]
    with conn.transaction(force_rollback=True):
        lists = [
            put(conn, (OLD, date(2022, 12, 22), {"A": STAYED, "B": STAYED}, {})),
            put(conn, (OLD, left, {"A": ESCAPED, "B": ESCAPED}, {}), period_type="month"),
            put(conn, (OLD, left, {"A": ESCAPED, "B": ("poor", "near_poor", "poor_to_near_poor")}, {})),
            put(conn, (OLD, again, {"A": ("not_poor", "poor", "relapsed_poor")}, {}), period_type="month"),
        ]
        asked = (
            "select intake.listed_class(d.day, s.list_class, s.class_from, s.left_list_date) from unnest(%s::date[]) as d (day) "
            "inner join intake.class_span(%s, %s, intake.newest_load('unit'), intake.newest_load('succession')) as s "
            "on s.household_code = %s and d.day >= s.class_from and d.day < s.class_to order by d.day"
        )

        def on(code: str, lists: list[UUID], days: list[date]) -> list[str]:
            return [row[0] for row in conn.execute(asked, (days, lists, [OLD], code))]

        assert on("A", lists, days) == ["poor", "newly_escaped", "newly_escaped", "poor"]
        assert on("B", lists, days) == ["poor", "near_poor", "near_poor", "near_poor"]
        # left by a month: three years from its day, that day included
        assert on("A", lists[:3], [date(2026, 5, 25), date(2026, 5, 26)]) == ["newly_escaped", "left_long_ago"]


def test_before_its_first_list_a_new_commune_is_read_by_those_before(conn: psycopg.Connection) -> None:
    lists: tuple[List, ...] = ((OLD, DECIDED_2023, {"A": STAYED}, {}), (GIVEN_UP, DECIDED_2023, {"B": ESCAPED}, {}))
    assert classes(conn, WITH_27688, *lists) == {"A": POOR, "B": spans((BEFORE, "poor"), (D2023, "not_poor"))}
    # over two changes
    assert classes(conn, LONG_AN, *lists) == {"A": POOR, "B": spans((BEFORE, "poor"), (D2023, "not_poor"))}
    # the commune before has none of it
    assert classes(conn, OLD, *lists) == {"A": POOR}


def test_a_code_that_two_of_them_used_is_nobodys(conn: psycopg.Connection) -> None:
    both: tuple[List, ...] = ((OLD, DECIDED_2023, {"A": STAYED}, {}), (GIVEN_UP, DECIDED_2023, {"A": NEAR}, {}))
    assert classes(conn, WITH_27688, *both) == {}
    assert classes(conn, LONG_AN, *both) == {}
    # its own list speaks for itself, and knows nothing of what was before
    own: List = (WITH_27688, DECIDED_2024, {"A": STAYED}, {})
    assert classes(conn, WITH_27688, *both, own) == {"A": spans((BEFORE, "poor"), (D2024, "poor"))}
    assert classes(conn, LONG_AN, *both, own) == {"A": spans((BEFORE, "poor"), (D2024, "poor"))}
    # and where it says whose the code was, that one's list speaks for the time before
    told: List = (WITH_27688, DECIDED_2024, {"A": STAYED}, {"A": ("27688", None)})
    assert classes(conn, WITH_27688, *both, told) == {"A": spans((BEFORE, "near_poor"), (D2023, "near_poor"), (D2024, "poor"))}


def test_a_part_of_a_commune_counts_as_one_of_them(conn: psycopg.Connection) -> None:
    assert classes(conn, LONG_AN, (PART, DECIDED_2024, {"P": STAYED}, {})) == {"P": spans((BEFORE, "poor"), (D2024, "poor"))}


def test_a_household_is_found_under_its_new_code_and_under_the_one_before(conn: psycopg.Connection) -> None:
    lists: tuple[List, ...] = (
        (GIVEN_UP, DECIDED_2023, {"A": STAYED, "C": STAYED}, {}),
        (WITH_27688, DECIDED_2024, {"N": ESCAPED, "C": STAYED}, {"N": ("27688", "A")}),
    )
    whole = ((BEFORE, "poor"), (D2023, "poor"), (D2024, "not_poor"))
    assert classes(conn, WITH_27688, *lists) == {
        "A": spans(*whole, is_alias=True), "C": spans((BEFORE, "poor"), (D2023, "poor"), (D2024, "poor")), "N": spans(*whole),
    }  # fmt: skip
    # a second change of codes: each list says the one before
    again: List = (LONG_AN, DECIDED_2025, {"L": NEWLY}, {"L": ("27694", "N")})
    found = classes(conn, LONG_AN, *lists, again)
    assert found["L"] == spans(*whole, (D2025, "poor"))
    assert found["N"] == spans(*whole, (D2025, "poor"), is_alias=True)


def test_a_code_that_came_back_for_another_household_is_not_its_own_past(conn: psycopg.Connection) -> None:
    """Own household A was B of 27688; the A of 27694 before is another, and is not found any more."""
    lists: tuple[List, ...] = (
        (OLD, DECIDED_2023, {"A": NEAR}, {}),
        (GIVEN_UP, DECIDED_2023, {"B": STAYED}, {}),
        (WITH_27688, DECIDED_2024, {"A": STAYED}, {"A": ("27688", "B")}),
    )
    whole = ((BEFORE, "poor"), (D2023, "poor"), (D2024, "poor"))
    assert classes(conn, WITH_27688, *lists) == {"A": spans(*whole), "B": spans(*whole, is_alias=True)}


def test_two_households_that_had_one_code_are_not_found_under_it(conn: psycopg.Connection) -> None:
    lists: tuple[List, ...] = (
        (OLD, DECIDED_2023, {"A": NEAR}, {}),
        (GIVEN_UP, DECIDED_2023, {"A": STAYED}, {}),
        (WITH_27688, DECIDED_2024, {"M": NEAR, "N": STAYED}, {"M": ("27694", "A"), "N": ("27688", "A")}),
    )
    assert classes(conn, WITH_27688, *lists) == {
        "M": spans((BEFORE, "near_poor"), (D2023, "near_poor"), (D2024, "near_poor")),
        "N": spans((BEFORE, "poor"), (D2023, "poor"), (D2024, "poor")),
    }


def test_the_succession_is_read_as_it_was_known(conn: psycopg.Connection) -> None:
    """A load before the first knows of no merger."""
    with conn.transaction(force_rollback=True):
        submission = put(conn, (GIVEN_UP, DECIDED_2023, {"B": STAYED}, {}))
        asked = "select count(*) from intake.class_span(%s, %s, 0, 0)"
        assert conn.execute(asked, ([submission], [WITH_27688])).fetchone() == (0,)
    grounds = {f"{code}@{since}" for code, since in current(conn, "unit", "code, footprint_from") if len(code) == 5}
    assert {OLD, WITH_27688, LONG_AN, GIVEN_UP, PART} <= grounds


def test_rules_and_marts_ask_the_lists_of_the_communes_before(settings: Settings, conn: psycopg.Connection) -> None:
    second: Row = {"head_citizen_id": "080060001299", "name": "Trần Hộ Hai"}
    here, given_up = ("27694", "Phường 1"), ("27688", "Phường 2")
    send(settings, a_list(2023, listed(), listed("HN-3", **second)), here, "2023 here.xlsx", RECEIVED)
    lists = a_list(2023, listed(head_citizen_id="080060001297"), escaped("HN-2", left=DECIDED_2023, head_citizen_id="080060001298"))
    send(settings, lists, given_up, "2023 given up.xlsx", RECEIVED)
    credit = CreditReturn(period="2024-Q4", as_of_date=date(2024, 12, 31), signed_date=date(2025, 1, 4))
    lent = {"request_date": date(2024, 3, 1), "disbursement_date": date(2024, 4, 3), "citizen_id": None}
    good = credit.rows["credit_need"][0]
    credit.rows["credit_need"] = [
        {**good, **lent, "household_code": code, "borrower_name": f"Người Vay {code}", "borrower_class": name, "programme_code": programme}
        for code, name, programme in (
            ("HN-2", "Hộ nghèo", "01"), ("HN-001", "Hộ cận nghèo", "19"), ("HN-3", "Hộ nghèo", "01"), ("HN-9", "Hộ nghèo", "01"),
        )
    ]  # fmt: skip
    send(settings, credit, here, "credit.xlsx", RECEIVED + timedelta(days=374))
    assert run_night(settings, now="2025-01-10T22:00+07:00")["accepted"] == 3
    said = conn.execute(
        "select rule_code, value_masked, reason_en from audit.failing_row where rule_code like 'BTW-0%' order by rule_code"
    ).fetchall()
    assert said == [
        ("BTW-01", "Hộ nghèo", "On 01/03/2024 the list 27688 2023 (v1) has household HN-2 as newly_escaped"),
        ("BTW-02", "HN-9", "On 01/03/2024 household HN-9 is on no list (compared with 27688 2023 (v1), 27694 2023 (v1))"),
    ], "two communes used HN-001: the form is believed"
    found = conn.execute(
        "select borrower_class, households_listed, households_in_class from marts.fct_loan_coverage where area_key = %s "
        "and boundary = 'at_time' and period_key = '2024-Q4' and borrower_class <> 'all' order by 1",
        (WITH_27688,),
    ).fetchall()
    assert found == [("near_poor", 1, 0), ("newly_escaped", 1, None), ("poor", 2, 3)]
