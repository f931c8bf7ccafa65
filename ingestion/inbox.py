"""The inbox: a folder, perhaps read-only. Nothing in it is moved or deleted; a file seen is not read again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warehouse.database import Connection


class InboxError(Exception):
    """The inbox cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Arrival:
    """A file as it stands in the inbox. ``mtime`` is when the commune sent it, as far as the file tells."""

    path: Path
    size: int
    mtime: datetime

    @property
    def key(self) -> tuple[str, int, datetime]:
        return (str(self.path), self.size, self.mtime)


def look(path: Path) -> Arrival:
    """The file's size and time now. Raises OSError."""
    status = path.stat()
    return Arrival(path, status.st_size, datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC))


def new_arrivals(conn: Connection, inbox: Path) -> list[Arrival]:
    """Files not seen before, in the order of their time, then name. Raises InboxError.

    Hidden files and the lock files of Office (``~$name``) are not returns and are left alone.
    """
    if not inbox.is_dir():
        raise InboxError(f"INBOX-MISSING: there is no inbox {inbox}. Make the folder or set WAREHOUSE_INBOX · Không có thư mục nhận tệp.")
    seen = {(path, size, mtime) for path, size, mtime in conn.execute("select path, size_bytes, mtime from audit.arrival")}
    try:
        found = [look(path) for path in _files(inbox)]
    except OSError as error:
        raise InboxError(f"INBOX-MISSING: the inbox cannot be read: {error}") from error
    return sorted((item for item in found if item.key not in seen), key=lambda item: (item.mtime, item.path.name, str(item.path)))


def settled(arrivals: list[Arrival], seconds: int) -> tuple[list[Arrival], list[Arrival]]:
    """(settled, still changing). Files changed within ``seconds`` are looked at again after that time."""
    fresh = [item for item in arrivals if abs(time.time() - item.mtime.timestamp()) < seconds]
    if not fresh:
        return arrivals, []
    time.sleep(seconds)
    changing = {item.path for item in fresh if not item.path.exists() or look(item.path) != item}
    return [item for item in arrivals if item.path not in changing], [item for item in arrivals if item.path in changing]


def _files(inbox: Path) -> Iterator[Path]:
    for path in sorted(inbox.rglob("*")):
        relative = path.relative_to(inbox).parts
        if path.is_file() and not any(part.startswith((".", "~$")) for part in relative):
            yield path
