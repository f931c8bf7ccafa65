"""A real return full of faults about people, through the real reader and rules: no report names anyone."""

from __future__ import annotations

from datetime import datetime

from expectations.validate import validate_pending
from ingestion.collect import collect
from reporting.site import write_site
from tests.support.workbooks import COVER, HOUSEHOLD, MEMBER, Return
from warehouse.clock import LOCAL
from warehouse.database import connect
from warehouse.runs import start_run
from warehouse.settings import Settings

NAMES = ("Nguyễn Thử Nghiệm", "Trần Khác Tên", "Lê Viết Sai", COVER["prepared_by"], COVER["approved_by"])
IDS = ("080060001234", "99906000123", "080060001239", "080160001234")


def faulty() -> Return:
    """Heads that differ from the list, bad and shared citizen IDs, birth dates that are no dates."""
    bad = Return()
    bad.rows["household_list"] += [
        {**HOUSEHOLD, "household_code": "HN-002", "head_name": NAMES[1], "head_citizen_id": IDS[1], "head_birth_date": "31/02/1960"},
        {**HOUSEHOLD, "household_code": "HN-003", "head_name": NAMES[2], "head_citizen_id": IDS[0], "head_birth_date": "03/04/60"},
        {**HOUSEHOLD, "household_code": "HN-003", "head_name": NAMES[2], "head_citizen_id": IDS[2], "ethnicity": "Sao Hỏa"},
    ]
    bad.rows["household_list"].append({**HOUSEHOLD, "household_code": "HN-005", "head_citizen_id": IDS[3]})
    bad.rows["member_list"] += [
        {**MEMBER, "household_code": "HN-005", "member_name": NAMES[2]},
        {**MEMBER, "household_code": "HN-002", "member_name": NAMES[2], "citizen_id": IDS[3], "birth_date": "01/01/1961"},
        {**MEMBER, "household_code": "HN-404", "member_name": NAMES[1], "citizen_id": IDS[2]},
    ]
    return bad


def test_no_report_names_anyone(warehouse: Settings) -> None:
    faulty().write(warehouse.inbox_dir)
    run = start_run(warehouse, "nightly", injected_now=datetime(2023, 12, 28, 22, 0, tzinfo=LOCAL))
    collect(warehouse, run)
    validate_pending(warehouse, run)
    write_site(warehouse, run.run_id)
    with connect(warehouse) as conn:
        found = {row[0] for row in conn.execute("select distinct rule_code from audit.failing_row")}
    assert {"HHR-01", "HHR-09", "HHR-10W", "HHR-13", "NO-SUCH-DATE", "AMBIGUOUS-DATE"} <= found
    files = [path for path in warehouse.reports_dir.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".csv"}
    for path in files:
        text = path.read_text(encoding="utf-8-sig")
        assert not [secret for secret in (*NAMES, *IDS, "31/02/1960", "01/01/1961") if secret in text], path
