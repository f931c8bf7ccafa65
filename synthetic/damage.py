"""Files that no program can use: what arrives when somebody renames, breaks off a copy, or sets a password."""

from __future__ import annotations

import struct
from pathlib import Path

PDF = b"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >> endobj
trailer << /Root 1 0 R >>
%%EOF
"""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STREAM_SECTORS = 8
"""A stream of 4,096 bytes is the smallest that is kept in sectors of the ordinary size."""

REASONS = {"pdf": "NOT-A-WORKBOOK", "truncated": "CORRUPT-FILE", "password": "PASSWORD", "empty": "EMPTY-FILE"}
"""Kind of damage -> what the reader says of it."""


def damage(path: Path, kind: str) -> None:
    """Spoil the workbook at ``path`` in place."""
    data = path.read_bytes()
    path.write_bytes({"pdf": PDF, "truncated": data[: len(data) * 3 // 5], "password": _encrypted(), "empty": b""}[kind])


def _entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
    """One directory entry of a compound file: name, kind (5 root, 2 stream), red-black links, first sector, size."""
    text = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<BBIII", kind, 1, FREE, right, child)
    return text.ljust(64, b"\0") + struct.pack("<H", len(text)) + links + bytes(36) + struct.pack("<IQ", start, size)


def _encrypted() -> bytes:
    """The container in which Excel keeps a workbook with a password: two streams, their contents nonsense."""
    size = STREAM_SECTORS * SECTOR
    header = OLE + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    chains = [[*range(first + 1, first + STREAM_SECTORS), END] for first in (2, 2 + STREAM_SECTORS)]
    table = [FAT, END, *chains[0], *chains[1]]
    fat = struct.pack("<128I", *(table + [FREE] * (128 - len(table))))
    directory = (
        _entry("Root Entry", 5, 1, FREE, END, 0)
        + _entry("EncryptedPackage", 2, FREE, 2, 2, size)
        + _entry("EncryptionInfo", 2, FREE, FREE, 2 + STREAM_SECTORS, size)
        + _entry("", 0, FREE, FREE, 0, 0)
    )
    noise = bytes((index * 73 + index // 256 * 11) % 251 for index in range(2 * size))
    return header + fat + directory + noise
