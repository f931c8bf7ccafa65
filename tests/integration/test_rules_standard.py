"""The review's second version: workbooks of the other version, what is said of the next standard, and nothing compared across two."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from expectations.validate import validate_pending
from ingestion.collect import collect
from ingestion.contracts import load_form
from tests.support.workbooks import Return
from warehouse.clock import parse_now
from warehouse.reference_data import current
from warehouse.runs import start_run
from warehouse.settings import Settings

FORM = load_form("household_review")
NEW = ("dep_waste_treatment", "income_per_head_vnd", "next_standard_class")
LABELS = [FORM.sheet("household_list").column(field).labels[0] for field in NEW]
FACTS: dict[str, Any] = {"income_per_head_vnd": 2_800_000, "next_standard_class": "Hộ nghèo", "dep_waste_treatment": None}
"""An urban household at the line of 2027-2030, marked in three of that standard's indicators."""


def review(year: int, version: str, commune: str = "27694", name: str = "Phường Long An", **household: Any) -> Return:
    built = Return(
        form_version=version, period=str(year), as_of_date=date(year, 12, 14), signed_date=date(year, 12, 27), district_name=None,
        province_name="Tỉnh Tây Ninh", commune_code=commune, commune_name=name,
    )  # fmt: skip
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows[sheet]:
            row["commune_name"] = name
    head = f"0800600{commune}"
    built.rows["member_list"][0].update(citizen_id=head)
    built.rows["household_list"][0].update(review_date=date(year, 10, 3), decision_date=date(year, 12, 22), head_citizen_id=head)
    built.rows["household_list"][0].update(**household)
    return built


def received(year: int) -> datetime:
    return datetime(year, 12, 28, 3, tzinfo=UTC)


def night(settings: Settings, year: int) -> None:
    run = start_run(settings, "test", injected_now=parse_now(f"{year}-12-28T22:00+07:00"))
    collect(settings, run)
    validate_pending(settings, run)


def findings(conn: psycopg.Connection) -> list[tuple[str, str]]:
    return conn.execute("select rule_code, reason_vi from audit.failing_row order by 1, 2").fetchall()


def test_a_first_version_for_2026_is_returned_with_the_columns_that_it_lacks(warehouse: Settings, conn: psycopg.Connection) -> None:
    review(2026, "1").write(warehouse.inbox_dir, received=received(2026))
    night(warehouse, 2026)
    missing = "», «".join(LABELS)
    assert findings(conn) == [
        ("MISSING-COLUMN", f"Trang «Danh sách hộ»: thiếu cột «{missing}» (biểu phiên bản 2)."),
        ("UNKNOWN-VERSION", "Phiên bản biểu «1» không dùng cho kỳ 2026 (cần phiên bản 2)."),
    ]
    assert conn.execute("select state from audit.submission").fetchall() == [("returned",)]


@pytest.mark.parametrize(("cover", "state"), [("2", "returned"), ("1", "accepted")])
def test_a_second_version_for_2025_is_told_whose_its_columns_are(
    warehouse: Settings, conn: psycopg.Connection, cover: str, state: str
) -> None:
    built = review(2025, "2", **FACTS)
    built.cover["form_version"] = cover
    built.write(warehouse.inbox_dir, received=received(2025))
    night(warehouse, 2025)
    said = [
        ("OTHER-VERSION", f"Trang «Danh sách hộ»: cột «{label}» thuộc phiên bản 2 của biểu; kỳ này dùng phiên bản 1 nên không đọc.")
        for label in sorted(LABELS)
    ]
    wrong = [("UNKNOWN-VERSION", "Phiên bản biểu «2» không dùng cho kỳ 2025 (cần phiên bản 1).")] if cover == "2" else []
    assert findings(conn) == said + wrong
    assert conn.execute("select state from audit.submission").fetchall() == [(state,)]
    assert conn.execute(f"select {', '.join(NEW)} from intake.household_list").fetchall() == [(None, None, None)]


CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "good at both lines": (FACTS, set()),
    "HHR-42 exactly at the income line": ({**FACTS, "next_standard_class": "Hộ không nghèo"}, {"HHR-42"}),
    "HHR-42 a dong above it": ({**FACTS, "income_per_head_vnd": 2_800_001}, {"HHR-42"}),
    "good above it": ({**FACTS, "income_per_head_vnd": 2_800_001, "next_standard_class": "Hộ không nghèo"}, set()),
    # information device is an indicator of 2022-2026 only, waste treatment of 2027-2030 only
    "good with two of its own": (
        {**FACTS, "dep_telecom": None, "dep_info_device": "x", "next_standard_class": "Hộ cận nghèo"}, set()),
    "HHR-42 two of its own are not three": ({**FACTS, "dep_telecom": None, "dep_info_device": "x"}, {"HHR-42"}),
    "good, waste treatment is the third": ({**FACTS, "dep_telecom": None, "dep_info_device": "x", "dep_waste_treatment": "x"}, set()),
    "HHR-43 no income": ({**FACTS, "income_per_head_vnd": None}, {"HHR-43"}),
    "HHR-43 no class": ({**FACTS, "next_standard_class": None}, {"HHR-43"}),
    "HHR-43E": ({**FACTS, "income_per_head_vnd": -1}, {"HHR-43E"}),
    "NOT-ALLOWED": ({**FACTS, "next_standard_class": "Không thuộc địa bàn"}, {"NOT-ALLOWED"}),
}  # fmt: skip


def test_the_class_under_the_next_standard_follows_from_its_own_facts(warehouse: Settings, conn: psycopg.Connection) -> None:
    units = current(conn, "unit", "area_type, code, name_vi, valid_from, is_long_an")
    new = sorted(unit[:3] for unit in units if len(unit[1]) == 5 and unit[3] == date(2025, 7, 1) and unit[4])
    places = [((code, name), "TT" if area == "urban" else "NT") for area, code, name in reversed(new)]
    expected: dict[str, tuple[str, set[str]]] = {}
    for (name, (facts, codes)), ((commune, commune_name), area) in zip(CASES.items(), places, strict=False):
        own = dict(facts)
        if area == "NT" and own["income_per_head_vnd"]:
            own["income_per_head_vnd"] -= 600_000  # the rural line
        built = review(2026, "2", commune, commune_name, area_type=area, **own)
        built.write(warehouse.inbox_dir, f"{commune}.xlsx", received(2026))
        expected[commune] = (name, codes)
    night(warehouse, 2026)
    fired: dict[str, set[str]] = defaultdict(set)
    rows = conn.execute(
        "select s.commune_code, f.rule_code, f.reason_vi, f.reason_en from audit.failing_row as f inner join intake.submission as s"
        " using (submission_id)"
    ).fetchall()
    for commune, code, vi, en in rows:
        fired[commune].add(code)
        assert vi.strip() and en.strip()
    assert {name: fired[commune] for commune, (name, _) in expected.items()} == dict(expected.values())
    states: dict[str, str] = dict(conn.execute("select commune_code, state from audit.submission").fetchall())
    returned = {name for commune, (name, _) in expected.items() if states[commune] == "returned"}
    assert returned == {"HHR-43E", "NOT-ALLOWED"}


def test_no_list_is_compared_with_one_under_another_standard(warehouse: Settings, conn: psycopg.Connection) -> None:
    """A new case of 2027, and fewer and other households than at the end of 2026: the rules on history say nothing of it."""
    review(2026, "2", **FACTS).write(warehouse.inbox_dir, "2026.xlsx", received(2026))
    night(warehouse, 2026)
    new: dict[str, Any] = {
        "opening_class": "Hộ không nghèo",
        "movement": "Nghèo phát sinh mới",
        "opening_member_count": None,
        "income_per_head_vnd": 1,
    }
    built = review(2027, "2", **new)
    for row in built.rows["movement_7_2"]:
        row.update(opening_count=0, newly_poor=1)
    built.write(warehouse.inbox_dir, "2027.xlsx", received(2027))
    night(warehouse, 2027)
    assert findings(conn) == []
    assert conn.execute("select period_key, form_version, state from audit.submission order by 1").fetchall() == [
        ("2026", "2", "accepted"), ("2027", "2", "accepted"),
    ]  # fmt: skip
