"""Two versions of a return: which rows were added, taken out and changed, on the console and on a page; names masked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from expectations.validate import validate_pending
from ingestion.collect import collect
from operations import submissions
from operations.cli import app
from operations.console import CommandError
from reporting.site import write_site
from reporting.version_diff import RowChange, compare
from tests.support.workbooks import RECEIVED, CreditReturn, TrainingReturn
from warehouse.runs import start_run
from warehouse.settings import Settings, get_settings


def loan(household: str, **values: Any) -> dict[str, Any]:
    return {**CreditReturn().rows["credit_need"][0], "household_code": household, "citizen_id": None, **values}


@pytest.fixture
def versions(warehouse: Settings, conn: psycopg.Connection) -> list[UUID]:
    """HN-001 borrows more and is told under another name; HN-002 is taken out; HN-003 is new; HN-004 only moves."""
    first, second = CreditReturn(), CreditReturn(signed_date=CreditReturn().cover["signed_date"] + timedelta(days=7))
    first.rows["credit_need"] = [loan("HN-001"), loan("HN-002"), loan("HN-004")]
    second.rows["credit_need"] = [
        loan("HN-003"), loan("HN-004"),
        loan("HN-001", borrower_name="Nguyễn Văn Khác", requested_vnd=60_000_000, disbursed_vnd=60_000_000, outstanding_vnd=60_000_000),
    ]  # fmt: skip
    first.write(warehouse.inbox_dir, "vay von 1.xlsx", RECEIVED)
    second.write(warehouse.inbox_dir, "vay von 2.xlsx", RECEIVED + timedelta(days=8))
    TrainingReturn().write(warehouse.inbox_dir, "hoc nghe.xlsx", RECEIVED)
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)
    return [row[0] for row in conn.execute("select submission_id from audit.submission where form_code = 'credit' order by version")]


def test_rows_are_added_removed_and_changed(conn: psycopg.Connection, versions: list[UUID]) -> None:
    changes = compare(conn, *versions)
    told = {(change.sheet, change.kind, change.household, change.old_row, change.new_row) for change in changes}
    assert told == {
        ("cover", "changed", None, 1, 1),
        ("credit_need", "changed", "HN-001", 6, 8),
        ("credit_need", "removed", "HN-002", 7, None),
        ("credit_need", "added", "HN-003", None, 6),
    }
    (changed,) = [change for change in changes if change.household == "HN-001"]
    cells = {cell.label: (cell.old, cell.new) for cell in changed.cells}
    assert ("50000000", "60000000") in cells.values()
    assert ("N*** V*** K***") in {new for _, new in cells.values()}
    assert all("Khác" not in new and "Nguyễn" not in old for old, new in cells.values())


def test_the_same_version_has_no_changes(conn: psycopg.Connection, versions: list[UUID]) -> None:
    assert compare(conn, versions[0], versions[0]) == []


def test_the_way_back_is_the_way_there_turned_round(conn: psycopg.Connection, versions: list[UUID]) -> None:
    turned = {"added": "removed", "removed": "added", "changed": "changed"}

    def facts(changes: list[RowChange], turn: bool) -> set[tuple[Any, ...]]:
        return {
            (c.sheet, turned[c.kind] if turn else c.kind, c.household, *((c.new_row, c.old_row) if turn else (c.old_row, c.new_row)))
            for c in changes
        }

    assert facts(compare(conn, *reversed(versions)), turn=True) == facts(compare(conn, *versions), turn=False)


def test_returns_of_other_forms_are_not_compared(warehouse: Settings, conn: psycopg.Connection, versions: list[UUID]) -> None:
    (other,) = conn.execute("select submission_id from audit.submission where form_code = 'training'").fetchone() or (None,)
    with pytest.raises(CommandError, match="form_code: credit, training"):
        submissions.diff(warehouse, str(versions[0]), str(other))


def test_the_console_shows_it(warehouse: Settings, versions: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    assert warehouse.url is not None
    for name, value in {"HOME": str(warehouse.home), "URL": warehouse.url.get_secret_value()}.items():
        monkeypatch.setenv(f"WAREHOUSE_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")
    get_settings.cache_clear()
    try:
        shown = CliRunner().invoke(app, ["submission", "diff", *(str(one)[:8] for one in versions)])
    finally:
        get_settings.cache_clear()
    assert shown.exit_code == 0, shown.output
    assert "4 dòng khác · rows differ" in shown.stdout
    assert "HN-003" in shown.stdout
    assert "Nguyễn" not in shown.stdout


def test_the_page_of_the_second_version_links_the_page_of_its_changes(warehouse: Settings, versions: list[UUID]) -> None:
    folder = write_site(warehouse).parent / "submissions" / "credit" / "2023-Q3"
    assert "27694-v2-changes.html" in (folder / "27694-v2.html").read_text(encoding="utf-8")
    assert "-changes.html" not in (folder / "27694-v1.html").read_text(encoding="utf-8")
    page = (folder / "27694-v2-changes.html").read_text(encoding="utf-8")
    for part in ("HN-001", "HN-002", "HN-003", "60000000", "N*** V*** K***", "bản 2 so với bản 1"):
        assert part in page, part
    assert "HN-004" not in page
    assert "Khác<" not in page
