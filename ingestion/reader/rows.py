"""Which rows of a sheet are data. Every other row is counted by its kind: nothing is passed over in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Any

from ingestion.contracts import Sheet
from ingestion.reader.cells import SPACES
from ingestion.reader.layout import Header, normal
from ingestion.reader.workbook import Rows

_NUMBERING = re.compile(r"^\(?(?:[a-zđ]{1,2}|\d{1,2}(?:\s*=.*)?)\)?$")
_SIGNATURE = ("người lập", "tm.", "kt.", "t/m", "chủ tịch", "thủ trưởng", "xác nhận", "ký tên", "(ký", "ngày ", ", ngày", "ban chỉ đạo")
_DATE_LINE = re.compile(r"\bngày\b.*\btháng\b.*\bnăm\b")
_ORDINAL = re.compile(r"[ivx]+|[a-dđ]")
_TOTAL = re.compile(r"tổng\b|cộng\b(?=\W*$| *[:(\d]| (?:toàn|chung|các|cuối|trang|ấp|xã|hộ|số|dồn)\b)")
"""Cộng Hòa is a place and Cộng a surname: the word alone, or with what is summed up."""
_MAYBE_TOTAL = frozenset("TtCc .:*\n\t\u00a0")
MANY = 4
"""A row with this many filled cells is data even without its key."""


@dataclass
class RowKinds:
    data: list[int] = field(default_factory=list)
    """Row numbers (from 1) of the data rows."""
    skipped: Counter[str] = field(default_factory=Counter)
    odd: list[int] = field(default_factory=list)
    """Row numbers with text that is no data, heading, total or signature."""


def classify(rows: Rows, header: Header, sheet: Sheet) -> RowKinds:
    """Tell the kind of every row below the header."""
    kinds = RowKinds()
    labels = _labels(sheet)
    places = sorted(header.columns.values())
    key = header.columns.get("household_code") or header.columns.get("commune_name") or header.columns.get(sheet.columns[0].field, 1)
    is_plain = _plain_row(places, key)
    in_signature = False
    for number, row in enumerate(rows[header.row :], start=header.row + 1):
        if kinds.data and is_plain(row):
            kinds.data.append(number)
            in_signature = False
            continue
        filled = [(place, row[place - 1]) for place in places if place <= len(row) and not _blank(row[place - 1])]
        if not filled:
            text = next((normal(value) for value in row if not _blank(value)), "")
            kinds.skipped["signature" if text else "blank"] += 1
            continue
        kind = _kind(filled, key, labels, in_signature, is_first=not kinds.data)
        in_signature = kind == "signature" or (in_signature and kind != "data")
        if kind == "data":
            kinds.data.append(number)
        else:
            kinds.skipped[kind] += 1
            if kind == "other":
                kinds.odd.append(number)
    return kinds


@lru_cache(maxsize=256)
def _labels(sheet: Sheet) -> frozenset[str]:
    return frozenset({normal(part) for column in sheet.columns for part in (*column.labels, column.label, column.group or "")} - {""})


def _plain_row(places: list[int], key: int) -> Callable[[list[Any]], bool]:
    """A test that knows nearly every data row at a glance: its key ends in a digit (no label does), many cells are filled, and its first
    text is no word of summing up. What it does not know is looked at cell by cell."""
    pick = itemgetter(*(place - 1 for place in places)) if len(places) > 1 else None
    last, most_empty = places[-1], len(places) - 2 * MANY

    def is_plain(row: list[Any]) -> bool:
        if pick is None or len(row) < last or not _ends_in_digit(row[key - 1]):
            return False
        cells = pick(row)
        if cells.count("") > most_empty:
            return False
        lead = next((cell for cell in cells if type(cell) is str and cell and not cell.isdigit()), "")
        return lead[:1] not in _MAYBE_TOTAL or not _TOTAL.match(normal(lead))

    return is_plain


def _ends_in_digit(value: Any) -> bool:
    return value[-1:].isdigit() if type(value) is str else type(value) is float


def _kind(filled: list[tuple[int, Any]], key: int, labels: frozenset[str], in_signature: bool, is_first: bool) -> str:
    texts = [normal(value) for _, value in filled]
    has_key = any(place == key for place, _ in filled)
    if is_first and len(filled) >= 3 and _is_numbering(texts):
        return "numbering"
    if sum(text in labels for text in texts) >= max(2, 0.6 * len(texts)):
        return "header"
    if len(filled) == 2 and _ORDINAL.fullmatch(texts[0]) and not texts[1][-1:].isdigit():
        return "heading"
    # The first text of a data row is its key (a code, a commune's name, a unit), never a word of summing up.
    lead = next((text for text in texts if not text.replace(".", "").isdigit()), "")
    if _TOTAL.match(lead):
        return "total"
    if len(filled) >= MANY or (has_key and len(filled) >= 2 and not in_signature and not _is_signature(texts)):
        return "data"
    if in_signature or _is_signature(texts):
        return "signature"
    if len(filled) == 1:
        return "heading"
    return "other"


def _is_numbering(texts: list[str]) -> bool:
    if not all(_NUMBERING.match(text) for text in texts):
        return False
    bare = [text.strip("()") for text in texts]
    numbers = [int(re.sub(r"\D.*", "", text)) for text in bare if text[:1].isdigit()]
    # A narrow sheet may have letters and one number: A B 1.
    enough = len(numbers) >= 2 or bare == ["a", "b", "1"]
    return enough and all(a < b for a, b in pairwise(numbers))


def _is_signature(texts: list[str]) -> bool:
    return any(text.startswith(_SIGNATURE) or text in ("tm", "kt") or _DATE_LINE.search(text) for text in texts)


def _blank(value: Any) -> bool:
    return value == "" or value is None or (isinstance(value, str) and not value.strip(SPACES))
