"""Bad input: each kind has its code and its sentences, nothing is lost, and the file beside it is read all the same."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ingestion.archive import archived_path
from ingestion.collect import collect, collect_chunk, plan_collection
from ingestion.inbox import InboxError
from tests.support.workbooks import RECEIVED, Return, add_part, edit_part, put, with_password
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

SHEET1 = "xl/worksheets/sheet1.xml"


def findings(conn: psycopg.Connection) -> list[tuple[str, str | None, str | None, str]]:
    """(code, sheet, cell, severity) of every reader finding, and a check that each has both its sentences."""
    rows = conn.execute(
        "select rule_code, sheet, cell, severity, reason_vi, reason_en from audit.failing_row where origin = 'reader' order by 1, 2, 3"
    ).fetchall()
    for row in rows:
        assert row[4].strip() and row[5].strip() and row[4] != row[5], row
        assert "{" not in row[4] + row[5], row
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def zip_bomb() -> bytes:
    return add_part(Return().bytes(), "xl/media/big.xml", b"0" * 80_000_000)


def million_empty_rows() -> bytes:
    rows = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % number for number in range(30, 1_048_577))
    return edit_part(Return().bytes(), "xl/worksheets/sheet2.xml", lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))


def encrypted_ods() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", "<x/>")
        package.writestr("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>")
    return buffer.getvalue()


def plain_workbook() -> bytes:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    return buffer.getvalue()


UNREADABLE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.xlsx", lambda: b"", "EMPTY-FILE"),
    "not a workbook": ("a.xlsx", lambda: b"hello, commune", "NOT-A-WORKBOOK"),
    "a PDF renamed": ("a.xlsx", lambda: b"%PDF-1.7\n...", "NOT-A-WORKBOOK"),
    "a web page renamed": ("a.xls", lambda: b"<html><table/></html>", "NOT-A-WORKBOOK"),
    "a zip of something else": ("a.xlsx", lambda: add_part(b"", "note.txt", b"x"), "NOT-A-WORKBOOK"),
    "a csv": ("a.csv", lambda: b"ma_ho,ten\n1,x\n", "CSV-REFUSED"),
    "truncated": ("a.xlsx", lambda: Return().bytes()[:4000], "CORRUPT-FILE"),
    "a damaged part": ("a.xlsx", lambda: edit_part(Return().bytes(), SHEET1, lambda xml: xml[: len(xml) // 2]), "CORRUPT-FILE"),
    "password": ("a.xlsx", lambda: with_password(Return().bytes()), "PASSWORD"),
    "password, .ods": ("a.ods", encrypted_ods, "PASSWORD"),
    "zip bomb": ("a.xlsx", zip_bomb, "ZIP-BOMB"),
    "entity declarations": (
        "a.xlsx",
        lambda: edit_part(Return().bytes(), SHEET1, lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml),
        "XML-ENTITIES",
    ),
    "external links": ("a.xlsx", lambda: add_part(Return().bytes(), "xl/externalLinks/externalLink1.xml", b"<x/>"), "EXTERNAL-LINKS"),
    "no cover": ("a.xlsx", plain_workbook, "NO-COVER"),
    "unknown form": ("a.xlsx", lambda: Return(form_code="bieu_khac").bytes(), "UNKNOWN-FORM"),
    "no commune code": ("a.xlsx", lambda: Return(commune_code="Phường 1").bytes(), "NO-COMMUNE"),
    "unknown commune": ("a.xlsx", lambda: Return(commune_code="99999").bytes(), "UNKNOWN-COMMUNE"),
    "no period": ("a.xlsx", lambda: Return(period="năm nay").bytes(), "NO-PERIOD"),
    "period against its type": ("a.xlsx", lambda: Return(period="2023-Q3").bytes(), "NO-PERIOD"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_is_a_result(warehouse: Settings, run: Run, conn: psycopg.Connection, name: str) -> None:
    file_name, make, code = UNREADABLE[name]
    data = make()
    put(warehouse.inbox_dir, file_name, data)
    Return(commune_code="27691").write(warehouse.inbox_dir, "tot.xlsx")
    counts = collect(warehouse, run)
    assert (counts["unreadable"], counts["read"], counts["failed"]) == (1, 1, 0)
    assert [(found[0], found[3]) for found in findings(conn)] == [(code, "error")]
    sha, reason = conn.execute("select sha256, reason_code from audit.received_file where state = 'unreadable'").fetchone() or ("", "")
    assert reason == code
    assert archived_path(warehouse.archive_dir, sha).read_bytes() == data
    assert conn.execute("select event_type from audit.submission_event where sha256 = %s", (sha,)).fetchall() == [("unreadable",)]
    assert (warehouse.inbox_dir / file_name).read_bytes() == data


def missing_sheet(built: Return) -> None:
    built.left_out.add("member_list")


def missing_column(built: Return) -> None:
    built.no_columns.add(("household_list", "score_b2"))


def two_sheets(built: Return) -> None:
    built.after.append(lambda book: book.create_sheet("danh sách HỘ "))


def no_header(built: Return) -> None:
    built.after.append(lambda book: book[built.titles["summary_7_1"]].delete_rows(1, 5))


RETURNED: dict[str, tuple[dict[str, Any], Callable[[Return], None], str]] = {
    "missing sheet": ({}, missing_sheet, "MISSING-SHEET"),
    "missing column": ({}, missing_column, "MISSING-COLUMN"),
    "two sheets with one name": ({}, two_sheets, "TWO-SHEETS"),
    "no header": ({}, no_header, "NO-HEADER"),
    "unknown version": ({"form_version": "7"}, lambda _: None, "UNKNOWN-VERSION"),
    "no stage": ({"result_stage": "tạm"}, lambda _: None, "NO-STAGE"),
    "a period type that is not asked for": ({"period_type": "quý", "period": "2023-Q4"}, lambda _: None, "PERIOD-NOT-ASKED"),
}


@pytest.mark.parametrize("name", RETURNED)
def test_a_broken_return_is_returned_at_once(warehouse: Settings, run: Run, conn: psycopg.Connection, name: str) -> None:
    cover, change, code = RETURNED[name]
    built = Return(**cover)
    change(built)
    built.write(warehouse.inbox_dir)
    assert collect(warehouse, run)["returned"] == 1
    assert [found[0] for found in findings(conn)] == [code]
    assert conn.execute("select state from audit.submission").fetchall() == [("returned",)]


CELLS: dict[str, tuple[str, str, Any, str]] = {
    "text in a number": ("household_list", "member_count", "ba", "NOT-A-NUMBER"),
    "a fraction of a person": ("household_list", "member_count", 2.5, "NOT-A-WHOLE-NUMBER"),
    "1,234 in a whole number": ("summary_7_1", "total_households", "1,234", "AMBIGUOUS-NUMBER"),
    "two-digit year": ("household_list", "review_date", "03/04/25", "AMBIGUOUS-DATE"),
    "no such day": ("household_list", "review_date", "31/02/2023", "NO-SUCH-DATE"),
    "no date": ("household_list", "review_date", "hôm qua", "NOT-A-DATE"),
    "a serial out of time": ("household_list", "review_date", 12, "NOT-A-DATE"),
    "a flag that is none": ("household_list", "dep_nutrition", "không rõ", "NOT-A-FLAG"),
    "an unknown class": ("household_list", "closing_class", "Hộ khá", "NOT-ALLOWED"),
    "a required cell left empty": ("household_list", "hamlet", None, "MISSING-VALUE"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_cannot_be_read_is_refused_not_guessed(warehouse: Settings, run: Run, conn: psycopg.Connection, name: str) -> None:
    sheet, field, value, code = CELLS[name]
    built = Return()
    built.rows[sheet][0][field] = value
    built.write(warehouse.inbox_dir)
    assert collect(warehouse, run)["read"] == 1
    letter = get_column_letter(built.column(sheet, field))
    assert findings(conn) == [(code, sheet, f"{letter}{built.first_row()}", "error")]
    stored = conn.execute(f"select {field}, refused_fields from intake.{sheet}").fetchone()
    assert stored == (False if code == "NOT-A-FLAG" and stored and stored[0] is False else None, [field])


def test_thousands_or_decimals_is_not_guessed_in_a_rate(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["summary_7_1"][0].update(poor_rate_pct="1.234", near_poor_rate_pct="1.234,5", average_rate_pct="0,75%")
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == [("AMBIGUOUS-NUMBER", "summary_7_1", "F6", "warning")]
    row = conn.execute("select poor_rate_pct, near_poor_rate_pct, average_rate_pct from intake.summary_7_1").fetchone()
    assert row is not None
    assert (row[0], float(row[1]), float(row[2])) == (None, 1234.5, 0.75)


def test_error_values_and_formulas_without_result(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()

    def formulas(book: openpyxl.Workbook) -> None:
        book[built.titles["summary_7_1"]]["C6"] = "=1+1"  # openpyxl stores no result
        book[built.titles["summary_7_1"]]["F6"] = "=E6/C6*100"  # a computed column may be empty
        book[built.titles["summary_7_1"]]["G6"] = "#REF!"
        book[built.titles["summary_7_1"]]["G6"].data_type = "e"

    built.after.append(formulas)
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == [("ERROR-VALUE", "summary_7_1", "G6", "error"), ("NO-CACHED-VALUE", "summary_7_1", "C6", "error")]
    assert conn.execute("select refused_fields from intake.summary_7_1").fetchone() == (["total_households", "near_poor_households"],)


def test_cells_merged_over_data_rows(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"] = [{**built.rows["household_list"][0], "household_code": f"HN-{number}"} for number in range(3)]
    built.after.append(lambda book: book[built.titles["household_list"]].merge_cells("H6:H8"))
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == [("MERGED-CELL", "household_list", "H7", "error"), ("MERGED-CELL", "household_list", "H8", "error")]


def test_a_hidden_row_is_read_and_remarked(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()

    def hide(book: openpyxl.Workbook) -> None:
        book[built.titles["household_list"]].row_dimensions[6].hidden = True

    built.after.append(hide)
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == [("HIDDEN-ROW", "household_list", None, "warning")]
    assert conn.execute("select count(*) from intake.household_list").fetchone() == (1,)


def test_dates_counted_from_1904(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()

    def count_from_1904(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    built.after.append(count_from_1904)
    built.rows["household_list"][0]["review_date"] = 45202 - 1462  # 3/10/2023, typed as a number
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == []
    row = conn.execute("select review_date::text, decision_date::text, head_birth_date::text from intake.household_list").fetchone()
    assert row == ("2023-10-03", "2023-12-22", "1960-05-02")


def test_an_id_of_eleven_digits_that_does_not_agree_is_kept(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"][0].update(head_citizen_id="80160001234")  # G = 1: a woman; the row says a man
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert findings(conn) == [("ID-11-DIGITS", "household_list", "D6", "warning")]
    assert conn.execute("select head_citizen_id, refused_fields from intake.household_list").fetchone() == ("80160001234", [])


def test_a_million_formatted_empty_rows_cost_little(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    put(warehouse.inbox_dir, "a.xlsx", million_empty_rows())
    counts = collect(warehouse, run)
    assert (counts["read"], counts["rows"]) == (1, 7)
    assert findings(conn) == []


def test_no_name_or_id_in_a_finding(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"][0].update(head_name=None, head_birth_date="ngày sinh của ông Nghiệm", head_citizen_id="80160001234")
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    said = " ".join(
        f"{row[0]} {row[1]} {row[2]}" for row in conn.execute("select value_masked, reason_vi, reason_en from audit.failing_row")
    )
    assert "Nghiệm" not in said
    assert "80160001234" not in said


def test_a_file_still_being_written_waits(warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = warehouse.model_copy(update={"settle_seconds": 1})
    path = Return().write(settings.inbox_dir, received=datetime.now(UTC))
    really_sleep = time.sleep

    def grow(seconds: float) -> None:
        really_sleep(0)
        path.write_bytes(path.read_bytes() + b"more")

    monkeypatch.setattr("ingestion.inbox.time.sleep", grow)
    assert collect(settings, run)["files"] == 0
    assert conn.execute("select state, reason_code from audit.file_outcome").fetchall() == [("waiting", "STILL-CHANGING")]
    assert conn.execute("select count(*) from audit.arrival").fetchone() == (0,)
    put(settings.inbox_dir, path.name, Return().bytes(), RECEIVED)
    assert collect(settings, start_run(settings, "test"))["read"] == 1


def test_a_file_without_permission_is_tried_again(
    warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Return().write(warehouse.inbox_dir)
    Return(commune_code="27691").write(warehouse.inbox_dir, "tot.xlsx")
    really_open = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return really_open(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)  # root may read anything, so the refusal is played
        assert collect(warehouse, run)["read"] == 1
    assert ("failed", "NO-PERMISSION") in conn.execute("select state, reason_code from audit.file_outcome").fetchall()
    assert collect(warehouse, start_run(warehouse, "test"))["read"] == 1


def test_a_missing_inbox_is_said(warehouse: Settings, run: Run) -> None:
    with pytest.raises(InboxError, match="INBOX-MISSING"):
        plan_collection(warehouse.model_copy(update={"inbox": warehouse.home / "nowhere"}), run)


def test_a_fault_of_our_own_stops_one_file_only(
    warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Return().write(warehouse.inbox_dir)
    Return(commune_code="27691").write(warehouse.inbox_dir, "tot.xlsx")
    import ingestion.collect as module

    really_read: Any = vars(module)["read_file"]
    with monkeypatch.context() as patched:
        patched.setattr(
            module, "read_file", lambda path, name, settings: 1 / 0 if name == "phuong-1.xlsx" else really_read(path, name, settings)
        )
        counts = collect(warehouse, run)
    assert (counts["failed"], counts["read"]) == (1, 1)
    assert conn.execute("select state, reason_code from audit.file_outcome where state = 'failed'").fetchone() == (
        "failed", "INTERNAL-ERROR ZeroDivisionError",
    )  # fmt: skip
    assert collect(warehouse, start_run(warehouse, "test"))["read"] == 1


def test_what_the_database_refuses_stops_one_file_of_its_batch(
    warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, commune in enumerate(("27694", "27691", "27697")):
        Return(commune_code=commune).write(warehouse.inbox_dir, f"{number}.xlsx", RECEIVED + timedelta(minutes=number))
    import ingestion.collect as module

    really_load: Any = vars(module)["load_files"]

    def refuse(conn: Any, run: Any, taken: Any, known: Any) -> Any:
        outcomes = really_load(conn, run, taken, known)
        if any(file.item.name == "1.xlsx" for file in taken):
            conn.execute("select 'x'::integer")
        return outcomes

    with monkeypatch.context() as patched:
        patched.setattr(module, "load_files", refuse)
        counts = collect(warehouse, run)
    assert (counts["files"], counts["failed"], counts["read"]) == (3, 1, 2)
    assert conn.execute("select file_name, reason_code from audit.file_outcome where state = 'failed'").fetchall() == [
        ("1.xlsx", "INTERNAL-ERROR InvalidTextRepresentation")
    ]
    assert conn.execute("select array_agg(commune_code order by commune_code) from intake.submission").fetchone() == (["27694", "27697"],)
    conn.commit()
    assert collect(warehouse, start_run(warehouse, "test"))["read"] == 1


def test_a_chunk_done_again_counts_what_it_took_in_and_writes_nothing(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    put(warehouse.inbox_dir, "hong.xlsx", b"%PDF-1.4")
    (chunk,) = plan_collection(warehouse, run)
    first = collect_chunk(warehouse, run, chunk)
    told = "select count(*) from audit.submission_event"
    events = conn.execute(told).fetchone()
    conn.commit()
    assert collect_chunk(warehouse, run, chunk) == first
    assert (first["read"], first["unreadable"], first["duplicate"]) == (1, 1, 0)
    assert conn.execute(told).fetchone() == events


def test_a_full_disk_leaves_nothing_half_registered(
    warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Return().write(warehouse.inbox_dir)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ingestion.archive.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            collect(warehouse, run)
    assert conn.execute("select count(*) from audit.arrival").fetchone() == (0,)
    assert [path for path in warehouse.archive_dir.rglob("*") if path.is_file()] == []
    assert collect(warehouse, start_run(warehouse, "test"))["read"] == 1


def test_a_connection_cut_in_the_middle_loses_nothing(
    warehouse: Settings, run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        Return(commune_code=f"2769{number if number else 4}").write(
            warehouse.inbox_dir, f"{number}.xlsx", RECEIVED + timedelta(minutes=number)
        )
    import ingestion.collect as module

    really_load: Any = vars(module)["load_files"]
    calls = 0

    def cut(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            arguments[0].execute("select pg_terminate_backend(pg_backend_pid())")
        return really_load(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(module, "load_files", cut)
        patched.setattr(module, "BATCH_FILES", 1)
        with pytest.raises(psycopg.OperationalError):
            collect(warehouse, run)
    assert conn.execute("select count(*) from intake.submission").fetchone() == (1,)
    conn.commit()
    collect(warehouse, start_run(warehouse, "test"))
    assert conn.execute("select count(*), count(distinct sha256) from intake.submission").fetchone() == (3, 3)
    assert list((warehouse.archive_dir / "incoming").iterdir()) == []
