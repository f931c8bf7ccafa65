"""What the cell reader cannot tell: error values, formulas without a stored result, hidden rows, merged cells, the date system.

A search over the bytes of each sheet finds whether there is anything; a streaming parse follows only where it hits.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree import ElementTree

from ingestion.findings import ReadError

_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HITS = (b't="e"', b"<f>", b"<f ", b":f>", b":f ", b'hidden="1"', b'hidden="true"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class SheetScan:
    """Findings of one sheet; rows and columns count from 1, as Excel shows them."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncached: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(first row, first column, last row, last column)."""


@dataclass
class WorkbookScan:
    sheets: dict[str, SheetScan] = field(default_factory=dict)
    is_1904: bool = False


def scan_workbook(package: zipfile.ZipFile) -> WorkbookScan:
    """Scan every sheet of an .xlsx or .xlsm. Raises ReadError CORRUPT-FILE."""
    try:
        workbook_xml = package.read("xl/workbook.xml")
        scan = WorkbookScan(is_1904=bool(re.search(rb'date1904="(1|true)"', workbook_xml)))
        for title, part in _sheet_parts(package, workbook_xml).items():
            scan.sheets[title] = scan_sheet(package.read(part))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError) as error:
        raise ReadError("CORRUPT-FILE", detail=type(error).__name__) from error
    return scan


def scan_sheet(data: bytes) -> SheetScan:
    scan = SheetScan()
    if b"mergeCell" in data:
        for match in _MERGE.finditer(data):
            left, top, right, bottom = match.groups()
            scan.merges.append((int(top), column_number(left.decode()), int(bottom), column_number(right.decode())))
    if any(hit in data for hit in _HITS):
        _parse(data, scan)
    return scan


def _parse(data: bytes, scan: SheetScan) -> None:
    for _, element in ElementTree.iterparse(BytesIO(data), events=("end",)):
        tag = element.tag.rpartition("}")[2]
        if tag == "c":
            formula, value = None, None
            for child in element:
                name = child.tag.rpartition("}")[2]
                if name == "f":
                    formula = child
                elif name == "v":
                    value = child.text
            if element.get("t") == "e":
                scan.errors[_position(element.get("r", "A1"))] = value or "#N/A"
            elif formula is not None and value is None:
                scan.uncached.add(_position(element.get("r", "A1")))
        elif tag == "row":
            if element.get("hidden") in ("1", "true"):
                scan.hidden_rows.add(int(element.get("r", "0")))
            element.clear()


def _sheet_parts(package: zipfile.ZipFile, workbook_xml: bytes) -> dict[str, str]:
    """Sheet title -> its part in the package."""
    relations = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    parts: dict[str, str] = {}
    for element in ElementTree.fromstring(workbook_xml).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            target = targets.get(element.get(_RELATION), "")
            if "worksheets/" in target:
                parts[element.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _position(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    return int(reference[len(letters) :] or 0), column_number(letters)


def column_number(letters: str) -> int:
    """``A`` -> 1, ``AB`` -> 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 -> ``A``, 28 -> ``AB``."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
