"""Whatever may be waived can be published: no waiver stops the province's night at a test of the marts or at the publish gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from operations.waivers import Wanted, add
from reporting.evidence import verify
from tests.integration import test_rules, test_rules_credit, test_rules_training
from tests.integration.test_waivers import FIRST, NEXT_DAY, SECOND, WANTED, at
from tests.support.mart_fixtures import build_and_publish
from tests.support.workbooks import RECEIVED, CreditReturn, Return, TrainingReturn
from warehouse.reference_data import current
from warehouse.settings import Settings

ERRORS = {rule.code: rule for rule in load_rules() if rule.severity == "error"}
MAKERS: list[tuple[type[Return], Mapping[str, tuple[Callable[[Any], Any], set[str]]]]] = [
    (Return, test_rules.CASES), (CreditReturn, test_rules_credit.CASES), (TrainingReturn, test_rules_training.CASES),
]  # fmt: skip


def test_every_example_of_a_rule_that_may_be_waived_is_accepted_and_published(warehouse: Settings, conn: psycopg.Connection) -> None:
    for maker, cases in MAKERS:
        villages = _villages(conn)
        for number, (change, codes) in enumerate(cases.values()):
            if codes & ERRORS.keys():
                _write(warehouse, maker(), change, next(villages), number)
    run = at(warehouse, FIRST)
    collect(warehouse, run)
    returned = validate_pending(warehouse, run)["returned"]
    found = conn.execute(
        "select distinct rule_code, form_code, commune_code, period_key, f.submission_id from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id) where f.severity = 'error' order by 1, 2, 3"
    ).fetchall()
    conn.commit()
    kept = {row[4] for row in found if row[0] not in ERRORS or not ERRORS[row[0]].waivable}
    run = at(warehouse, NEXT_DAY, "waiver")
    for code, form, commune, period, submission in found:
        if submission not in kept:
            about = (WANTED.approver_name, WANTED.approver_title, WANTED.reason, WANTED.expires_on)
            add(warehouse, run, Wanted(code, form, commune, period, *about), actor="operator")
    run = at(warehouse, SECOND)
    assert validate_pending(warehouse, run)["accepted"] == returned - len(kept)
    assert len({row[0] for row in found if row[4] not in kept}) > 35, "rules waived"
    build_and_publish(warehouse, run)
    assert verify(warehouse) == []


def test_what_the_marts_could_not_hold_may_not_be_waived() -> None:
    assert {code for code, rule in ERRORS.items() if not rule.waivable} == {
        "HHR-01", "HHR-02", "HHR-06B", "HHR-33", "HHR-35", "STAGE-ORDER",
    }  # fmt: skip


def _villages(conn: psycopg.Connection) -> Iterator[tuple[str, str]]:
    units = current(conn, "unit", "code, name_vi, area_type, valid_to")
    return iter(sorted((code, name) for code, name, area, end in units if len(code) == 5 and area == "rural" and end and end.year == 2025))


def _write(settings: Settings, built: Return, change: Callable[[Return], Any], commune: tuple[str, str], number: int) -> None:
    built.cover.update(commune_code=commune[0], commune_name=commune[1])
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows.get(sheet, []):
            row["commune_name"] = commune[1]
    if built.form_code == "household_review":
        serial = f"080060{number:06d}"
        test_rules.household(head_citizen_id=serial, area_type="NT")(built)
        test_rules.member(citizen_id=serial)(built)
    change(built)
    built.write(settings.inbox_dir, f"{built.form_code}-{number:03}.xlsx", RECEIVED + timedelta(minutes=number))
