"""Great Expectations' own results of a night, kept as JSON (counts only, no values) for its Data Docs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from warehouse.settings import Settings


def results_folder(settings: Settings) -> Path:
    return settings.home / "datadocs" / "results"


def keep_result(settings: Settings, run_id: UUID, name: str, outcome: Any) -> Path:
    """Write one validation result; the results of older nights go, but for the last ``keep_datadocs``."""
    folder = results_folder(settings) / str(run_id)
    if not folder.exists():
        folder.mkdir(parents=True)
        for old in kept_runs(settings)[settings.keep_datadocs :]:
            shutil.rmtree(old, ignore_errors=True)
    path = folder / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(outcome.to_json_dict(), ensure_ascii=False), encoding="utf-8")
    part.replace(path)
    return path


def kept_runs(settings: Settings) -> list[Path]:
    """Folders of the nights whose results are kept, newest first."""
    root = results_folder(settings)
    return (
        sorted((path for path in root.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        if root.exists()
        else []
    )
