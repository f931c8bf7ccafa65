"""Words and figures as Vietnamese readers expect them, with English beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from ingestion.contracts import all_forms
from warehouse.clock import LOCAL

STRINGS_FILE = Path(__file__).parent / "strings.yaml"


@cache
def strings() -> dict[str, tuple[str, str]]:
    """UI strings: key -> (Vietnamese, English)."""
    return {key: (str(pair[0]), str(pair[1])) for key, pair in yaml.safe_load(STRINGS_FILE.read_text(encoding="utf-8")).items()}


def vi(key: str, **values: object) -> str:
    return strings()[key][0].format(**values)


def en(key: str, **values: object) -> str:
    return strings()[key][1].format(**values)


def known(key: str, otherwise: str) -> tuple[str, str]:
    """The pair of a key that data builds (a state, a repair code); ``otherwise`` in both languages where there is none."""
    return strings().get(key, (otherwise, otherwise))


@lru_cache(maxsize=20_000)
def pair(vi_text: object, en_text: object, tag: str = "span") -> Markup:
    """Vietnamese first, English after it in lighter type, each marked with its language. Identical texts are said once."""
    if not en_text or vi_text == en_text:
        return Markup("{}").format(vi_text)
    return Markup('{} <{} class="en" lang="en">{}</{}>').format(vi_text, Markup(tag), en_text, Markup(tag))


@lru_cache(maxsize=20_000)
def both(key: str, **values: object) -> Markup:
    return pair(vi(key, **values), en(key, **values))


def number(value: int | Decimal | None) -> str:
    """``1234567`` -> ``1.234.567``; None is a dash, never 0."""
    return "–" if value is None else f"{value:,}".replace(",", ".")


def day(value: date | None) -> str:
    """``28/12/2023``."""
    return "–" if value is None else f"{value:%d/%m/%Y}"


def lapsed(waiver: Mapping[str, Any]) -> tuple[str, str]:
    """(Vietnamese, English): a waiver that no longer holds, as a night tells it. Keys: how, waiver_id, rule_code, form_code,
    period_key, commune_code, expires_on."""
    values = {
        "id": waiver["waiver_id"], "rule": waiver["rule_code"], "form": waiver["form_code"], "period": waiver["period_key"],
        "commune": waiver["commune_code"], "expires": day(waiver["expires_on"]),
    }  # fmt: skip
    return vi(f"lapsed_{waiver['how']}", **values), en(f"lapsed_{waiver['how']}", **values)


def again(told: Mapping[str, Any]) -> tuple[str, str]:
    """(Vietnamese, English): what a night was to do again. Keys: forms, periods, communes, and n, the accepted returns judged."""

    def say(one: Callable[..., str]) -> str:
        parts = (("again_form", told["forms"]), ("again_period", told["periods"]), ("again_commune", told["communes"]))
        what = ", ".join(one(key, values=", ".join(values)) for key, values in parts if values)
        return one("again" if told["n"] else "again_none", what=what, n=number(told["n"]))

    return say(vi), say(en)


def percent(value: float | Decimal | None) -> str:
    return "–" if value is None else f"{value:.1f}".replace(".", ",") + "%"


def moment(value: datetime | None) -> str:
    """Local time to the minute: ``22:00 28/12/2023``."""
    return "–" if value is None else value.astimezone(LOCAL).strftime("%H:%M %d/%m/%Y")


def time_tag(value: datetime | None) -> Markup:
    if value is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(value.astimezone(LOCAL).isoformat(timespec="seconds"), moment(value))


def period_name(period_key: str) -> tuple[str, str]:
    """``2023-Q3`` -> (``quý 3 năm 2023``, ``quarter 3 of 2023``)."""
    year, _, part = period_key.partition("-")
    kind = "year" if not part else "half_year" if part.startswith("H") else "quarter" if part.startswith("Q") else "month"
    values = {"year": year, "part": part.lstrip("HQ0")}
    return vi(f"period_{kind}", **values), en(f"period_{kind}", **values)


@cache
def form_title(form_code: str) -> tuple[str, str]:
    for form in all_forms():
        if form.code == form_code:
            return form.title, form.title_en
    return form_code, form_code


@cache
def sheet_title(form_code: str | None, sheet: str | None) -> str:
    """The Vietnamese name of a contract sheet; '' for the whole file."""
    if sheet is None:
        return ""
    for form in all_forms():
        if form_code in (None, form.code):
            for candidate in form.sheets:
                if candidate.name == sheet:
                    return candidate.title
    return sheet


@cache
def sheet_position(form_code: str | None, sheet: str | None) -> int:
    for form in all_forms():
        if form.code == form_code:
            names = [candidate.name for candidate in form.sheets]
            return names.index(sheet) if sheet in names else -1
    return -1


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_safe(value: object) -> str:
    """A cell that a spreadsheet will not take for a formula: what starts with = + - @ (or a control) stays text."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def anchor(rule_code: str) -> Markup:
    return escape(f"r-{rule_code.lower()}")
