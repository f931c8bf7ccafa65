"""The archive: received bytes by their SHA-256, written once, never changed. archive/ab/cd/<sha256>."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import uuid4

BLOCK = 1 << 20


def archived_path(archive: Path, sha256: str) -> Path:
    return archive / sha256[:2] / sha256[2:4] / sha256


def store(archive: Path, source: Path) -> tuple[str, int]:
    """Copy a file's bytes into the archive; returns (sha256, size).

    The copy gets its name only when it is whole and on the disk, so a crash or a full disk leaves nothing half-written.
    Raises OSError (the part is removed).
    """
    incoming = archive / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    part = incoming / f"{uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as reader, part.open("wb") as writer:
            while block := reader.read(BLOCK):
                digest.update(block)
                writer.write(block)
                size += len(block)
            writer.flush()
            os.fsync(writer.fileno())
        target = archived_path(archive, digest.hexdigest())
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            part.chmod(0o444)
            part.replace(target)
            _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
