"""A received workbook, opened: its sheets as rows of raw values, and what the byte scan found."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.findings import ReadError
from ingestion.reader.container import Container, open_container
from ingestion.reader.scan import SheetScan, WorkbookScan, scan_workbook
from warehouse.settings import Settings

Rows = list[list[Any]]


@dataclass
class Workbook:
    container: Container
    titles: list[str]
    scan: WorkbookScan
    _book: Any

    def rows(self, title: str) -> Rows:
        """Rows from A1 on: list index + 1 is the row number that Excel shows. Empty cells are ''. Raises ReadError CORRUPT-FILE."""
        from python_calamine import CalamineError, XmlError, ZipError

        try:
            rows: Rows = self._book.get_sheet_by_name(title).to_python(skip_empty_area=False)
        except (CalamineError, XmlError, ZipError) as error:
            raise ReadError("CORRUPT-FILE", detail=type(error).__name__) from error
        return rows

    def scanned(self, title: str) -> SheetScan:
        return self.scan.sheets.get(title) or SheetScan()


def open_workbook(path: Path, file_name: str, settings: Settings, *, with_scan: bool = True) -> Workbook:
    """Open an archived file. Raises ReadError (findings of level file)."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

    container = open_container(path, file_name, settings)
    scan = WorkbookScan()
    if container.inspected and with_scan:
        with zipfile.ZipFile(path) as package:
            scan = scan_workbook(package)
    try:
        with path.open("rb") as file:
            book = CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise ReadError("PASSWORD") from error
    except (CalamineError, XmlError, ZipError, ValueError) as error:
        raise ReadError("CORRUPT-FILE", detail=type(error).__name__) from error
    return Workbook(container, list(book.sheet_names), scan, book)
