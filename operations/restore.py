"""`warehouse restore`: a backup into an empty place, checked before and after."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations import backup_files as files
from operations.console import CommandError
from reporting.evidence import verify
from warehouse import backup as database
from warehouse.migrate import known_revisions
from warehouse.runs import writer_lock
from warehouse.settings import Settings

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Restored:
    """What came back. ``problems`` is empty where it equals its backup and its evidence holds; ``warnings`` are for the operator."""

    kind: str
    archived: int
    warnings: list[str]
    problems: list[str]


def restore(settings: Settings, backup: Path, on_progress: Progress = lambda _done, _total: None) -> Restored:
    """Fill the database of the settings and the folders under WAREHOUSE_HOME from a backup.

    Every hash is checked before anything is written; a restore that fails leaves the place empty. Raises CommandError where the
    backup is none or the place is not empty, EvidenceBroken where the backup is not what its manifest says.
    """
    backup = backup.expanduser().absolute()
    manifest = files.read_manifest(backup)
    _refuse_newer(manifest)
    _refuse_filled_folders(settings)
    with writer_lock(settings, kind="restore") as conn:
        if schemas := database.occupied(conn):
            raise CommandError(
                f"Cơ sở dữ liệu đã có {', '.join(schemas)} · The database is not empty: it has {', '.join(schemas)}. "
                "Restore into an empty one (another WAREHOUSE_HOME or WAREHOUSE_URL)."
            )
        if problems := files.check(backup, manifest):
            raise files.EvidenceBroken(problems)
        try:
            _copy_folders(settings, backup, manifest, on_progress)
            database.load_dump(settings, backup / files.DUMP)
        except BaseException as error:
            for name in files.FOLDERS:
                _empty(settings.home / name)  # it was empty when we began: all in it is ours
            if isinstance(error, database.BackupError):
                raise CommandError(str(error)) from None
            raise
        warnings = database.finish(settings)
        if manifest["version"]["schema"] != known_revisions()[0]:
            warnings.append(
                "Bản sao lưu từ phiên bản cũ: hãy chạy 'warehouse init' · The backup is of an older schema: run 'warehouse init'."
            )
        problems = database.differences(settings, manifest) + _archive_differences(settings, manifest)
        problems += [str(problem) for problem in verify(settings)]
    return Restored(manifest["kind"], manifest["archive"]["files"], warnings, problems)


def _refuse_newer(manifest: dict[str, Any]) -> None:
    revision = manifest["version"]["schema"]
    if revision not in known_revisions():
        raise CommandError(
            f"Bản sao lưu có lược đồ {revision} mà chương trình này chưa biết · The backup has schema {revision}, which this version "
            "of the program does not know: restore with the version that made it, or a newer one."
        )


def _refuse_filled_folders(settings: Settings) -> None:
    for name in files.FOLDERS:
        folder = settings.home / name
        if next(files.files_in(folder), None):
            raise CommandError(
                f"{folder} đã có tệp · {folder} is not empty: a restore overwrites nothing. "
                "Restore into another WAREHOUSE_HOME, or move these files away."
            )


def _copy_folders(settings: Settings, backup: Path, manifest: dict[str, Any], on_progress: Progress) -> None:
    total, done = sum(manifest[name]["files"] for name in files.FOLDERS), 0
    for folder in (*(settings.home / name for name in files.FOLDERS), settings.logs_dir):
        folder.mkdir(parents=True, exist_ok=True)
    if settings.inbox is None:
        settings.inbox_dir.mkdir(parents=True, exist_ok=True)
    for name in files.FOLDERS:
        for file in files.read_list(backup, name):
            mode = 0o444 if name == "archive" else 0o644
            if files.copy(backup / name / file.path, settings.home / name / file.path, mode) != file.sha256:
                raise files.EvidenceBroken([f"{name}/{file.path}: đã đổi khi đang chép · changed while it was copied"])
            done += 1
            on_progress(done, total)


def _empty(folder: Path) -> None:
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _archive_differences(settings: Settings, manifest: dict[str, Any]) -> list[str]:
    count = sum(1 for _ in settings.archive_dir.glob("??/??/*"))
    told = manifest["archive"]["files"]
    return [] if count == told else [f"archive: {told} tệp trong bản sao lưu, nay có {count} · {told} files in the backup, {count} now"]
