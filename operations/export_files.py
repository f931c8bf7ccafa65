"""The files of an export: csv with its meta.json, and xlsx. Each value keeps its type and its exact digits.

What starts like a formula is text in both. Moments are Vietnamese time.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from operations.console import CommandError
from reporting.words import csv_safe
from warehouse.clock import LOCAL
from warehouse.mart_views import Column

BLOCK = 1 << 20
SHEET_ROWS = 1_048_576  # of which the header takes one
CELL_CHARACTERS = 32_767
EXACT_DIGITS = 15  # Excel keeps numbers as doubles: more digits than these are not sure to come back
SHEET_NAME = 31
DATE, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def plain(value: object) -> object:
    """A value as text says it exactly: ISO dates, moments with their offset, numerics with all their digits."""
    if isinstance(value, datetime):
        return value.astimezone(LOCAL).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if value is None or isinstance(value, (str, bool, int, list, dict)) else str(value)


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return csv_safe(value) if isinstance(value, str) else plain(value)  # a negative number is no formula


def write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> tuple[int, str]:
    """UTF-8 with BOM, commas, null as nothing. Returns (rows, SHA-256 of the file)."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in columns])
        for row in rows:
            writer.writerow([_csv_cell(value) for value in row])
            count += 1
    with path.open("rb") as written:
        return count, hashlib.file_digest(written, "sha256").hexdigest()


def told_source(source: Mapping[str, Any]) -> dict[str, Any]:
    """The source of an export in values that JSON holds exactly."""
    told = {name: plain(value) for name, value in source.items() if name != "completeness"}
    if "completeness" in source:
        told["completeness"] = [{name: plain(value) for name, value in line.items()} for line in source["completeness"]]
    return told


def told_columns(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Name, PostgreSQL's type and meaning of each column."""
    return [{"name": column.name, "type": column.data_type, "meaning": column.comment} for column in columns]


def csv_meta(columns: Sequence[Column], source: Mapping[str, Any], rows: int, sha256: str) -> dict[str, Any]:
    """What stands beside a csv: its source, its columns, and how to read its text."""
    note = "Text that starts with = + - @ or a control character has ' in front, so that no spreadsheet runs it; an empty cell is null."
    return {**told_source(source), "rows": rows, "sha256": sha256, "text": note, "columns": told_columns(columns)}


def write_xlsx(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]], source: Mapping[str, Any]) -> int:
    """Three sheets: the rows, 'Nguồn · Source' and 'Cột · Columns'. Raises CommandError where a sheet is too small. Returns the rows."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    with TemporaryDirectory() as folder:  # where the rows of constant_memory wait; gone with them, whatever happens
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        try:
            count = _fill(book, columns, rows, source)
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError inside
        finally:
            book.fileclosed = True  # or it warns when it is collected: after a failure there is nothing to finish
    return count


def _fill(book: Any, columns: Sequence[Column], rows: Iterable[Sequence[Any]], source: Mapping[str, Any]) -> int:
    sheet = _Sheet(book, str(source["mart"])[:SHEET_NAME], [column.name for column in columns], 16)
    for row in rows:
        sheet.add(row)
    _source_sheet(book, source, sheet.count)
    meanings = _Sheet(book, "Cột · Columns", ["column", "type", "meaning"], 32)
    for column in columns:
        meanings.add([column.name, column.data_type, column.comment])
    return sheet.count


def _source_sheet(book: Any, source: Mapping[str, Any], rows: int) -> None:
    sheet = _Sheet(book, "Nguồn · Source", ["what", "value"], 24)
    for name, value in {**source, "rows": rows}.items():
        if name == "where":
            value = "; ".join(f"{column}={'|'.join(values)}" for column, values in value.items())
        if name != "completeness":
            sheet.add([name, value])
    if lines := source.get("completeness"):
        sheet.add([])
        sheet.add(list(lines[0]))
        for line in lines:
            sheet.add(list(line.values()))


class _Sheet:
    """A sheet that is filled from the top; ``count`` is the rows under its header."""

    def __init__(self, book: Any, name: str, header: Sequence[str], width: int) -> None:
        self._sheet = book.add_worksheet(name)
        self._book = book
        self._formats: dict[str, Any] = {}
        self.count = 0
        self._sheet.set_column(0, max(len(header) - 1, 0), width)
        self._sheet.freeze_panes(1, 0)
        for column, text in enumerate(header):
            self._sheet.write_string(0, column, text, self._format("@", bold=True))

    def add(self, row: Sequence[Any]) -> None:
        self.count += 1
        if self.count >= SHEET_ROWS:
            raise CommandError(
                "Một trang tính không đủ dòng: hãy xuất csv · A sheet holds no more rows: export csv, or narrow it with --where."
            )
        for column, value in enumerate(row):
            self._cell(column, value)

    def _cell(self, column: int, value: Any) -> None:
        at = (self.count, column)
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(*at, value)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(*at, value.astimezone(LOCAL).replace(tzinfo=None), self._format(MOMENT))
        elif isinstance(value, date):
            self._sheet.write_datetime(*at, value, self._format(DATE))
        elif isinstance(value, (int, Decimal)) and len(Decimal(value).as_tuple().digits) <= EXACT_DIGITS:
            self._sheet.write_number(*at, value, self._format(_digits(value)))
        else:
            text = str(plain(value))
            if len(text) > CELL_CHARACTERS:
                raise CommandError("Một ô quá dài cho xlsx: hãy xuất csv · A value is too long for a cell of xlsx: export csv.")
            self._sheet.write_string(*at, text)  # never write(): it would make a formula of what starts with =

    def _format(self, pattern: str, *, bold: bool = False) -> Any:
        if pattern not in self._formats:
            self._formats[pattern] = self._book.add_format({"num_format": pattern, "bold": bold})
        return self._formats[pattern]


def _digits(value: int | Decimal) -> str:
    """The number format that shows the digits stored: ``0`` for counts, ``0.000000`` for numeric(9,6)."""
    exponent = Decimal(value).as_tuple().exponent
    return "0" if not isinstance(exponent, int) or exponent >= 0 else "0." + "0" * -exponent
