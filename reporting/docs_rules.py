"""docs/rules.md from the rule catalogue and docs/findings.md from the reader's findings."""

from __future__ import annotations

from pathlib import Path


def pages(folder: Path) -> dict[str, str]:
    return {}
