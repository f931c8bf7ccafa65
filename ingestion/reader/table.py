"""One sheet, read: COPY lines for its intake table, what was repaired, what was refused, where each column stood."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ingestion.contracts import Column, Sheet
from ingestion.findings import ReadError, finding_types
from ingestion.reader.cells import Cell, Converter
from ingestion.reader.identity import mend_identifiers
from ingestion.reader.layout import find_header
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


@dataclass(frozen=True)
class Repair:
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
        raise ReadError("MISSING-COLUMN", sheet=title, column="», «".join(column.labels[0] for column in header.missing))
    if header.twice:
        raise ReadError("TWO-COLUMNS", sheet=title, column=header.twice[0].labels[0])
    kinds = classify(rows, header, sheet)
    reading = TableReading(
        sheet, title, header.row, {name: column_letters(number) for name, number in header.columns.items()}, kinds.data,
        skipped=dict(kinds.skipped),
    )  # fmt: skip
    for label, _ in header.extra:
        _remark(reading, "EXTRA-COLUMN", None, sheet=title, column=label)
    for number in kinds.odd:
        _remark(reading, "ROW-NOT-UNDERSTOOD", number, row=number)
    for number in sorted(scan.hidden_rows.intersection(kinds.data)):
        _remark(reading, "HIDDEN-ROW", number, row=number)
    data = [rows[number - 1] for number in kinds.data]
    covered = _covered(scan, kinds.data)
    cells: dict[str, list[Cell]] = {}
    raws: dict[str, list[Any]] = {}
    for column in sheet.columns_of(version):
        place = header.columns[column.field]
        raw = [row[place - 1] if place <= len(row) else "" for row in data]
        converted = Converter(column, is_1904).cells(raw)
        _overrule(column, place, kinds.data, raw, converted, rows, scan, covered)
        cells[column.field], raws[column.field] = require(column, converted), raw
    mend_identifiers(cells)
    _assemble(reading, sheet.columns_of(version), cells, raws)
    return reading


def require(column: Column, cells: list[Cell]) -> list[Cell]:
    """An empty cell of a required column is refused, unless a rule speaks of it."""
    if not column.required or column.required_by:
        return cells
    missing = Cell(None, refused="MISSING-VALUE")
    return [missing if cell.value is None and not cell.refused else cell for cell in cells]


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
    column: Column, place: int, numbers: list[int], raw: list[Any], converted: list[Cell], rows: Rows, scan: SheetScan,
    covered: dict[tuple[int, int], tuple[int, int]],
) -> None:  # fmt: skip
    """What the byte scan knows of a cell goes before what the cell reader saw."""
    if not (scan.errors or scan.uncached or covered):
        return
    for index, number in enumerate(numbers):
        at = (number, place)
        if at in scan.errors:
            raw[index], converted[index] = scan.errors[at], Cell(None, refused="ERROR-VALUE")
        elif at in scan.uncached and not column.computed:
            converted[index] = Cell(None, refused="NO-CACHED-VALUE")
        elif at in covered:
            top, left = covered[at]
            if column.fill_down and left == place:
                value = Converter(column).cells([rows[top - 1][left - 1]])[0]
                converted[index] = value._replace(repair="FILL-DOWN")
            else:
                converted[index] = Cell(None, refused="MERGED-CELL")


def _assemble(reading: TableReading, columns: tuple[Column, ...], cells: dict[str, list[Cell]], raws: dict[str, list[Any]]) -> None:
    """Turn columns of cells into COPY lines; note repairs and refusals by cell."""
    refused: dict[int, list[str]] = {}
    texts: list[list[str]] = []
    for column in columns:
        converted = cells[column.field]
        memory: dict[int, tuple[str, ...]] = {}
        is_pair = column.type == "date_or_year"
        for index, cell in enumerate(converted):
            if id(cell) not in memory:
                memory[id(cell)] = _copy_pair(cell.value) if is_pair else (copy_text(cell.value),)
            if cell.repair or cell.refused:
                _note(reading, column, index, cell, raws[column.field][index], refused)
        lines = [memory[id(cell)] for cell in converted]
        texts.extend([line[part] for line in lines] for part in range(2 if is_pair else 1))
        reading.db_columns.extend(name for name, _ in column.db_columns)
    marks = ["{}"] * len(reading.row_numbers)
    for index, fields in refused.items():
        marks[index] = "{" + ",".join(fields) + "}"
    reading.rows_refused = len(refused)
    numbers = [str(number) for number in reading.row_numbers]
    reading.copy_lines = ["\t".join(parts) for parts in zip(numbers, marks, *texts, strict=True)]


def _note(reading: TableReading, column: Column, index: int, cell: Cell, raw: Any, refused: dict[int, list[str]]) -> None:
    number = reading.row_numbers[index]
    place = f"{reading.column_map[column.field]}{number}"
    before = display(raw)
    masked = mask(before) if column.personal else before
    if cell.repair:
        after = display(cell.value[0] or cell.value[1] if column.type == "date_or_year" and cell.value else cell.value)
        reading.repairs.append(Repair(reading.sheet.name, place, masked, mask(after) if column.personal else after, cell.repair))
    if not cell.refused:
        return
    kind = finding_types()[cell.refused]
    severity = "warning" if column.computed else kind.severity
    vi, en = kind.sentences(
        cell=place, column=column.labels[0], value=masked, row=number, sheet=reading.title, allowed=", ".join(column.codes or {})
    )
    reading.findings.append(
        CellFinding(cell.refused, severity, reading.sheet.name, number, column.labels[0], place, masked or None, vi, en)
    )
    if cell.refused != "ID-11-DIGITS":  # the value is kept
        refused.setdefault(index, []).append(column.field)


def display(value: Any) -> str:
    """A value as a person typed it: dates dd/mm/yyyy, whole floats without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "x" if value is True else str(value)


def _copy_pair(value: tuple[date | None, int] | None) -> tuple[str, str]:
    return ("\\N", "\\N") if value is None else (copy_text(value[0]), str(value[1]))


def copy_text(value: Any) -> str:
    """A value in COPY's text format."""
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        if "\\" in value or "\t" in value or "\n" in value or "\r" in value:
            return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        return value
    return str(value)
