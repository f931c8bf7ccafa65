"""How a workbook leaves the commune: its file name and the moment it arrives."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from random import Random

from synthetic.returns import QuarterReturn, Return

ICT = timezone(timedelta(hours=7))
"""Indochina time: no daylight saving, so a fixed offset is right."""
DUE = (12, 20)
"""Month and day on which the final result of a review is due (reference/calendar.csv)."""
DUE_DAYS = 15
"""Days after its end by which a quarter is due (reference/calendar.csv)."""
LATE_SHARE = 0.05
NAMES = {
    "household_review": (
        "{code}_{plain}_{year}.xlsx",
        "Rà soát hộ nghèo {year} - {name}.xlsx",
        "BC ra soat {plain} {year} (chinh thuc).xlsx",
        "{name}_hộ nghèo, cận nghèo {year}.xlsx",
        "bieu mau ra soat {year} {plain} final.xlsx",
    ),
    "credit": (
        "{code}_tin dung_Q{quarter}_{year}.xlsx",
        "Vay vốn quý {quarter}.{year} - {name}.xlsx",
        "BC tin dung chinh sach {plain} Q{quarter}-{year}.xlsx",
        "{name} - nhu cầu vay vốn Q{quarter} {year}.xlsx",
    ),
    "training": (
        "{code}_dao tao nghe_Q{quarter}_{year}.xlsx",
        "Đào tạo nghề quý {quarter}.{year} - {name}.xlsx",
        "BC day nghe, viec lam {plain} Q{quarter}-{year}.xlsx",
        "{name} - học nghề, việc làm Q{quarter} {year}.xlsx",
    ),
}


def plain(text: str) -> str:
    """Without marks, as many people name files: ``Xã Bình An`` -> ``Xa Binh An``."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def file_name(rng: Random, sent: Return, taken: set[str]) -> str:
    """A name that no other file of the folder has; two communes of one name are told apart by their code."""
    pattern = rng.choice(NAMES[sent.form])
    quarter = sent.quarter.number if isinstance(sent, QuarterReturn) else None
    commune = sent.commune
    name = pattern.format(code=commune.code, name=commune.name, plain=plain(commune.name), year=sent.year, quarter=quarter)
    if name.casefold() in taken:
        name = name.replace(".xlsx", f" {commune.code}.xlsx")
    taken.add(name.casefold())
    return name


def due_date(sent: Return) -> date:
    return sent.quarter.last_day + timedelta(days=DUE_DAYS) if isinstance(sent, QuarterReturn) else date(sent.year, *DUE)


def arrival(rng: Random, sent: Return) -> datetime:
    """In office hours of a day after the signature; one return in twenty comes after the due date."""
    due = due_date(sent)
    on_time = min(sent.cover["signed_date"] + timedelta(days=rng.randint(1, 3)), due)
    late = due + timedelta(days=rng.randint(1, 10))
    return moment(rng, late if rng.random() < LATE_SHARE else on_time)


def moment(rng: Random, day: date) -> datetime:
    return datetime.combine(day, time(8), ICT) + timedelta(seconds=rng.randrange(9 * 3600))


def stamp(path: Path, when: datetime) -> None:
    seconds = when.astimezone(UTC).timestamp()
    os.utime(path, (seconds, seconds))
