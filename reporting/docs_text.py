"""Markdown helpers of the generated docs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

BEGIN, END = "<!-- hand-written: {name} -->", "<!-- end: {name} -->"


def generated_from(source: str) -> str:
    return f"<!-- Made by `make docs` from {source}. Edit that, not this page; hand-written parts stand between their markers. -->\n"


def table(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A Markdown table; pipes and line breaks inside a cell are made harmless."""
    body = ["| " + " | ".join(cell(value) for value in line) + " |" for line in lines]
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *body]) + "\n"


def cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def kept(path: Path, name: str, default: str) -> str:
    """The hand-written part called ``name`` with its markers, as it stands in the page, else ``default``."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    inner = text.partition(begin)[2].partition(end)[0] if begin in text and end in text else f"\n{default}\n"
    return f"{begin}{inner}{end}\n"
