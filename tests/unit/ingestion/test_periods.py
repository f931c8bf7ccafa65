"""Periods: every spelling that communes use gives one key, keys sort as time does, and what cannot be told is None."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import PeriodType
from ingestion.periods import Period, parse_key, read_period

years = st.integers(2000, 2099)
keys = (
    years.map(str)
    | st.builds("{}-H{}".format, years, st.integers(1, 2))
    | st.builds("{}-Q{}".format, years, st.integers(1, 4))
    | st.builds("{}-{:02d}".format, years, st.integers(1, 12))
)


def period_of(key: str) -> Period:
    period = parse_key(key)
    assert period is not None
    return period


@pytest.mark.parametrize(
    ("key", "kind", "start", "end"),
    [
        ("2023", "year", date(2023, 1, 1), date(2023, 12, 31)),
        ("2023-H1", "half_year", date(2023, 1, 1), date(2023, 6, 30)),
        ("2023-H2", "half_year", date(2023, 7, 1), date(2023, 12, 31)),
        ("2023-Q1", "quarter", date(2023, 1, 1), date(2023, 3, 31)),
        ("2023-Q2", "quarter", date(2023, 4, 1), date(2023, 6, 30)),
        ("2023-Q3", "quarter", date(2023, 7, 1), date(2023, 9, 30)),
        ("2023-Q4", "quarter", date(2023, 10, 1), date(2023, 12, 31)),
        ("2023-02", "month", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-11", "month", date(2023, 11, 1), date(2023, 11, 30)),
    ],
)
def test_a_key_has_its_type_and_its_days(key: str, kind: PeriodType, start: date, end: date) -> None:
    assert parse_key(key) == Period(key, kind, start, end)


@pytest.mark.parametrize(
    "key",
    ["", "23", "1999", "2100", "2023-H0", "2023-H3", "2023-Q0", "2023-Q5", "2023-00", "2023-13", "2023-1", "2023-q1", " 2023", "2023-"],
)
def test_what_is_no_key(key: str) -> None:
    assert parse_key(key) is None


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("2023", "2023"),
        (2023, "2023"),
        (2023.0, "2023"),
        ("Năm 2023", "2023"),
        ("NĂM  2023 ", "2023"),
        ("Quý III/2023", "2023-Q3"),
        ("quý 3/2023", "2023-Q3"),
        ("Quý IV năm 2023", "2023-Q4"),
        ("quý iv năm 2023", "2023-Q4"),
        ("Quý I - 2023", "2023-Q1"),
        ("Quý II/năm 2023", "2023-Q2"),
        ("Q3/2023", "2023-Q3"),
        ("q. 3 2023", "2023-Q3"),
        ("Q.II-2023", "2023-Q2"),
        ("2023-Q3", "2023-Q3"),
        ("2023 q3", "2023-Q3"),
        ("2023/Q3", "2023-Q3"),
        ("2023Q3", "2023-Q3"),
        ("6 tháng đầu năm 2023", "2023-H1"),
        ("6 Tháng Cuối Năm 2023", "2023-H2"),
        ("2023-H1", "2023-H1"),
        ("2023 h2", "2023-H2"),
        ("2023H2", "2023-H2"),
        ("Tháng 11/2023", "2023-11"),
        ("tháng 1 - 2023", "2023-01"),
        ("tháng 01 2023", "2023-01"),
        ("11/2023", "2023-11"),
        ("1/2023", "2023-01"),
        ("11-2023", "2023-11"),
        ("2023-11", "2023-11"),
        ("2023-1", "2023-01"),
        ("tháng\u00a011/2023", "2023-11"),
        (date(2023, 11, 1), "2023-11"),
        (datetime(2023, 11, 30, 7, 30), "2023-11"),
    ],
)
def test_a_spelling_of_a_period(raw: Any, key: str) -> None:
    period = period_of(key)
    assert read_period(raw, None) == period
    assert read_period(raw, period.type) == period


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "năm",
        "23",
        "quý 5/2023",
        "quý v/2023",
        "quý 3",
        "tháng 13/2023",
        "tháng 0/2023",
        "2023-13",
        "6 tháng năm 2023",
        "2023 2024",
        "2023-2024",
        "1999",
        2023.5,
        45261,
        True,
        timedelta(days=1),
    ],
)
def test_what_cannot_be_told(raw: Any) -> None:
    assert read_period(raw, None) is None


@pytest.mark.parametrize("raw", ["2023", "quý 3/2023", "6 tháng đầu năm 2023", "11/2023"])
@pytest.mark.parametrize("kind", ["year", "half_year", "quarter", "month"])
def test_a_period_of_another_type_is_refused(raw: str, kind: PeriodType) -> None:
    period = read_period(raw, None)
    assert period is not None
    assert read_period(raw, kind) == (period if period.type == kind else None)


@pytest.mark.parametrize("raw", [date(2023, 1, 1), datetime(2023, 7, 1)])
@pytest.mark.parametrize("kind", ["year", "half_year", "quarter"])
def test_a_date_is_only_a_month(raw: date, kind: PeriodType) -> None:
    assert read_period(raw, kind) is None


@given(keys)
def test_the_key_of_a_period_reads_back(key: str) -> None:
    period = period_of(key)
    assert period.key == key
    assert read_period(period.key, None) == read_period(period.key.lower(), period.type) == period
    assert read_period(f" {period.key}\n", period.type) == period


@given(st.lists(keys, min_size=2))
def test_keys_of_a_type_sort_as_their_days(found: list[str]) -> None:
    kind = period_of(found[0]).type
    periods = [period for period in map(period_of, found) if period.type == kind]
    assert sorted(periods, key=lambda period: period.key) == sorted(periods, key=lambda period: period.start)


@given(years)
def test_the_parts_of_a_year_fill_it(year: int) -> None:
    whole = period_of(str(year))
    for suffixes in (["H1", "H2"], ["Q1", "Q2", "Q3", "Q4"], [f"{month:02d}" for month in range(1, 13)]):
        parts = [period_of(f"{year}-{suffix}") for suffix in suffixes]
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert all(after.start == before.end + timedelta(days=1) for before, after in pairwise(parts))


@given(st.text(max_size=20) | st.integers() | st.floats() | st.none(), st.none() | st.sampled_from(["year", "quarter"]))
def test_whatever_a_cover_says_is_a_period_or_none(raw: Any, kind: PeriodType | None) -> None:
    period = read_period(raw, kind)
    assert period is None or parse_key(period.key) == period


@pytest.mark.parametrize("said", ["Năm 2023", "Năm\u00a02023", "\u200bNăm 2023"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_period_is_read_however_its_letters_are_composed(said: str, form: Literal["NFC", "NFD"]) -> None:
    assert read_period(unicodedata.normalize(form, said), "year") == parse_key("2023")


@pytest.mark.parametrize("key", ["20٢٣", "2023\n", "２０２３"])
def test_a_key_is_made_of_plain_digits(key: str) -> None:
    assert parse_key(key) is None
