"""Lists for tests, and their way in: households of one person, in the list, among the members and, of a year, counted in the forms."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.support.workbooks import HOUSEHOLD, MEMBER, RECEIVED, Return
from warehouse.reference_data import current
from warehouse.runs import start_run
from warehouse.settings import Settings

Row = dict[str, Any]

MONTHS = {"HHR-18M", "HHR-44", "HHR-45", "HHR-46", "HHR-47"}
"""Rules that speak of monthly reviews."""


def listed(code: str = "HN-001", **values: Any) -> Row:
    """A poor household of one that stays poor."""
    return {"household_code": code, **values}


def escaped(code: str = "HN-001", left: date = date(2022, 12, 22), **values: Any) -> Row:
    return listed(code, closing_class="Hộ không nghèo", movement="Thoát nghèo", left_list_date=left, score_b1=180, **values)


def gone(code: str = "HN-001") -> Row:
    unknown: Row = dict.fromkeys(
        ("score_b1", "score_b2", "dep_employment", "dep_housing_quality", "dep_telecom", "review_date", "cause_lack_labour")
    )
    return listed(code, closing_class="Không thuộc địa bàn", movement="Chuyển đi", member_count=0, **unknown)


def newly(code: str = "HN-001", **values: Any) -> Row:
    return listed(code, **{"opening_class": "Hộ không nghèo", "movement": "Nghèo phát sinh mới", **values})


def a_list(year: int, *rows: Row, signed: date | None = None) -> Return:
    """The review of a year: households of one person, in the list, among the members and counted in the forms."""
    built = Return(period=str(year), as_of_date=date(year, 12, 14), signed_date=signed or date(year, 12, 27))
    dated = {"area_type": "NT", "review_date": date(year, 10, 3), "decision_date": date(year, 12, 22)}
    households = []
    members = []
    for number, row in enumerate(rows, start=1):
        mark, name = row.get("support_credit"), row.get("name", MEMBER["member_name"])
        household = {**HOUSEHOLD, **dated, "row_label": number, **{k: v for k, v in row.items() if k not in ("support_credit", "name")}}
        household["head_name"] = name
        households.append(household)
        person = {**MEMBER, "household_no": number, "household_code": row["household_code"], "member_name": name, "support_credit": mark}
        if row.get("movement") == "Chuyển đi":
            continue
        members.append({**person, "citizen_id": household["head_citizen_id"], "activity_status": None})
    poor = sum(row["closing_class"] == "Hộ nghèo" for row in households)
    built.rows.update(household_list=households, member_list=members)
    built.rows["summary_7_1"][0].update(
        poor_households=poor, poor_persons=poor, poor_rate_pct=100 * poor / 2500, poor_persons_pct=100 * poor / 9000
    )
    for row in built.rows["movement_7_2"]:
        row.update(
            opening_count=sum(h["opening_class"] == "Hộ nghèo" for h in households), closing_count=poor,
            left_above_near_poor=sum(h["movement"] == "Thoát nghèo" for h in households),
            other_decrease=sum(h["movement"] == "Chuyển đi" for h in households),
            newly_poor=sum(h["movement"] == "Nghèo phát sinh mới" for h in households),
        )  # fmt: skip
    return built


def a_month(period: str, *rows: Row, **cover: Any) -> Return:
    """The review of a month: reviewed on the 15th, decided on the 25th, signed on its last day."""
    year, month = int(period[:4]), int(period[5:])
    last = date(year, month, calendar.monthrange(year, month)[1])
    built = Return(**{"period_type": "tháng", "period": period, "as_of_date": last, "signed_date": last, **cover})
    built.left_out = {"summary_7_1", "movement_7_2", "movement_7_3"}
    dated = {"review_date": date(year, month, 15), "decision_date": date(year, month, 25)}
    built.rows.update(a_list(year, *({**dated, **row} for row in rows)).rows)
    return built


def villages(conn: psycopg.Connection) -> list[tuple[str, str]]:
    """Rural communes that kept their ground from 2021 to 2025: (code, name)."""
    return sorted(
        (code, name) for code, name, area, since, until in current(conn, "unit", "code, name_vi, area_type, footprint_from, valid_to")
        if len(code) == 5 and area == "rural" and until == date(2025, 6, 30) and since < date(2021, 1, 1)
    )  # fmt: skip


def send(settings: Settings, built: Return, place: tuple[str, str], name: str, received: datetime = RECEIVED) -> None:
    """Write the return into the inbox as that of a commune (code, name)."""
    built.cover.update(commune_code=place[0], commune_name=place[1])
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows.get(sheet, []):
            row["commune_name"] = place[1]
    built.write(settings.inbox_dir, name, received)


def judge(settings: Settings) -> tuple[UUID, dict[str, int]]:
    """Take in what lies in the inbox and judge it: the run and its counts."""
    run = start_run(settings, "test")
    collect(settings, run)
    return run.run_id, validate_pending(settings, run)
