"""Period keys: 2023, 2023-H1, 2023-Q3, 2023-11; what a cover says, turned into a key and its dates."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingestion.contracts import Form, PeriodType
from ingestion.reader.cells import clean_text

_KEY = re.compile(r"(?P<year>20\d\d)(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:năm )?(20\d\d)", re.ASCII), "{0}"),
    (re.compile(r"(?:quý|q)\.? ?([1-4]|i{1,3}|iv)[ /-]+(?:năm )?(20\d\d)", re.ASCII), "{1}-Q{0}"),
    (re.compile(r"(20\d\d)[ /-]*q([1-4])", re.ASCII), "{0}-Q{1}"),
    (re.compile(r"6 tháng đầu năm (20\d\d)", re.ASCII), "{0}-H1"),
    (re.compile(r"6 tháng cuối năm (20\d\d)", re.ASCII), "{0}-H2"),
    (re.compile(r"(20\d\d)[ /-]*h([12])", re.ASCII), "{0}-H{1}"),
    (re.compile(r"(?:tháng )?(\d{1,2})[ /-]+(20\d\d)", re.ASCII), "{1}-{0:0>2}"),
    (re.compile(r"(20\d\d)-(\d{1,2})", re.ASCII), "{0}-{1:0>2}"),
)


@dataclass(frozen=True)
class Period:
    key: str
    type: PeriodType
    start: date
    end: date


def parse_key(key: str) -> Period | None:
    """A period of its key; None where it is none."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    year = int(match["year"])
    if match["half"]:
        first, last, kind = (1, 6, "half_year") if match["half"] == "1" else (7, 12, "half_year")
    elif match["quarter"]:
        quarter = int(match["quarter"])
        first, last, kind = 3 * quarter - 2, 3 * quarter, "quarter"
    elif match["month"]:
        first = last = int(match["month"])
        kind = "month"
    else:
        first, last, kind = 1, 12, "year"
    return Period(key, kind, date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))  # type: ignore[arg-type]


def period_of(form: Form, key: str) -> Period | None:
    """The period of a key where the form has it: of its cadence, in one of its versions. None where it has not."""
    period = parse_key(key)
    return period if period is not None and period.type in form.cadence and form.version_for(key) is not None else None


def read_period(raw: Any, period_type: str | None) -> Period | None:
    """The period that a cover's cell means, as text, number or date; None where it cannot be told or its type disagrees."""
    period = parse_key(_key_of(raw, period_type))
    if period is None or (period_type is not None and period.type != period_type):
        return None
    return period


def _key_of(raw: Any, period_type: str | None) -> str:
    if isinstance(raw, (date, datetime)):
        return f"{raw.year}-{raw.month:02d}" if period_type in (None, "month") else ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = (clean_text(str(raw)).value or "").casefold()
    for pattern, template in _SPELLINGS:
        if found := pattern.fullmatch(text):
            return template.format(*(_ROMAN.get(part, part) for part in found.groups()))
    return text.upper()
