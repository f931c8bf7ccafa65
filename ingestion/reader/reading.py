"""A whole file, read: the cover, every sheet of its form, or why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingestion.findings import ReadError, finding_types
from ingestion.reader.cover import Cover, read_cover
from ingestion.reader.layout import find_sheet
from ingestion.reader.table import CellFinding, Repair, TableReading, copy_text, display, read_table
from ingestion.reader.workbook import Rows, Workbook, open_workbook
from warehouse.masking import mask
from warehouse.settings import Settings


@dataclass
class Reading:
    """``cover`` is None for an unreadable file. ``faults`` stop the return before the rules (level submission or file)."""

    inspected: bool = False
    cover: Cover | None = None
    cover_line: str = ""
    tables: list[TableReading] = field(default_factory=list)
    faults: list[CellFinding] = field(default_factory=list)
    findings: list[CellFinding] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)

    @property
    def reason_code(self) -> str | None:
        return self.faults[0].code if self.faults else None

    @property
    def rows_read(self) -> int:
        return sum(len(table.row_numbers) for table in self.tables)

    @property
    def rows_refused(self) -> int:
        return sum(table.rows_refused for table in self.tables)


def fault(error: ReadError, sheet: str | None = None) -> CellFinding:
    """A ReadError as a finding with its sentences."""
    kind = finding_types()[error.code]
    vi, en = kind.sentences(**error.values)
    return CellFinding(error.code, kind.severity, sheet, None, error.values.get("column"), None, None, vi, en)  # type: ignore[arg-type]


def read_file(path: Path, file_name: str, settings: Settings) -> Reading:
    """Read an archived file whole. Never raises ReadError: what is wrong is in ``faults`` and ``findings``."""
    reading = Reading()
    try:
        workbook = open_workbook(path, file_name, settings)
        reading.inspected = workbook.container.inspected
        reading.cover = read_cover(workbook)
    except ReadError as error:
        reading.faults.append(fault(error))
        return reading
    _read_cover_cells(reading, reading.cover)
    _check_cover(reading, reading.cover)
    # A workbook of another version is read by that of its period: its missing columns are named.
    if "PERIOD-NOT-ASKED" not in {finding.code for finding in reading.faults}:
        _read_tables(reading, reading.cover, workbook)
    return reading


def peek(path: Path, file_name: str, settings: Settings) -> tuple[str, str, str] | None:
    """(form, commune, period) of a file, or None where they cannot be told: to keep the files of one return together."""
    try:
        cover = read_cover(open_workbook(path, file_name, settings, with_scan=False))
    except ReadError:
        return None
    return cover.form.code, cover.commune_code, cover.period.key


def _check_cover(reading: Reading, cover: Cover) -> None:
    form, period = cover.form, cover.period
    if period.type not in form.cadence:
        reading.faults.append(fault(ReadError("PERIOD-NOT-ASKED", value=period.key), "cover"))
        return
    expected = form.version_for(period.key)
    given = (cover.form_version or "").removesuffix(".0")
    # A period before the first version is judged by the rules (BEFORE-START); it is read by the first version.
    if given != (expected or form.versions[0]).version:
        reading.faults.append(
            fault(ReadError("UNKNOWN-VERSION", value=given, period=period.key, expected=(expected or form.versions[0]).version), "cover")
        )
    if cover.result_stage is None:
        reading.faults.append(fault(ReadError("NO-STAGE", value=display(cover.raws.get("result_stage"))), "cover"))


def _read_cover_cells(reading: Reading, cover: Cover) -> None:
    """The cover's row for intake.cover, its repairs and refused cells."""
    refused, parts = [], []
    for column in cover.form.cover.columns:
        cell = cover.cells[column.field]
        parts.append(copy_text(cell.value))
        raw = display(cover.raws.get(column.field, ""))
        shown = mask(raw) if column.personal else raw
        place = cover.places.get(column.field)
        if cell.repair and place:
            after = display(cell.value)
            reading.repairs.append(Repair("cover", place, shown, mask(after) if column.personal else after, cell.repair))
        if cell.refused and column.field != "result_stage":  # NO-STAGE speaks of that one
            refused.append(column.field)
            kind = finding_types()[cell.refused]
            vi, en = kind.sentences(
                cell=place or "?", column=column.labels[0], value=shown, row=0, sheet=cover.title, allowed=", ".join(column.codes or {})
            )
            number = int("".join(filter(str.isdigit, place or "0")))
            reading.findings.append(
                CellFinding(cell.refused, kind.severity, "cover", number or None, column.labels[0], place, shown or None, vi, en)
            )
    reading.cover_line = "\t".join([str(cover.row), "{" + ",".join(refused) + "}", *parts])


def _read_tables(reading: Reading, cover: Cover, workbook: Workbook) -> None:
    version = (cover.form.version_for(cover.period.key) or cover.form.versions[0]).version
    taken: dict[str, Rows] = {cover.title: []}
    for sheet in cover.form.tables:
        try:
            title = find_sheet(workbook, sheet, version, taken)
            taken[title] = workbook.rows(title)
            if not sheet.is_asked(cover.period.type):
                reading.findings.append(fault(ReadError("SHEET-NOT-ASKED", sheet=title, period=cover.period.key), sheet.name))
                continue
            table = read_table(taken[title], sheet, title, version, workbook.scanned(title), workbook.scan.is_1904)
        except ReadError as error:
            if sheet.is_asked(cover.period.type):
                reading.faults.append(fault(error, sheet.name))
            continue
        reading.tables.append(table)
        reading.findings += table.findings
        reading.repairs += table.repairs
