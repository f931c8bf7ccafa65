"""Files of a backup: copied with their SHA-256 taken on the way, hard-linked where an earlier backup has them, listed, checked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.console import CommandError

BLOCK = 1 << 20
FORMAT = 1
MANIFEST, DUMP = "manifest.json", "warehouse.dump"
FOLDERS = ("archive", "reports")
SHAPE = {
    "version": {"code", "schema", "postgresql"},
    "events": {"event_id", "hash"},
    "dump": {"size_bytes", "sha256"},
    **{name: {"files", "size_bytes", "list_sha256"} for name in FOLDERS},
}


class EvidenceBroken(Exception):
    """Bytes are not what their hash says, or something differs from the manifest. ``problems`` names each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Listed:
    """One file of a backup: its path below archive or reports, and its SHA-256."""

    path: str
    sha256: str


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path, mode: int = 0o600) -> str:
    """Copy a file and put it on the disk; returns the SHA-256 of the bytes written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("xb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
    target.chmod(mode)
    return digest.hexdigest()


def link(source: Path, target: Path) -> bool:
    """Give an earlier backup's file a second name; False where the file system has no hard links (or no more of them)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """(path below the folder, file) for each whole file, in the order of the paths."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".part":
            yield path.relative_to(folder).as_posix(), path


def write_list(backup: Path, name: str, files: list[Listed]) -> dict[str, Any]:
    """Write ``<name>.sha256`` (`sha256sum -c` reads it) and return what the manifest says of the folder."""
    path = backup / f"{name}.sha256"
    _write_synced(path, "".join(f"{file.sha256}  {name}/{file.path}\n" for file in files))
    size = sum((backup / name / file.path).stat().st_size for file in files)
    return {"files": len(files), "size_bytes": size, "list_sha256": sha256_of(path)}


def read_list(backup: Path, name: str) -> list[Listed]:
    """The files that a backup holds of a folder. Raises EvidenceBroken where a line would leave the folder."""
    files = []
    for line in (backup / f"{name}.sha256").read_text(encoding="utf-8").splitlines():
        sha256, _, path = line.partition("  ")
        inside = path.removeprefix(f"{name}/")
        if inside == path or ".." in Path(inside).parts or Path(inside).is_absolute():
            raise EvidenceBroken([f"{name}.sha256: dòng sai · a wrong line"])
        files.append(Listed(inside, sha256))
    return files


def complete_backups(folder: Path) -> list[Path]:
    """Backups in a folder that reached their manifest, the newest first."""
    return sorted((path.parent for path in folder.glob(f"*/{MANIFEST}")), key=lambda path: path.name, reverse=True)


def write_manifest(backup: Path, manifest: dict[str, Any]) -> None:
    """The last thing of a backup, whole or absent: what has no manifest is no backup."""
    part = backup / f"{MANIFEST}.part"
    _write_synced(part, json.dumps({"format": FORMAT, **manifest}, ensure_ascii=False, indent=2) + "\n")
    part.replace(backup / MANIFEST)


def _write_synced(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(backup: Path) -> dict[str, Any]:
    """Raises CommandError where there is none or it is another version's, EvidenceBroken where it is damaged."""
    try:
        manifest = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if inside := complete_backups(backup):
            raise CommandError(f"Hãy nêu một bản sao lưu · Name one backup, the newest is {inside[0]}.") from None
        raise CommandError(
            f"{backup} không có {MANIFEST} nên không phải bản sao lưu trọn vẹn · {backup} has no {MANIFEST}: "
            "it is no backup, or was cut off before it was whole. Take an earlier one."
        ) from None
    except (ValueError, UnicodeDecodeError):
        raise EvidenceBroken([f"{MANIFEST}: không đọc được · cannot be read"]) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise CommandError(f"{MANIFEST} thuộc phiên bản khác · {MANIFEST} is of another version of this program; this one reads {FORMAT}.")
    if not {"kind", "publication"} <= manifest.keys() or any(
        not keys <= dict(manifest.get(name, {})).keys() for name, keys in SHAPE.items()
    ):
        raise EvidenceBroken([f"{MANIFEST}: thiếu nội dung · something is missing in it"])
    return manifest


def check(backup: Path, manifest: dict[str, Any]) -> list[str]:
    """Every file of a backup that is missing or is not what the manifest says."""
    problems = _faults(backup, DUMP, manifest["dump"]["sha256"])
    for name in FOLDERS:
        found = _faults(backup, f"{name}.sha256", manifest[name]["list_sha256"])
        problems += found
        if not found:  # a list that was changed says nothing of the files
            for file in read_list(backup, name):
                problems += _faults(backup, f"{name}/{file.path}", file.sha256)
    return problems


def _faults(backup: Path, name: str, sha256: str) -> list[str]:
    path = backup / name
    if not path.is_file():
        return [f"{name}: thiếu trong bản sao lưu · is missing from the backup"]
    return [] if sha256_of(path) == sha256 else [f"{name}: nội dung đã bị sửa · its bytes were changed"]
