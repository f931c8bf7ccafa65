"""House rules that no other linter knows (`python -m operations.house`, part of `make lint`).

Contracts, reader findings and rules are read by their strict models; no tracked file names a person's home, a package registry or
a secret; README and `.env.example` list what there is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.settings import PROJECT_DIR

LONGEST_FILE = 300
CODE_FOLDERS = ("dags", "operations", "reporting", "expectations", "ingestion", "warehouse", "synthetic")
TEXT_SUFFIXES = {
    "", ".cfg", ".csv", ".example", ".html", ".j2", ".json", ".lock", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml",
}  # fmt: skip

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a person's or a machine's folder": re.compile(r"(?<![\w.])/(?:ho" r"me|Us" r"ers|ro" r"ot)/[\w.-]+"),
    "a package registry": re.compile(r"py" r"pi\.org|python" r"hosted\.org|registry\.np" r"mjs|--(?:extra-)?index" r"-url[ =]\S*:/" r"/"),
    "a private key": re.compile(r"-----BE" r"GIN [A-Z ]*PRIV" r"ATE KEY-----"),
    "an access key": re.compile(r"\bAK" r"IA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a password": re.compile(r"""(?:password|passwd|secret|token)["']?\s*[:=]\s*["'](?![^"']*[{$<%*])[^"'\s]{12,}["']""", re.IGNORECASE),
    "a password in an address": re.compile(r"\w://\w+:(?!password@|secret@|wrong@|x@|\.\.\.)[^\s:@/{}$<>*\"']+@"),
}


@dataclass(frozen=True)
class Fault:
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def tracked_files() -> list[Path]:
    """Files of the repository; in a copy without git, every file but those of .venv and .data."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [PROJECT_DIR / name for name in listed.stdout.split("\0") if name and (PROJECT_DIR / name).is_file()]
    return [p for p in PROJECT_DIR.rglob("*") if p.is_file() and not {".venv", ".data", ".git", "__pycache__"} & set(p.parts)]


def forbidden_in(text: str) -> Iterator[tuple[int, str]]:
    """(line, what) for each value in the text that may not be in a file of the repository."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield number, f"{what} must not be written here"


def check_files(paths: Iterable[Path]) -> list[Fault]:
    """Forbidden values, and Python files too long to read at one sitting."""
    faults = []
    for path in paths:
        if path.suffix not in TEXT_SUFFIXES:
            continue
        name = str(path.relative_to(PROJECT_DIR))
        text = path.read_text(encoding="utf-8", errors="replace")
        faults += [Fault(name, line, what) for line, what in forbidden_in(text)]
        lines = text.count("\n")
        if path.suffix == ".py" and name.split("/")[0] in CODE_FOLDERS and lines > LONGEST_FILE:
            faults.append(Fault(name, lines, f"{lines} lines: split it, {LONGEST_FILE} are the most"))
    return faults


def check_data_files() -> list[Fault]:
    """Contracts, reader findings and rules: their strict models read them, or say what is wrong."""
    from expectations.catalogue import load_rules
    from ingestion.contracts import FORMS_DIR, load_form

    faults = []
    for path in sorted(FORMS_DIR.glob("[a-z]*.yaml")):
        try:
            load_form(path.stem)
        except ValueError as error:
            faults.append(Fault(str(path.relative_to(PROJECT_DIR)), 1, str(error)))
    try:
        load_rules()
    except ValueError as error:
        faults.append(Fault("expectations", 1, str(error)))
    return faults


def main() -> int:
    faults = check_files(tracked_files()) + check_data_files()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
