"""How a workbook leaves the commune: its file name and the moment it arrives."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from random import Random

from synthetic.targets import Commune

ICT = timezone(timedelta(hours=7))
"""Indochina time: no daylight saving, so a fixed offset is right."""
DUE = (12, 20)
"""Month and day on which the final result is due (reference/calendar.csv)."""
LATE_SHARE = 0.05
NAMES = (
    "{code}_{plain}_{year}.xlsx",
    "Rà soát hộ nghèo {year} - {name}.xlsx",
    "BC ra soat {plain} {year} (chinh thuc).xlsx",
    "{name}_hộ nghèo, cận nghèo {year}.xlsx",
    "bieu mau ra soat {year} {plain} final.xlsx",
)


def plain(text: str) -> str:
    """Without marks, as many people name files: ``Xã Bình An`` -> ``Xa Binh An``."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def file_name(rng: Random, commune: Commune, year: int, taken: set[str]) -> str:
    """A name that no other file of the folder has; two communes of one name are told apart by their code."""
    pattern = rng.choice(NAMES)
    name = pattern.format(code=commune.code, name=commune.name, plain=plain(commune.name), year=year)
    if name.casefold() in taken:
        name = name.replace(".xlsx", f" {commune.code}.xlsx")
    taken.add(name.casefold())
    return name


def arrival(rng: Random, year: int, signed: date) -> datetime:
    """In office hours of a day after the signature; one return in twenty comes after the due date."""
    on_time = min(signed + timedelta(days=rng.randint(1, 3)), date(year, *DUE))
    late = date(year, *DUE) + timedelta(days=rng.randint(1, 10))
    return moment(rng, late if rng.random() < LATE_SHARE else on_time)


def moment(rng: Random, day: date) -> datetime:
    return datetime.combine(day, time(8), ICT) + timedelta(seconds=rng.randrange(9 * 3600))


def stamp(path: Path, when: datetime) -> None:
    seconds = when.astimezone(UTC).timestamp()
    os.utime(path, (seconds, seconds))
