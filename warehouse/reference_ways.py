"""What must hold of the ways of communes and hamlets through a change of the map. Each check yields (line, what is wrong)."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from warehouse.reference_faults import say
from warehouse.reference_models import HamletSuccession, Succession, Unit

Faults = Iterator[tuple[int, str]]
Ways = list[tuple[int, Succession]]

GROUND_KNOWN_FROM = date(2021, 1, 1)
"""Changes of ground before this day are not re-opened in the units, so edges before it cannot be compared with them."""


def fold(name: str) -> str:
    """A Vietnamese name as it is compared: as intake.fold, which the figures use."""
    return " ".join(unicodedata.normalize("NFC", name).split()).lower()


def check_succession(rows: Iterable[tuple[int, Succession]]) -> Faults:
    """On one day a commune goes whole into one, or in parts into several; nothing comes back to where it began; shares add to 1."""
    ways: dict[tuple[date, str], Ways] = defaultdict(list)
    for line, edge in rows:
        ways[edge.effective_date, edge.predecessor_code].append((line, edge))
    for (day, code), edges in ways.items():
        extents = [edge.extent for _, edge in edges]
        first = edges[0][0]
        if "whole" in extents:
            for line, _ in edges[1:]:
                yield line, say("whole_and_more", commune=code, day=day, other=first)
        if extents == ["part"] and edges[0][1].kind == "split":
            yield first, say("rest_missing", commune=code, day=day)
        given = [edge.population_moved is not None for _, edge in edges if edge.kind == "split"]
        for line, edge in edges:
            if edge.kind == "split" and any(given) and edge.population_moved is None:
                yield line, say("share_missing", commune=code, day=day)
            if edge.successor_code != code and code in _reached(ways, day, edge.successor_code):
                yield line, say("cycle", commune=code, day=day)


def _reached(ways: dict[tuple[date, str], Ways], day: date, start: str) -> set[str]:
    """Communes that a commune leads to over the edges of one day."""
    found, open_ends = {start}, [start]
    while open_ends:
        for _, edge in ways.get((day, open_ends.pop()), []):
            if edge.successor_code not in found:
                found.add(edge.successor_code)
                open_ends.append(edge.successor_code)
    return found


def check_ways_of_units(edges: Iterable[tuple[int, Succession]], units: Iterable[tuple[int, Unit]]) -> Faults:
    """An edge leads from a commune in force on the day before to one in force on the day; none ends without an edge or a next day."""
    spans: dict[str, list[Unit]] = defaultdict(list)
    for _, unit in units:
        if unit.unit_level == "commune":
            spans[unit.code].append(unit)

    def in_force(code: str, day: date) -> bool:
        return any(unit.valid_from <= day <= (unit.valid_to or date.max) for unit in spans.get(code, []))

    left: dict[tuple[str, date], int] = {}
    last = 1
    for line, edge in edges:
        last = max(last, line)
        left[edge.predecessor_code, edge.effective_date] = line
        if edge.effective_date < GROUND_KNOWN_FROM:
            continue
        for code, day in (
            (edge.predecessor_code, edge.effective_date - timedelta(days=1)),
            (edge.successor_code, edge.effective_date),
        ):
            if not in_force(code, day):
                yield line, say("not_in_force", commune=code, day=day)
    for code, grounds in spans.items():
        for unit in grounds:
            if unit.valid_to is None or unit.valid_to < GROUND_KNOWN_FROM or not unit.is_long_an:
                continue
            day = unit.valid_to + timedelta(days=1)
            # enlarged in its place; where its code came back for another unit, only an edge says where its ground went
            goes_on = any(other.valid_from == day and other.district_code == unit.district_code for other in grounds)
            if (code, day) not in left and not goes_on:
                yield last, say("way_missing", commune=code, day=day)


def check_hamlets(rows: Iterable[tuple[int, HamletSuccession]]) -> Faults:
    """A hamlet of a commune goes into one on a day, however its name is written."""
    seen: dict[tuple[str, str, date], int] = {}
    for line, row in rows:
        first = seen.setdefault((row.predecessor_code, fold(row.hamlet), row.effective_date), line)
        if first != line:
            yield line, say("hamlet_twice", commune=row.predecessor_code, hamlet=row.hamlet, other=first)


def check_hamlets_of_edges(hamlets: Iterable[tuple[int, HamletSuccession]], edges: Iterable[tuple[int, Succession]]) -> Faults:
    """A hamlet moves along an edge of its commune that took a part of it."""
    known = {edge.key: edge for _, edge in edges}
    codes = {code for edge in known.values() for code in (edge.predecessor_code, edge.successor_code)}
    for line, row in hamlets:
        unknown = [code for code in (row.predecessor_code, row.successor_code) if code not in codes]
        way = {"predecessor": row.predecessor_code, "successor": row.successor_code, "day": row.effective_date}
        edge = known.get((row.predecessor_code, row.successor_code, row.effective_date))
        for code in unknown:
            yield line, say("unknown_commune", commune=code)
        if not unknown and edge is None:
            yield line, say("unknown_edge", **way)
        elif edge is not None and edge.extent == "whole":
            yield line, say("whole_edge", **way)
