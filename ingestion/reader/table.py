"""One sheet, read: COPY lines for its intake table, what was repaired, what was refused, where each column stood."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any, NamedTuple

from ingestion.contracts import Column, Sheet
from ingestion.findings import ReadError, finding_types
from ingestion.reader.cells import Cell, converter_for
from ingestion.reader.column import ReadColumn, convert
from ingestion.reader.identity import mend_identifiers
from ingestion.reader.layout import Header, find_header, known_elsewhere
from ingestion.reader.rows import classify
from ingestion.reader.scan import SheetScan, column_letters
from ingestion.reader.workbook import Rows
from warehouse.masking import mask


@dataclass(frozen=True)
class CellFinding:
    """A reader finding inside a sheet, as audit.failing_row holds it."""

    code: str
    severity: str
    sheet: str
    row_number: int | None
    column_label: str | None
    cell: str | None
    value_masked: str | None
    reason_vi: str
    reason_en: str


class Repair(NamedTuple):
    sheet: str
    cell: str
    before: str | None
    after: str | None
    code: str


@dataclass
class TableReading:
    sheet: Sheet
    title: str
    header_row: int | None = None
    column_map: dict[str, str] = field(default_factory=dict)
    row_numbers: list[int] = field(default_factory=list)
    db_columns: list[str] = field(default_factory=list)
    copy_lines: list[str] = field(default_factory=list)
    """One line of COPY text a row: row_number, refused_fields, then ``db_columns``."""
    findings: list[CellFinding] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    rows_refused: int = 0


def read_table(rows: Rows, sheet: Sheet, title: str, version: str, scan: SheetScan, is_1904: bool) -> TableReading:
    """Read one table sheet. Raises ReadError where its header cannot be used."""
    header = find_header(rows, sheet, version)
    if header is None:
        raise ReadError("NO-HEADER", sheet=title)
    if header.missing:
        names = "», «".join(column.labels[0] for column in header.missing)
        raise ReadError("MISSING-COLUMN", sheet=title, column=names, version=version)
    if header.twice:
        raise ReadError("TWO-COLUMNS", sheet=title, column=header.twice[0].labels[0])
    kinds = classify(rows, header, sheet)
    reading = TableReading(
        sheet, title, header.row, {name: column_letters(number) for name, number in header.columns.items()}, kinds.data,
        skipped=dict(kinds.skipped),
    )  # fmt: skip
    for label, _ in header.extra:
        if other := known_elsewhere(sheet, version, label):
            _remark(reading, "OTHER-VERSION", None, sheet=title, column=label, version=version, other=other.since or other.until)
        else:
            _remark(reading, "EXTRA-COLUMN", None, sheet=title, column=label)
    for number in kinds.odd:
        _remark(reading, "ROW-NOT-UNDERSTOOD", number, row=number)
    for number in sorted(scan.hidden_rows.intersection(kinds.data)):
        _remark(reading, "HIDDEN-ROW", number, row=number)
    _assemble(reading, _read_columns(rows, header, sheet.columns_of(version), kinds.data, scan, is_1904))
    return reading


def _read_columns(
    rows: Rows, header: Header, columns: tuple[Column, ...], numbers: list[int], scan: SheetScan, is_1904: bool
) -> list[ReadColumn]:  # fmt: skip
    raws = list(zip_longest(*(rows[number - 1] for number in numbers), fillvalue=""))
    nothing = ("",) * len(numbers)
    covered = _covered(scan, numbers)
    read: list[ReadColumn] = []
    for column in columns:
        place = header.columns[column.field]
        one = convert(converter_for(column, is_1904), raws[place - 1] if place <= len(raws) else nothing)
        _overrule(one, place, numbers, rows, scan, covered)
        read.append(one)
    mend_identifiers({one.column.field: one for one in read})
    return read


def _remark(reading: TableReading, code: str, number: int | None, **values: Any) -> None:
    kind = finding_types()[code]
    vi, en = kind.sentences(**values)
    label = values.get("column")
    reading.findings.append(CellFinding(code, kind.severity, reading.sheet.name, number, label, None, None, vi, en))


def _covered(scan: SheetScan, numbers: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """Cells of data rows that a merge covers -> the cell that holds its value."""
    wanted = set(numbers)
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    for top, left, bottom, right in scan.merges:
        if top == bottom and top not in wanted:
            continue
        for number in range(top, min(bottom, top + 20000) + 1):
            if number in wanted:
                for place in range(left, min(right, left + 200) + 1):
                    if (number, place) != (top, left):
                        covered[number, place] = (top, left)
    return covered


def _overrule(
    read: ReadColumn, place: int, numbers: list[int], rows: Rows, scan: SheetScan, covered: dict[tuple[int, int], tuple[int, int]]
) -> None:  # fmt: skip
    """What the byte scan knows of a cell goes before what the cell reader saw."""
    if not (scan.errors or scan.uncached or covered):
        return
    for index, number in enumerate(numbers):
        at = (number, place)
        if at in scan.errors:
            read.shown[index], read[index] = scan.errors[at], Cell(None, refused="ERROR-VALUE")
        elif at in scan.uncached and not read.column.computed:
            read[index] = Cell(None, refused="NO-CACHED-VALUE")
        elif at in covered:
            top, left = covered[at]
            if read.column.fill_down and left == place:
                value = converter_for(read.column).cells([rows[top - 1][left - 1]])[0]
                read[index] = value._replace(repair="FILL-DOWN")
            else:
                read[index] = Cell(None, refused="MERGED-CELL")


def _assemble(reading: TableReading, columns: list[ReadColumn]) -> None:
    """Turn columns of cells into COPY lines; note repairs and refusals by cell."""
    refused: dict[int, list[str]] = {}
    texts: list[list[str]] = []
    for read in columns:
        if read.column.type == "date_or_year":
            texts += [read.texts(_date_text), read.texts(_year_text)]
        else:
            texts.append(read.texts(copy_text))
        reading.db_columns.extend(name for name, _ in read.column.db_columns)
        _note(reading, read, refused)
    marks = ["{}"] * len(reading.row_numbers)
    for index, fields in refused.items():
        marks[index] = "{" + ",".join(fields) + "}"
    reading.rows_refused = len(refused)
    numbers = map(str, reading.row_numbers)
    reading.copy_lines = ["\t".join(parts) for parts in zip(numbers, marks, *texts, strict=True)]


def _note(reading: TableReading, read: ReadColumn, refused: dict[int, list[str]]) -> None:
    """Write down every repair and refusal of a column."""
    column, sheet, letters, numbers = read.column, reading.sheet.name, reading.column_map[read.column.field], reading.row_numbers
    shown: dict[tuple[Any, int], tuple[str, str]] = {}
    for index, raw, cell in read.remarkable():
        place = f"{letters}{numbers[index]}"
        remembered = shown.get((raw, id(cell)))
        if remembered is None:
            remembered = shown[raw, id(cell)] = _before_and_after(column, raw, cell)
        if cell.repair:
            reading.repairs.append(Repair(sheet, place, *remembered, cell.repair))
        if cell.refused:
            reading.findings.append(_refusal(reading, column, numbers[index], place, remembered[0], cell.refused))
            if cell.refused != "ID-11-DIGITS":  # the value is kept
                refused.setdefault(index, []).append(column.field)


def _before_and_after(column: Column, raw: Any, cell: Cell) -> tuple[str, str]:
    before = display(raw)
    after = display(cell.value[0] or cell.value[1] if column.type == "date_or_year" and cell.value else cell.value)
    return (mask(before), mask(after)) if column.personal else (before, after)


def _refusal(reading: TableReading, column: Column, number: int, place: str, shown: str, code: str) -> CellFinding:
    kind = finding_types()[code]
    severity = "warning" if column.computed else kind.severity
    vi, en = kind.sentences(
        cell=place, column=column.labels[0], value=shown, row=number, sheet=reading.title, allowed=", ".join(column.codes or {})
    )
    return CellFinding(code, severity, reading.sheet.name, number, column.labels[0], place, shown or None, vi, en)


def display(value: Any) -> str:
    """A value as a person typed it: dates dd/mm/yyyy, whole floats without a point."""
    if type(value) is str:
        return value.replace("\x00", "") if "\x00" in value else value  # the database takes no NUL
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "x" if value is True else str(value)


def _date_text(value: tuple[date | None, int] | None) -> str:
    return copy_text(value and value[0])


def _year_text(value: tuple[date | None, int] | None) -> str:
    return copy_text(value and value[1])


def copy_text(value: Any) -> str:
    """A value in COPY's text format."""
    if type(value) is str:
        if "\\" in value or not value.isprintable():
            value = value.replace("\x00", "")
            return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        return value
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    return str(value)
