"""A file on its way in: where it lay, what was read of it, which submission it became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ingestion.reader.cover import Cover
from ingestion.reader.reading import Reading

State = Literal["read", "unreadable", "returned", "duplicate"]


@dataclass(frozen=True)
class FileItem:
    """A file to take in: where it lay, its archived bytes, and when it came."""

    path: str
    name: str
    size: int
    received_at: datetime
    sha256: str


@dataclass(frozen=True)
class Taken:
    """A file and what was read of it; ``reading`` is None where its bytes are known already."""

    item: FileItem
    reading: Reading | None
    seconds: float


@dataclass(frozen=True)
class Outcome:
    state: State
    rows: int
    submission_id: UUID | None = None


@dataclass(frozen=True)
class Registered:
    """A file that can be read, with the identity of its submission."""

    item: FileItem
    reading: Reading
    cover: Cover
    version: int
    submission_id: UUID

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "form_code": self.cover.form.code, "form_version": self.cover.form_version or "", "commune_code": self.cover.commune_code,
            "period_key": self.cover.period.key, "result_stage": self.cover.result_stage, "version": self.version,
            "file_name": self.item.name,
        }  # fmt: skip
