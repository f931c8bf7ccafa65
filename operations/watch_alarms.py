"""What the watch raises an alarm for, in which words, and what has changed since somebody was told.

Alarms of the warehouse itself are the findings of `warehouse status`; those of deadlines are made here (watch.yaml).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from operations.status_findings import Finding, Limits, Reason, show_day
from reporting.words import form_title, period_name

WATCH_FILE = Path(__file__).parent / "watch.yaml"
LEVELS = ("info", "warning", "critical")

Key = tuple[str, str, str]
"""Alarm code, form code, period key; the last two are empty for an alarm of the warehouse itself."""


class WatchFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    alarms: dict[str, Reason]
    replaces: tuple[str, ...]
    becomes: dict[str, str]
    levels: dict[str, Reason]
    words: dict[str, Reason]
    mail: dict[str, Reason]
    failures: dict[str, Reason]


@cache
def load_file() -> WatchFile:
    return WatchFile.model_validate(yaml.safe_load(WATCH_FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Deadline:
    """A form and period whose deadline is near or past, with the communes whose official result is not in force, as published."""

    form_code: str
    period_key: str
    due_date: date
    expected: int
    commune_codes: tuple[str, ...]
    commune_names: tuple[str, ...]

    @property
    def outstanding(self) -> int:
        return len(self.commune_codes)


@dataclass(frozen=True)
class Alarm:
    """One thing that is not well. ``params`` are the numbers in its words (JSON-able); no person's name is in either."""

    code: str
    level: str
    vi: str
    en: str
    form_code: str = ""
    period_key: str = ""
    params: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> Key:
        return self.code, self.form_code, self.period_key

    @property
    def rank(self) -> tuple[int, int]:
        """Grows where the alarm gets worse: its level, and the step at which a deadline is told."""
        return LEVELS.index(self.level), self.params.get("step", 0)


@dataclass(frozen=True)
class Changes:
    """What somebody who was told earlier does not know yet. ``begun``: new or worse; ``ended``: as it was told."""

    begun: tuple[Alarm, ...]
    ended: tuple[Alarm, ...]

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended)


def alarms_of(findings: Iterable[Finding], deadlines: Iterable[Deadline], today: date, limits: Limits) -> tuple[Alarm, ...]:
    """Every alarm that stands, the worst first."""
    replaced = load_file().replaces
    found = [Alarm(one.code, one.level, one.vi, one.en) for one in findings if one.code not in replaced]
    found += [alarm for one in deadlines for alarm in _of_deadline(one, today, limits)]
    return tuple(sorted(found, key=lambda one: (-LEVELS.index(one.level), one.params.get("due", ""), one.key)))


def _of_deadline(one: Deadline, today: date, limits: Limits) -> Iterator[Alarm]:
    days = (one.due_date - today).days
    params = {"due": str(one.due_date), "expected": one.expected, "outstanding": one.outstanding}
    if not one.outstanding:
        return
    if days < 0:
        level = "warning" if one.outstanding > limits.late_share * one.expected else "info"
        communes = [] if one.outstanding == one.expected else list(one.commune_codes)
        yield _alarm("RETURNS-OVERDUE", level, one, params | {"communes": communes}, **_communes(one, limits.names_most))
    elif steps := [step for step in limits.soon_days if days <= step]:
        level = "warning" if min(steps) == min(limits.soon_days) else "info"
        yield _alarm("DUE-SOON", level, one, params | {"days": days, "step": len(steps)}, accepted=one.expected - one.outstanding)


def _alarm(code: str, level: str, one: Deadline, params: dict[str, Any], **values: Any) -> Alarm:
    form, period, sentence = form_title(one.form_code), period_name(one.period_key), load_file().alarms[code]
    values |= params | {
        "form_vi": form[0], "form_en": form[1], "period_vi": period[0], "period_en": period[1], "due": show_day(one.due_date),
    }  # fmt: skip
    return Alarm(code, level, sentence.vi.format(**values), sentence.en.format(**values), one.form_code, one.period_key, params)


def _communes(one: Deadline, most: int) -> dict[str, str]:
    """Names with their codes, because several communes share a name; where none has sent anything, none is named."""
    words = load_file().words
    if one.outstanding == one.expected:
        return {"communes_vi": words["all_communes"].vi, "communes_en": words["all_communes"].en}
    names = [f"{name} ({code})" for code, name in zip(one.commune_codes, one.commune_names, strict=True)]
    shown, more = ", ".join(names[:most]), len(names) - most
    if more <= 0:
        return {"communes_vi": shown, "communes_en": shown}
    tail = words["more_communes"]
    return {"communes_vi": f"{shown} {tail.vi.format(more=more)}".strip(), "communes_en": f"{shown} {tail.en.format(more=more)}".strip()}


def changes(told: Mapping[Key, Alarm], standing: Iterable[Alarm]) -> Changes:
    """What is new or worse, and what has ended, against what was told. An alarm that has become another one did not end."""
    stands = {alarm.key: alarm for alarm in standing}
    becomes = load_file().becomes
    begun = tuple(alarm for key, alarm in stands.items() if key not in told or alarm.rank > told[key].rank)
    ended = tuple(
        alarm for (code, *place), alarm in told.items() if (code, *place) not in stands and (becomes.get(code), *place) not in stands
    )
    return Changes(begun, ended)
