"""The mergers of communes (reference/succession.csv): which new commune each hamlet comes to lie in, and under which name.

No public table says where the hamlets of a split commune went: here they are shared out by chance, the more to whoever took more people.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from synthetic.targets import FIRST_YEAR, LAST_YEAR, Commune, communes, reference_rows

COLUMNS = ("predecessor_code", "hamlet", "successor_code", "effective_date", "legal_basis", "note")
NOTE = "Dữ liệu giả lập của bộ sinh dữ liệu · synthetic, made by the generator"

Place = tuple[str, str]
"""A commune's code and the name of one of its hamlets."""


@dataclass(frozen=True)
class Merger:
    """The mergers of a year: all on one day."""

    day: str
    moves: Mapping[Place, Place]
    """Every hamlet of the communes whose ground changed: where it lay before, where after."""

    def successors(self, commune_code: str) -> set[str]:
        return {after for (before, _), (after, _) in self.moves.items() if before == commune_code}


@cache
def edges(year: int) -> tuple[dict[str, str], ...]:
    """The rows of reference/succession.csv that speak of a year; none where no commune merged."""
    found = tuple(row for row in reference_rows("succession") if row["effective_date"][:4] == str(year))
    if len({row["effective_date"] for row in found}) > 1:
        raise ValueError(f"communes merged on more than one day of {year}")
    return found


MERGER_YEARS = tuple(year for year in range(FIRST_YEAR, LAST_YEAR + 1) if edges(year))


def predecessors(commune: Commune, *, whole: bool = False) -> tuple[str, ...]:
    """The communes whose ground, or a part of it, made up this one's; with ``whole`` those that it took whole. None where nothing merged
    since 2021. A commune that no edge leads away from goes on under its code, whoever joins it."""
    year = int(commune.footprint_from[:4])
    if year not in MERGER_YEARS:
        return ()
    found = {
        row["predecessor_code"] for row in edges(year) if row["successor_code"] == commune.code and not (whole and row["extent"] == "part")
    }
    before = {one.code for one in communes(year - 1)} - {row["predecessor_code"] for row in edges(year)}
    return tuple(sorted(found | ({commune.code} & before)))


@cache
def ancestors(commune: Commune) -> frozenset[str]:
    """Its own code and those of all communes since 2021 whose ground, or a part of it, came to it."""
    before = {one.code: one for one in communes(int(commune.footprint_from[:4]) - 1)}
    return frozenset({commune.code}).union(*(ancestors(before[code]) for code in predecessors(commune)))


def merge(rng: Random, year: int, hamlets: Mapping[str, Sequence[str]]) -> Merger:
    """Move the hamlets of the communes before (code -> hamlets) to those that are in force at the end of the year."""
    day = edges(year)[0]["effective_date"]
    names = {commune.code: commune.name for commune in communes(year - 1)}
    going = {code: _shares(rng, year, code, hamlets[code]) for code in hamlets}
    changed = {commune.code for commune in communes(year) if commune.footprint_from == day}
    moves: dict[Place, Place] = {}
    for code in sorted(changed):
        places = [(old, hamlet) for old, shares in going.items() for hamlet, successor in shares.items() if successor == code]
        counts = Counter(hamlet for _, hamlet in places)
        for old, hamlet in places:
            moves[old, hamlet] = (code, hamlet if counts[hamlet] == 1 else f"{hamlet} ({_bare(names[old])})")
    return Merger(day, moves)


def _shares(rng: Random, year: int, code: str, hamlets: Sequence[str]) -> dict[str, str]:
    """Hamlet -> successor. A commune that no edge leads away from goes on under its code, whoever joins it."""
    parts = [row for row in edges(year) if row["predecessor_code"] == code]
    if len(parts) <= 1:
        return dict.fromkeys(hamlets, parts[0]["successor_code"] if parts else code)
    shuffled = list(hamlets)
    rng.shuffle(shuffled)
    successors = [row["successor_code"] for row in parts]
    people = [int(row["population_moved"] or 1) for row in parts]
    # Each gets one at least.
    chosen = successors + rng.choices(successors, people, k=len(shuffled) - len(successors))
    return dict(zip(shuffled, chosen, strict=True))


def _bare(commune_name: str) -> str:
    """``Xã Tân Hòa`` -> ``Tân Hòa``; ``Phường 2`` stays."""
    kind, _, name = commune_name.partition(" ")
    return name if kind == "Xã" else commune_name


def write_hamlet_succession(path: Path, mergers: Mapping[int, Merger]) -> None:
    """Where every hamlet of every split commune went, as `warehouse reference load` takes it; the note says that it is made up."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for year, merger in sorted(mergers.items()):
            basis = {row["predecessor_code"]: row["legal_basis"] for row in edges(year) if row["extent"] == "part"}
            for (code, hamlet), (successor, _) in sorted(merger.moves.items()):
                if code in basis:
                    table.writerow((code, hamlet, successor, merger.day, basis[code], NOTE))
