"""Templates to files: one Jinja environment, pages written whole or not at all."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting import words

TEMPLATES_DIR = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(
        vi=words.vi, en=words.en, both=words.both, pair=words.pair, known=words.known, period_name=words.period_name,
        form_title=words.form_title, sheet_title=words.sheet_title, anchor=words.anchor,
        lapsed=words.lapsed, again_said=words.again,
    )  # fmt: skip
    made.filters.update(n=words.number, pct=words.percent, moment=words.moment, time_tag=words.time_tag, day=words.day)
    return made


@cache
def look_version() -> str:
    """Changes with the words, the templates or the code that fills them: then every page is written again."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*TEMPLATES_DIR.iterdir(), words.STRINGS_FILE, *here.glob("*.py")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def write_atomic(path: Path, text: str) -> None:
    """The file is the old one or the new one, never a part: written beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def write_page(path: Path, template: str, context: dict[str, Any]) -> None:
    write_atomic(path, environment().get_template(template).render(context))


def _is_plain(value: object) -> bool:
    return type(value) is str and not value.startswith(words.FORMULA)


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> int:
    """A CSV that Excel opens as UTF-8 and in which no cell runs as a formula. Returns the number of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    count = 0
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for line in lines:
            writer.writerow([value if _is_plain(value) else words.csv_safe(value) for value in line])
            count += 1
    part.replace(path)
    return count
