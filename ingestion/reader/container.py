"""What kind of file are these bytes, and is it safe to open? Decided from the bytes, never from the name."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingestion.findings import ReadError
from warehouse.settings import Settings

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MEGABYTE = 1 << 20
SMALL_PART = MEGABYTE  # a small part may be packed as tightly as it likes
HEAD = 4096  # declarations stand at the head of a part

Kind = Literal["xlsx", "xls", "ods"]


@dataclass(frozen=True)
class Container:
    path: Path
    kind: Kind
    inspected: bool
    """True where the byte scan can look at the sheets (.xlsx, .xlsm)."""


def open_container(path: Path, file_name: str, settings: Settings) -> Container:
    """Tell the kind of workbook and refuse what must not be opened. Raises ReadError with its code."""
    size = path.stat().st_size
    if size == 0:
        raise ReadError("EMPTY-FILE")
    if size > settings.max_file_mb * MEGABYTE:
        raise ReadError("TOO-LARGE", size=size // MEGABYTE, limit=settings.max_file_mb)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(OLE):
        return Container(path, _check_ole(path), inspected=False)
    if head.startswith(b"PK"):
        kind = _check_zip(path, settings)
        return Container(path, kind, inspected=kind == "xlsx")
    if file_name.casefold().endswith(".csv"):
        raise ReadError("CSV-REFUSED")
    raise ReadError("NOT-A-WORKBOOK", found=_describe(head))


def _describe(head: bytes) -> str:
    if head.startswith(b"%PDF"):
        return "PDF"
    if head.lstrip()[:1] == b"<":
        return "HTML/XML"
    return "bytes"


def _check_ole(path: Path) -> Kind:
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise ReadError("PASSWORD")
    if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
        return "xls"
    raise ReadError("NOT-A-WORKBOOK", found="OLE")


def _check_zip(path: Path, settings: Settings) -> Kind:
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            kind = _kind(package, names)
            _check_sizes(parts, settings)
            _check_parts(package, parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise ReadError("CORRUPT-FILE", detail=type(error).__name__) from error
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise ReadError("EXTERNAL-LINKS")
    return kind


def _kind(package: zipfile.ZipFile, names: set[str]) -> Kind:
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names and "mimetype" in names:
        if b"opendocument.spreadsheet" not in package.read("mimetype"):
            raise ReadError("NOT-A-WORKBOOK", found="OpenDocument")
        if "META-INF/manifest.xml" in names and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise ReadError("PASSWORD")
        return "ods"
    raise ReadError("NOT-A-WORKBOOK", found="DOCX/PPTX" if "[Content_Types].xml" in names else "ZIP")


def _check_sizes(parts: list[zipfile.ZipInfo], settings: Settings) -> None:
    unpacked = sum(part.file_size for part in parts)
    if unpacked > settings.max_unpacked_mb * MEGABYTE:
        raise ReadError("ZIP-BOMB", detail=f"{unpacked // MEGABYTE} MB > {settings.max_unpacked_mb} MB")
    for part in parts:
        if part.flag_bits & 0x1:
            raise ReadError("PASSWORD")
        if part.file_size > SMALL_PART and part.file_size > settings.max_ratio * max(part.compress_size, 1):
            raise ReadError("ZIP-BOMB", detail=f"{part.filename} 1:{part.file_size // max(part.compress_size, 1)}")


def _check_parts(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Declarations of entities are refused before any parser sees them."""
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with package.open(part) as stream:
                head = stream.read(HEAD)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise ReadError("XML-ENTITIES", part=part.filename)
