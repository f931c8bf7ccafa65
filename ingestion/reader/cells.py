"""From a raw cell to a typed value: what is clean, what is repaired (and logged), what is refused."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from ingestion.contracts import Column

EPOCH_1900, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
SERIALS = range(7306, 73051)  # 1/1/1920 to 31/12/2099 in the 1900 system
YEARS = range(1900, 2101)
MAX_INTEGER = 2**63 - 1

_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+", re.ASCII)
_PLAIN_INTEGER = re.compile(r"-?\d{1,30}", re.ASCII)
_VI_DECIMAL = re.compile(r"-?([1-9]\d{0,2}(\.\d{3})+|\d{1,30}),\d{1,30}", re.ASCII)
_DOT_DECIMAL = re.compile(r"-?\d{1,30}\.\d{1,30}", re.ASCII)
_LONG_INTEGER = re.compile(r"-?\d+", re.ASCII)
_COMMA_OR_THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}", re.ASCII)
_POINT_OR_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3}|,\d{3},\d{3})", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
FLAG_MARKS = {"x", "X", "1", "có", "✓", "✔", "√", "☑", "☒"}
NO_MARKS = {"0", "không"}


class Cell(NamedTuple):
    """Result of one raw value. ``repair`` names what was mended; ``refused`` the finding's code (then value is None)."""

    value: Any
    repair: str | None = None
    refused: str | None = None


EMPTY = Cell(None)
MISSING = Cell(None, refused="MISSING-VALUE")
MOST_REMEMBERED = 50_000
"""Distinct values that a converter remembers from file to file."""


@dataclass
class Converter:
    """Converts the values of one column. ``context`` fills the sentences of a refusal."""

    column: Column
    is_1904: bool = False
    _memory: dict[Any, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._convert: Callable[[Any], Cell] = {
            "text": self._text,
            "code": self._code,
            "integer": self._integer,
            "number": self._number,
            "flag": self._flag,
            "date": self._date,
            "date_or_year": self._date_or_year,
        }[self.column.type]
        self._takes_text = self.column.type == "text" or (self.column.type == "code" and self.column.codes is None)
        # Where a rule speaks of the empty cell, the reader does not.
        self._is_required = self.column.required and not self.column.required_by
        self._codes = {_fold(label): (label, code) for label, code in (self.column.codes or {}).items()}

    def cells(self, raw: Sequence[Any]) -> list[Cell]:
        """Convert a column's raw values."""
        keys, distinct = keys_of(raw)
        known = self.known(distinct)
        return [known[key] for key in keys]

    def known(self, keys: set[Any]) -> dict[Any, Cell]:
        """Key (as `keys_of` gives them) -> what its value becomes."""
        if len(self._memory) > MOST_REMEMBERED:
            self._memory = {}
        memory = self._memory  # held: another thread may begin a new one
        for key in keys.difference(memory):
            if self._takes_text and type(key) is str and _is_plain(key):
                memory[key] = Cell(key)
            else:
                memory[key] = self._one(key[1] if type(key) is tuple else key)
        return {key: memory[key] for key in keys}

    def _one(self, raw: Any) -> Cell:
        blank = raw is None or raw == "" or (isinstance(raw, str) and not raw.strip(SPACES))
        cell = self._empty() if blank else self._convert(raw)
        return MISSING if self._is_required and cell.value is None and not cell.refused else cell

    def _empty(self) -> Cell:
        return Cell(False) if self.column.type == "flag" else EMPTY

    # -- one method a type ----------------------------------------------------------------------------------------
    def _text(self, raw: Any) -> Cell:
        if isinstance(raw, str):
            return clean_text(raw)
        if isinstance(raw, float) and raw.is_integer():
            return Cell(str(int(raw)), "NUMBER-AS-TEXT")
        if isinstance(raw, (date, datetime)):
            return Cell(f"{raw:%d/%m/%Y}", "DATE-AS-TEXT")
        return Cell(str(raw), "NUMBER-AS-TEXT")

    def _code(self, raw: Any) -> Cell:
        text, repair = _plain(raw)
        if self.column.codes is None:
            return Cell(text or None, repair)
        found = self._codes.get(_fold(text))
        if found is None:
            return Cell(None, refused="NOT-ALLOWED")
        label, code = found
        return Cell(code, repair or ("CODE-SPELLING" if text != label else None))

    def _integer(self, raw: Any) -> Cell:
        if isinstance(raw, (bool, date, datetime, time, timedelta)):
            return Cell(None, refused="NOT-A-NUMBER")
        if isinstance(raw, (int, float)):
            if not math.isfinite(raw):
                return Cell(None, refused="NOT-A-NUMBER")
            if raw != int(raw) or abs(raw) > MAX_INTEGER:
                return Cell(None, refused="NOT-A-WHOLE-NUMBER")
            return Cell(int(raw))
        text, _ = _plain(raw)
        digits = text.replace(" ", "")
        if _PLAIN_INTEGER.fullmatch(digits) or _THOUSANDS.fullmatch(digits):
            number = int(digits.replace(".", ""))
            return Cell(number, "NUMBER-TEXT") if abs(number) <= MAX_INTEGER else Cell(None, refused="NOT-A-WHOLE-NUMBER")
        if _COMMA_OR_THOUSANDS.fullmatch(digits):  # a decimal (vi-VN) or thousands (en-US): never guessed
            return Cell(None, refused="AMBIGUOUS-NUMBER")
        is_number = any(kind.fullmatch(digits) for kind in (_VI_DECIMAL, _DOT_DECIMAL, _LONG_INTEGER))
        return Cell(None, refused="NOT-A-WHOLE-NUMBER" if is_number else "NOT-A-NUMBER")

    def _number(self, raw: Any) -> Cell:
        if isinstance(raw, (bool, date, datetime, time, timedelta)):
            return Cell(None, refused="NOT-A-NUMBER")
        if isinstance(raw, (int, float)):
            if not math.isfinite(raw):
                return Cell(None, refused="NOT-A-NUMBER")
            return Cell(format(raw, ".15g") if isinstance(raw, float) else str(raw))
        text, _ = _plain(raw)
        digits = text.replace(" ", "").removesuffix("%")
        if _POINT_OR_THOUSANDS.fullmatch(digits):
            return Cell(None, refused="AMBIGUOUS-NUMBER")
        if _PLAIN_INTEGER.fullmatch(digits) or _THOUSANDS.fullmatch(digits):
            return Cell(digits.replace(".", ""), "NUMBER-TEXT")
        if _VI_DECIMAL.fullmatch(digits):
            return Cell(digits.replace(".", "").replace(",", "."), "NUMBER-TEXT")
        if _DOT_DECIMAL.fullmatch(digits):
            return Cell(digits, "NUMBER-TEXT")
        return Cell(None, refused="NOT-A-NUMBER")

    def _flag(self, raw: Any) -> Cell:
        text, _ = _plain(raw)
        if text == "x" and raw == "x":
            return Cell(True)
        if text in FLAG_MARKS or text.casefold() in FLAG_MARKS or raw is True:
            return Cell(True, "FLAG-MARK")
        if text.casefold() in NO_MARKS or raw is False:
            return Cell(False, "FLAG-MARK")
        return Cell(None, refused="NOT-A-FLAG")

    def _date(self, raw: Any) -> Cell:
        if isinstance(raw, datetime):
            return Cell(raw.date())
        if isinstance(raw, date):
            return Cell(raw)
        if isinstance(raw, (int, float)) and not isinstance(raw, bool):
            shift = 1462 if self.is_1904 else 0
            if math.isfinite(raw) and raw == int(raw) and int(raw) + shift in SERIALS:
                epoch = EPOCH_1904 if self.is_1904 else EPOCH_1900
                return Cell(epoch + timedelta(days=int(raw)), "EXCEL-SERIAL")
            return Cell(None, refused="NOT-A-DATE")
        return _text_date(_plain(raw)[0])

    def _date_or_year(self, raw: Any) -> Cell:
        """Value is (date or None, year)."""
        if isinstance(raw, (int, float)) and not isinstance(raw, bool) and raw in YEARS:
            return Cell((None, int(raw)))
        if isinstance(raw, str):
            text = _plain(raw)[0]
            if _YEAR.fullmatch(text) and int(text) in YEARS:
                return Cell((None, int(text)), None if text == raw else "SPACES")
        day = self._date(raw)
        return day if day.value is None else day._replace(value=(day.value, day.value.year))


@lru_cache(maxsize=1024)
def _remembering(column: Column, is_1904: bool) -> Converter:
    return Converter(column, is_1904)


def converter_for(column: Column, is_1904: bool = False) -> Converter:
    """A converter that remembers values from file to file; not so names and IDs, which hardly ever come again."""
    return Converter(column, is_1904) if column.personal and column.type == "text" else _remembering(column, is_1904)


SPACES = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""Every kind of gap that Unicode knows, and two that have no width."""
_RUN_OF_SPACES = re.compile(f"[{SPACES}]+")


def clean_text(raw: str) -> Cell:
    """Unicode NFC; runs of spaces of any kind to one."""
    if _is_plain(raw):
        return Cell(raw)
    text, repair = raw.replace("\x00", ""), None
    if not unicodedata.is_normalized("NFC", text):
        text, repair = unicodedata.normalize("NFC", text), "UNICODE-NFC"
    text = _RUN_OF_SPACES.sub(" ", text).strip(" ")
    return Cell(text or None, repair or (None if text == raw else "SPACES"))


def _is_plain(text: str) -> bool:
    """Nearly every text: NFC, with single spaces inside only. (No other kind of space is printable.)"""
    return (
        text.isprintable()
        and text != ""
        and text[0] != " "
        and text[-1] != " "
        and "  " not in text
        and (text.isascii() or unicodedata.is_normalized("NFC", text))
    )


def keys_of(raw: Sequence[Any]) -> tuple[Sequence[Any], set[Any]]:
    """Dictionary keys for raw values that keep True apart from 1, and the distinct ones."""
    distinct = set(raw)
    if (1 in distinct or 0 in distinct) and bool in set(map(type, raw)):
        raw = [(bool, value) if type(value) is bool else value for value in raw]
        distinct = set(raw)
    return raw, distinct


def _plain(raw: Any) -> tuple[str, str | None]:
    """(text, repair) of a value read as text; a whole float is its digits."""
    if isinstance(raw, str):
        cell = clean_text(raw)
        return cell.value or "", cell.repair
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw)), None
    return str(raw), None


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _text_date(text: str) -> Cell:
    if match := _ISO_DAY.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY.fullmatch(text):
        if len(match[3]) == 2:
            return Cell(None, refused="AMBIGUOUS-DATE")
        day, month, year = map(int, match.groups())
    else:
        return Cell(None, refused="NOT-A-DATE")
    try:
        return Cell(date(year, month, day), "TEXT-DATE")
    except ValueError:
        return Cell(None, refused="NO-SUCH-DATE")
