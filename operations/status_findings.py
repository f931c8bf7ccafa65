"""What is not well, judged from the facts: each finding has a level, a code and one sentence in Vietnamese and English.

Limits and sentences are data (`status.yaml`); `<home>/status.yaml` may set limits of a site's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operations.status_facts import Disk, Facts
from warehouse.clock import LOCAL

STATUS_FILE = Path(__file__).parent / "status.yaml"
OWN_LIMITS = "status.yaml"
GB = 1_000_000_000

Level = Literal["warning", "critical"]
RANK = {"ok": 0, "warning": 1, "critical": 2}
"""Exit code of each level."""


class Limits(BaseModel):
    """When a finding is made; status.yaml says what each limit means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    night_at: time
    night_grace_minutes: int = Field(ge=0, le=1380)
    night_early_minutes: int = Field(ge=0, le=600)
    night_look_back_days: int = Field(ge=1, le=366)
    night_hours: float = Field(gt=0)
    night_open_hours: float = Field(gt=0)
    late_share: float = Field(ge=0, le=1)
    unreadable_days: int = Field(ge=1)
    silent_days: int = Field(ge=1)
    soon_days: tuple[Annotated[int, Field(ge=0, le=366)], ...]
    names_most: int = Field(ge=0)
    disk_critical_share: float = Field(ge=0, le=1)
    disk_critical_gb: float = Field(ge=0)
    disk_warning_share: float = Field(ge=0, le=1)


class Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    level: Level
    vi: str
    en: str


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    vi: str
    en: str


class StatusFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    limits: Limits
    reasons: dict[str, Reason]
    findings: tuple[Sentence, ...]


@dataclass(frozen=True)
class Finding:
    level: Level
    code: str
    vi: str
    en: str


@dataclass(frozen=True)
class Status:
    """The facts and what follows from them."""

    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def level(self) -> str:
        """ok, warning or critical: the worst of the findings."""
        return max((one.level for one in self.findings), key=RANK.__getitem__, default="ok")

    @property
    def exit_code(self) -> int:
        return RANK[self.level]


@cache
def load_file() -> StatusFile:
    return StatusFile.model_validate(yaml.safe_load(STATUS_FILE.read_text(encoding="utf-8")))


def load_limits(home: Path) -> tuple[Limits, str | None]:
    """The limits in force, and what is wrong with the site's own file (the product's limits are used then)."""
    path = home / OWN_LIMITS
    limits = load_file().limits
    try:
        if not path.is_file():
            return limits, None
        own = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Limits.model_validate(limits.model_dump() | own["limits"]), None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return limits, f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return limits, type(error).__name__
    except (TypeError, KeyError):
        return limits, "limits: ?"


def finding(code: str, **values: Any) -> Finding:
    """The sentence of a code with its values filled in. Raises KeyError for a code that status.yaml does not have."""
    sentence = {one.code: one for one in load_file().findings}[code]
    return Finding(sentence.level, code, sentence.vi.format(**values), sentence.en.format(**values))


def judge(facts: Facts, limits: Limits) -> tuple[Finding, ...]:
    """Findings, the critical ones first. What could not be read is not judged: that it could not is a finding of its own."""
    found = [*_database(facts), *_chain(facts), *_nights(facts, limits), *_disk(facts.disk, limits), *_data(facts, limits)]
    return tuple(sorted(found, key=lambda one: -RANK[one.level]))


def _database(facts: Facts) -> Iterator[Finding]:
    database = facts.database
    if database.state == "down":
        reasons = load_file().reasons
        reason = reasons.get(database.reason or "", reasons["other"])
        yield finding("DATABASE-DOWN", reason_vi=reason.vi, reason_en=reason.en)
    elif database.state == "failed":
        yield finding("DATABASE-ERROR", reason=database.reason)
    elif database.state == "not_migrated":
        yield finding("MIGRATIONS-BEHIND", revision=database.revision or "-", revision_of_code=database.revision_of_code)


def _chain(facts: Facts) -> Iterator[Finding]:
    if facts.chain and facts.chain.is_missing:
        yield finding("CHAIN-HEAD-MISSING")


def _nights(facts: Facts, limits: Limits) -> Iterator[Finding]:
    nights = facts.nights
    if nights is None:
        return
    ended, last = nights.last_ended, nights.last
    if ended and ended.outcome in ("failed", "abandoned"):
        yield finding("NIGHT-FAILED", started=show_moment(ended.started_at), error=ended.error or ended.outcome)
    if nights.waited_from and (hours := _hours(nights.waited_from, facts.checked_at)) > limits.night_hours:
        yield finding("NIGHT-OVERDUE", hours=int(hours))
    elif nights.waited_from and nights.waited_from < nights.last_due - timedelta(minutes=limits.night_early_minutes):
        yield finding("NIGHT-MISSED", due=show_moment(nights.last_due))
    if last and last.ended_at is None and (hours := _hours(last.started_at, facts.checked_at)) > limits.night_open_hours:
        yield finding("NIGHT-OPEN", started=show_moment(last.started_at), hours=int(hours))


def _disk(disk: Disk | None, limits: Limits) -> Iterator[Finding]:
    if disk is None:
        return
    values = {"free": show_bytes(disk.free_bytes), "share": show_share(disk.free_share)}
    if disk.free_share < limits.disk_critical_share or disk.free_bytes < limits.disk_critical_gb * GB:
        yield finding("DISK-FULL", **values)
    elif disk.free_share < limits.disk_warning_share:
        yield finding("DISK-LOW", **values)


def _data(facts: Facts, limits: Limits) -> Iterator[Finding]:
    if facts.publication and facts.publication.is_pinned:
        yield finding("PUBLICATION-PINNED", publication=facts.publication.publication_id)
    for period in facts.returns or ():
        if period.outstanding_share > limits.late_share:
            yield finding(
                "RETURNS-LATE", form=period.form_code, period=period.period_key, outstanding=period.outstanding, expected=period.expected,
                share=show_share(period.outstanding_share), due=show_day(period.due_date),
            )  # fmt: skip
    if facts.unreadable:
        yield finding("FILES-UNREADABLE", files=len(facts.unreadable))
    if facts.arrivals and facts.arrivals.silent_from:
        days = int(_hours(facts.arrivals.silent_from, facts.checked_at) // 24)
        if days >= limits.silent_days:
            yield finding("NO-FILES", days=days)


def _hours(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds() / 3600


def show_moment(moment: datetime) -> str:
    """22:00 10/01/2024, in Viet Nam."""
    return f"{moment.astimezone(LOCAL):%H:%M %d/%m/%Y}"


def show_day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def show_share(share: float) -> str:
    return f"{100 * share:.1f}%"


def show_bytes(size: int) -> str:
    """1.2 GB, 340.0 MB, 12.0 kB: decimal units."""
    for unit, step in (("TB", 10**12), ("GB", GB), ("MB", 10**6)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size / 1000:.1f} kB"
