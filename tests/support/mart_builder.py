"""Puts submissions straight into intake, so that builds can be tested without files. Households are synthetic."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from ingestion.contracts import load_form
from warehouse.database import Connection, copy_rows
from warehouse.events import Event, append_events
from warehouse.runs import Run

NAMESPACE = UUID("6f1d2f0e-0f3c-4c1e-9d53-0b6f5f6a7a10")

# What happens most: a class pair and the movement that goes with it.
USUAL_MOVEMENT = {
    ("poor", "poor"): "unchanged",
    ("poor", "near_poor"): "poor_to_near_poor",
    ("poor", "not_poor"): "escaped_poor",
    ("poor", "outside"): "moved_out",
    ("near_poor", "poor"): "near_poor_to_poor",
    ("near_poor", "near_poor"): "unchanged",
    ("near_poor", "not_poor"): "escaped_near_poor",
    ("near_poor", "outside"): "moved_out",
    ("not_poor", "poor"): "newly_poor",
    ("not_poor", "near_poor"): "newly_near_poor",
    ("not_poor", "not_poor"): "unchanged",
    ("outside", "poor"): "moved_in",
    ("outside", "near_poor"): "moved_in",
}


@dataclass(frozen=True)
class Household:
    """One row of the list. ``movement`` follows from the classes where it is not given."""

    opening: str
    closing: str
    movement: str | None = None
    members: int = 4
    opening_members: int | None = 4
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Return:
    """One commune's return of a year."""

    commune: str
    year: int
    households: Sequence[Household] = ()
    total_households: int = 1000
    stage: str = "final"
    version: int = 1
    events: tuple[str, ...] = ("received", "validated", "accepted")
    received_at: datetime | None = None

    @property
    def form_version(self) -> str:
        """That of its period, as the contract has it."""
        version = load_form("household_review").version_for(str(self.year))
        assert version is not None
        return version.version

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.commune}|{self.year}|{self.version}".encode()).hexdigest()

    @property
    def submission_id(self) -> UUID:
        return uuid5(NAMESPACE, f"{self.sha256}|household_review|{self.commune}|{self.year}|{self.version}")


def people(poor: int, near_poor: int, **changes: Any) -> list[Household]:
    """A list with so many poor and near-poor households that stayed what they were."""
    return [Household("poor", "poor", **changes)] * poor + [Household("near_poor", "near_poor", **changes)] * near_poor


def communes_in_force(conn: Connection, year: int) -> list[str]:
    rows = conn.execute(
        "select code from reference.unit where unit_level = 'commune' and is_long_an and valid_from <= %(day)s "
        "and coalesce(valid_to, 'infinity') >= %(day)s order by code",
        {"day": date(year, 12, 31)},
    ).fetchall()
    return [row[0] for row in rows]


def share(total: int, parts: int) -> list[int]:
    """``total`` cut into ``parts`` whole numbers that differ by one at most."""
    return [total // parts + (1 if index < total % parts else 0) for index in range(parts)]


def province(conn: Connection, year: int, poor: int, near_poor: int, total: int, **changes: Any) -> list[Return]:
    """Returns of every commune in force at the year's end, whose sums are the numbers given."""
    communes = communes_in_force(conn, year)
    cuts = zip(communes, share(poor, len(communes)), share(near_poor, len(communes)), share(total, len(communes)), strict=True)
    return [Return(code, year, people(few, near), total_households=households, **changes) for code, few, near, households in cuts]


def send(conn: Connection, run: Run, returns: Sequence[Return]) -> None:
    """Write files, submissions, their rows and their events, and commit."""
    moment = run.now
    copy_rows(
        conn, "audit.received_file", ["sha256", "file_name", "size_bytes", "received_at", "recorded_at", "state"],
        [[r.sha256, f"{r.commune}_{r.year}_v{r.version}.xlsx", 1, r.received_at or moment, moment, "read"] for r in returns],
    )  # fmt: skip
    copy_rows(
        conn, "intake.submission",
        ["submission_id", "sha256", "form_code", "form_version", "commune_code", "period_key", "period_type", "period_start_date",
         "period_end_date", "result_stage", "version", "file_name", "received_at", "recorded_at"],
        [[r.submission_id, r.sha256, "household_review", r.form_version, r.commune, str(r.year), "year", date(r.year, 1, 1),
          date(r.year, 12, 31),
          r.stage, r.version, f"{r.commune}_{r.year}_v{r.version}.xlsx", r.received_at or moment, moment] for r in returns],
    )  # fmt: skip
    copy_rows(
        conn, "intake.summary_7_1",
        ["submission_id", "row_number", "total_households", "total_persons", "average_households", "average_persons"],
        [[r.submission_id, 10, r.total_households, r.total_households * 4, 5, 20] for r in returns],
    )  # fmt: skip
    extra = sorted({name for r in returns for household in r.households for name in household.extra})
    copy_rows(
        conn, "intake.household_list",
        ["submission_id", "row_number", "household_code", "hamlet", "opening_class", "closing_class", "movement", "member_count",
         "opening_member_count", *extra],
        (
            [r.submission_id, row, f"H{row:05d}", f"Ấp {row % 5 + 1}", h.opening, h.closing,
             h.movement or USUAL_MOVEMENT[h.opening, h.closing], h.members, h.opening_members, *[h.extra.get(name) for name in extra]]
            for r in returns for row, h in enumerate(r.households, start=8)
        ),
    )  # fmt: skip
    copy_rows(
        conn, "audit.column_map", ["submission_id", "sheet", "field", "column_letter"],
        ([r.submission_id, "household_list", column.field, "A"] for r in returns
         for column in load_form("household_review").sheet("household_list").columns_of(r.form_version)),
    )  # fmt: skip
    append_events(
        conn, run.run_id, moment,
        [Event(kind, moment, "test", submission_id=r.submission_id, sha256=r.sha256) for r in returns for kind in r.events],
    )  # fmt: skip
    conn.commit()


def happen(conn: Connection, run: Run, what: str, item: Return) -> None:
    """One more event of a return: withdrawn, superseded ..."""
    append_events(conn, run.run_id, run.now, [Event(what, run.now, "test", submission_id=item.submission_id, sha256=item.sha256)])
    conn.commit()
