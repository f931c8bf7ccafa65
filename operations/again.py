"""A night that does a part of the returns again: which part, and whether there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.part import Part
from ingestion.contracts import all_forms
from ingestion.load import communes
from ingestion.periods import period_of
from reporting import words
from warehouse.database import connect
from warehouse.settings import Settings

Told = Mapping[str, Sequence[str]]
"""A part as a night's token and `audit.run.parameters` carry it: forms, periods, communes."""


class PartRefused(Exception):
    """There is no such form, period or commune; the sentence says which."""


def part_of(settings: Settings, asked: Told) -> Told | None:
    """The part as it is asked for, in order and with all its keys; None where nothing is named. Raises PartRefused."""
    told = {name: sorted({str(value) for value in asked.get(name) or ()}) for name in ("forms", "periods", "communes")}
    if not any(told.values()):
        return None
    known = {form.code: form for form in all_forms()}
    for form in told["forms"]:
        if form not in known:
            raise _refused("unknown_form", form=form, forms=", ".join(known))
    forms = told["forms"] or list(known)
    for period in told["periods"]:
        if all(period_of(known[form], period) is None for form in forms):
            raise _refused("unknown_period", period=period, forms=", ".join(forms))
    with connect(settings) as conn:
        there = communes(conn)
    for code in told["communes"]:
        if code not in there:
            raise _refused("unknown_commune", commune=code)
    return told


def as_part(told: Told) -> Part:
    return Part(**{name: tuple(values) for name, values in told.items()})


def _refused(code: str, **values: object) -> PartRefused:
    return PartRefused(f"{words.vi(f'again_{code}', **values)} · {words.en(f'again_{code}', **values)}")
