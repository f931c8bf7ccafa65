"""`warehouse backup`: database, archive and reports in one folder, with a manifest that says by what they are known again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingestion.archive import archived_path
from operations import backup_files as files
from operations.console import CommandError
from warehouse import backup as database
from warehouse.runs import writer_lock
from warehouse.settings import Settings

GONE = "không còn trong kho lưu trữ · is not in the archive"
CHANGED = "nội dung trong kho đã bị sửa · its bytes in the archive were changed"

Progress = Callable[[int, int], None]


@dataclass
class Backup:
    """A backup that was made. ``problems``: archived files whose bytes are gone or changed; the rest is whole."""

    path: Path
    archived: int = 0
    linked: int = 0
    size_bytes: int = 0
    problems: list[str] = field(default_factory=list)


def backup(settings: Settings, folder: Path, on_progress: Progress = lambda _done, _total: None) -> Backup:
    """Make ``folder/<UTC timestamp>`` under the writer's lock. Passwords stay in <home>/secrets.

    Evidence that is broken already does not stop it (or the database would be lost with it): each fault is named in
    ``problems``. Raises CommandError; nothing half-made is kept.
    """
    folder = folder.expanduser().absolute()
    for own in (settings.archive_dir, settings.reports_dir):
        if folder.resolve().is_relative_to(own.resolve()):
            raise CommandError(f"{folder} nằm trong {own} · {folder} lies in {own}, which is backed up: name another folder.")
    with writer_lock(settings, kind="backup"):
        earlier = next(iter(files.complete_backups(folder)), None)
        made = Backup(_new_folder(folder))
        try:
            _fill(settings, made, earlier, on_progress)
        except BaseException as error:
            shutil.rmtree(made.path, ignore_errors=True)
            if isinstance(error, database.BackupError):
                raise CommandError(str(error)) from None
            if isinstance(error, FileNotFoundError):
                raise CommandError(
                    f"{error.filename} đã mất khi đang chép · {error.filename} went while it was copied: run it again."
                ) from None
            raise
    return made


def _new_folder(folder: Path) -> Path:
    """A folder for this backup alone; only its owner enters, because the dump holds names."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100):
            path = folder / (stamp if number == 1 else f"{stamp}-{number:02}")
            if not path.exists():
                path.mkdir(mode=0o700)
                return path
    except OSError as error:
        raise CommandError(f"Không ghi được vào {folder} · {folder} cannot be written to: {error.strerror}.") from None
    raise CommandError(f"{folder} có quá nhiều bản sao lưu cùng giây · {folder} has too many backups of one second.")


def _fill(settings: Settings, made: Backup, earlier: Path | None, on_progress: Progress) -> None:
    dump = made.path / files.DUMP
    facts, registered = database.dump(settings, dump)
    dump.chmod(0o600)
    archived = _copy_archive(settings, made, earlier, registered, on_progress)
    reports = _copy_reports(settings, made, earlier)
    manifest = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **facts,
        "dump": {"size_bytes": dump.stat().st_size, "sha256": files.sha256_of(dump)},
        "archive": files.write_list(made.path, "archive", archived),
        "reports": files.write_list(made.path, "reports", reports),
        "problems": made.problems,
    }
    made.archived = len(archived)
    made.size_bytes = sum(manifest[part]["size_bytes"] for part in ("dump", *files.FOLDERS))
    files.write_manifest(made.path, manifest)


def _copy_archive(
    settings: Settings, made: Backup, earlier: Path | None, registered: list[str], on_progress: Progress
) -> list[files.Listed]:
    """Every archived file, and those that the database tells of: each checked against the SHA-256 that is its name."""
    target = made.path / "archive"
    target.mkdir()
    names = sorted({path.name for path in settings.archive_dir.glob("??/??/*")} | set(registered))
    listed = []
    for done, sha256 in enumerate(names, start=1):
        source, path = archived_path(settings.archive_dir, sha256), archived_path(target, sha256)
        before = archived_path(earlier / "archive", sha256) if earlier else None
        if before and before.is_file() and files.sha256_of(before) == sha256:
            fault = _fault(source, sha256)
            if files.link(before, path):
                made.linked += 1
            else:
                files.copy(before, path, 0o444)
        else:
            fault = _copy_checked(source, path, sha256)
        if path.exists():
            listed.append(files.Listed(path.relative_to(target).as_posix(), sha256))
        if fault:
            mend = f"; bản tốt · a good copy: {path}" if path.exists() else ""
            made.problems.append(f"archive {sha256}: {fault}{mend}")
        on_progress(done, len(names))
    return listed


def _copy_checked(source: Path, target: Path, sha256: str) -> str | None:
    """Copy an archived file; a copy that does not agree with its name is not kept. Returns the fault, if any."""
    if not source.is_file():
        return GONE
    if files.copy(source, target, 0o444) == sha256:
        return None
    target.unlink()
    return CHANGED


def _fault(source: Path, sha256: str) -> str | None:
    if not source.is_file():
        return GONE
    return None if files.sha256_of(source) == sha256 else CHANGED


def _copy_reports(settings: Settings, made: Backup, earlier: Path | None) -> list[files.Listed]:
    target = made.path / "reports"
    target.mkdir()
    listed = []
    for name, source in files.files_in(settings.reports_dir):
        before = earlier / "reports" / name if earlier else None
        is_same = before is not None and before.is_file() and before.stat().st_size == source.stat().st_size
        sha256 = files.sha256_of(source) if is_same else ""
        if before and is_same and files.sha256_of(before) == sha256 and files.link(before, target / name):
            made.linked += 1
        else:
            sha256 = files.copy(source, target / name)
        listed.append(files.Listed(name, sha256))
    return listed
