"""The pages of docs/ that come from contracts, rules and models (`make docs`; `make lint` runs it with --check).

Nothing is said twice by hand: a page is made anew from its source, but for the part between the hand-written markers, which is
kept. With ``--check`` nothing is written; exit code 1 names the pages that differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from reporting import docs_forms, docs_marts, docs_rules
from warehouse.settings import PROJECT_DIR

DOCS_DIR = PROJECT_DIR / "docs"
SOURCES: tuple[Callable[[Path], dict[str, str]], ...] = (docs_forms.pages, docs_rules.pages, docs_marts.pages)


def pages(folder: Path = DOCS_DIR) -> dict[str, str]:
    """Path under docs/ -> the page as it should be. Hand-written parts are taken from the files in ``folder``."""
    made: dict[str, str] = {}
    for source in SOURCES:
        made.update(source(folder))
    return made


def differing(folder: Path = DOCS_DIR) -> list[str]:
    """Pages that are not what their source gives."""
    made = pages(folder)
    return [name for name, text in made.items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]


def write(folder: Path = DOCS_DIR) -> list[str]:
    """Write the pages that differ; returns their names."""
    made = pages(folder)
    changed = differing(folder)
    for name in changed:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(made[name], encoding="utf-8", newline="\n")
    return changed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m reporting.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page differs")
    if parser.parse_args(arguments).check:
        stale = differing()
        for name in stale:
            print(f"docs/{name} is not what its source gives: run 'make docs'")
        return 1 if stale else 0
    for name in write():
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
