"""Commands that keep and bring back a whole warehouse: backup, restore."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from operations.console import BROKEN, err, night_progress, say
from warehouse.settings import get_settings


def add_commands(app: typer.Typer) -> None:
    @app.command(epilog="Example: warehouse backup /srv/backup   (makes /srv/backup/20240110T150000Z). Exit code 2: a fault is named.")
    def backup(folder: Annotated[Path, typer.Argument(help="Folder of the backups, on another disk.")]) -> None:
        """Save database, archive and reports into a new folder with a manifest. Nothing else may write meanwhile; no passwords."""
        from operations.backup import backup as save

        settings = get_settings()
        with night_progress("Sao lưu · backup", settings.quiet) as (_, on_progress):
            made = save(settings, folder, on_progress)
        say(f"{made.archived} tệp gốc · archived files, {made.linked} liên kết · linked, {made.size_bytes / 1e6:.1f} MB: {made.path}")
        _stop_if_broken(made.problems)

    @app.command(epilog="Example: WAREHOUSE_HOME=/srv/new warehouse restore /srv/backup/20240110T150000Z. Exit code 2: a fault is named.")
    def restore(folder: Annotated[Path, typer.Argument(help="One backup: the folder that holds manifest.json.")]) -> None:
        """Bring a backup into an empty WAREHOUSE_HOME and database; checks all hashes before, content and evidence after."""
        from operations.backup_files import EvidenceBroken
        from operations.restore import restore as bring_back

        settings = get_settings()
        try:
            with night_progress("Phục hồi · restore", settings.quiet) as (_, on_progress):
                done = bring_back(settings, folder, on_progress)
        except EvidenceBroken as error:
            _stop_if_broken(error.problems)
            return
        for warning in done.warnings:
            err.print(warning, style="yellow", markup=False)
        _stop_if_broken(done.problems)
        say(
            f"Đã phục hồi kho {done.kind} với {done.archived} tệp gốc, mọi mã băm đều khớp · "
            f"A {done.kind} warehouse with {done.archived} archived files is back in {settings.home}; every hash agrees."
        )


def _stop_if_broken(problems: Sequence[str]) -> None:
    """Each problem on its line, and exit code 2."""
    for problem in problems:
        err.print(problem, style="red", markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(BROKEN)
