"""A good return through the reader: four file kinds, repairs, traces, versions, re-reading."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingestion.archive import archived_path
from ingestion.collect import collect, resubmit
from tests.support.workbooks import HOUSEHOLD, RECEIVED, Return, as_ods, as_xls, put
from warehouse.runs import Run, start_run
from warehouse.settings import Settings


def one(conn: psycopg.Connection, query: str, *parameters: Any) -> Any:
    row = conn.execute(query, parameters).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_a_good_file_is_read_whole(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    path = Return().write(warehouse.inbox_dir)
    before = path.read_bytes(), path.stat().st_mtime_ns
    counts = collect(warehouse, run)
    assert counts == {"files": 1, "read": 1, "unreadable": 0, "returned": 0, "duplicate": 0, "failed": 0, "rows": 7}
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before, "the inbox is never touched"
    assert one(conn, "select count(*) from audit.failing_row") == 0
    sha, version, stage, received = one(conn, "select sha256, version, result_stage, received_at from intake.submission")
    assert (version, stage, received) == (1, "final", RECEIVED)
    assert archived_path(warehouse.archive_dir, sha).read_bytes() == before[0]
    row = one(
        conn,
        "select row_number, household_code, head_birth_date, head_birth_date_year, member_count, closing_class, area_type, dep_employment, "
        "dep_nutrition, review_date, refused_fields from intake.household_list",
    )
    assert row == (6, "HN-001", date(1960, 5, 2), 1960, 1, "poor", "urban", True, False, date(2023, 10, 3), [])
    assert one(conn, "select rows_skipped from intake.sheet where sheet = 'household_list'") == {"numbering": 1, "blank": 1}


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_old_and_open_formats_read_alike(warehouse: Settings, run: Run, conn: psycopg.Connection, kind: str) -> None:
    put(warehouse.inbox_dir, f"phuong-1.{kind}", as_xls(Return()) if kind == "xls" else as_ods(Return()))
    assert collect(warehouse, run)["read"] == 1
    assert one(conn, "select household_code, closing_class, head_birth_date, member_count from intake.household_list") == (
        "HN-001", "poor", date(1960, 5, 2), 1,
    )  # fmt: skip
    assert one(conn, "select inspection from audit.received_file") == "not inspected"
    assert one(conn, "select count(*) from audit.failing_row") == 0


def test_every_value_can_be_traced_to_its_cell(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    book = built.workbook()
    for sheet in built.form.tables:
        page = book[sheet.title]
        for field, letter in conn.execute("select field, column_letter from audit.column_map where sheet = %s", (sheet.name,)):
            column = sheet.column(field)
            if column.type in ("integer", "number"):
                row_number, value = one(conn, f"select row_number, {field} from intake.{sheet.name} order by row_number limit 1")
                assert page[f"{letter}{row_number}"].value == (None if value is None else pytest.approx(float(value)))
    assert one(conn, "select column_letter from audit.column_map where sheet = 'cover' and field = 'commune_code'") == "B8"


def test_repairs_are_made_and_logged(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return(commune_code=27694, period=2023, signed_date="27/12/2023")
    built.rows["household_list"][0].update(
        head_name=unicodedata.normalize("NFD", "Nguyễn  Thử\u00a0Nghiệm"), head_citizen_id=80060001234, review_date="3/10/2023",
        decision_date=45282, dep_employment="X", score_b1="120", closing_class="hộ nghèo", head_birth_date="1960",
    )  # fmt: skip
    built.rows["summary_7_1"][0].update(total_households="2.500", total_persons="9.000")
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert one(conn, "select count(*) from audit.failing_row") == 0
    assert one(
        conn,
        "select head_name, head_citizen_id, review_date, decision_date, dep_employment, score_b1, closing_class, head_birth_date, "
        "head_birth_date_year from intake.household_list",
    ) == ("Nguyễn Thử Nghiệm", "080060001234", date(2023, 10, 3), date(2023, 12, 22), True, 120, "poor", None, 1960)
    assert one(conn, "select total_households, total_persons from intake.summary_7_1") == (2500, 9000)
    codes = {row[0] for row in conn.execute("select distinct repair_code from audit.cell_repair")}
    assert codes >= {
        "UNICODE-NFC",
        "LEADING-ZERO",
        "TEXT-DATE",
        "EXCEL-SERIAL",
        "FLAG-MARK",
        "NUMBER-TEXT",
        "CODE-SPELLING",
        "PERIOD-SPELLING",
    }
    logged = "".join(f"{row[0]} {row[1]}" for row in conn.execute("select before_masked, after_masked from audit.cell_repair"))
    assert "Nghiệm" not in unicodedata.normalize("NFC", logged)
    assert "80060001234" not in logged


def test_signatures_totals_headings_and_repeated_headers_are_counted(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()

    def decorate(book: Any) -> None:
        page = book[built.titles["household_list"]]
        labels = [page.cell(3, place).value for place in range(1, 47)]
        page.cell(7, 2, "Khu phố 2")
        for place, label in enumerate(labels, start=1):
            page.cell(8, place, label)
        page.cell(9, 3, "Tổng cộng")
        page.cell(9, 10, 1)
        page.cell(11, 3, "NGƯỜI LẬP BIỂU")
        page.cell(11, 12, "TM. ỦY BAN NHÂN DÂN")
        page.cell(14, 3, "Tên Người Ký")
        page.cell(14, 12, "Tên Người Duyệt")

    built.after.append(decorate)
    built.write(warehouse.inbox_dir)
    assert collect(warehouse, run)["rows"] == 7
    assert one(conn, "select rows_skipped from intake.sheet where sheet = 'household_list'") == {
        "numbering": 1, "heading": 1, "header": 1, "total": 1, "blank": 4, "signature": 2,
    }  # fmt: skip
    assert one(conn, "select count(*) from audit.failing_row") == 0


def test_merged_names_of_7_2_are_filled_down(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["movement_7_2"][1].update(row_label=None, commune_name=None)

    def merge(book: Any) -> None:
        page = book[built.titles["movement_7_2"]]
        page.merge_cells("A6:A7")
        page.merge_cells("B6:B7")

    built.after.append(merge)
    built.write(warehouse.inbox_dir)
    collect(warehouse, run)
    assert [row[0] for row in conn.execute("select commune_name from intake.movement_7_2 order by row_number")] == ["Phường 1", "Phường 1"]
    assert one(conn, "select count(*) from audit.failing_row") == 0


def test_a_file_seen_is_not_read_again(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    assert collect(warehouse, run)["files"] == 1
    assert collect(warehouse, start_run(warehouse, "test"))["files"] == 0
    assert one(conn, "select count(*) from intake.submission") == 1


def test_the_same_bytes_twice_make_one_version(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    data = Return().bytes()
    put(warehouse.inbox_dir, "lan-1.xlsx", data)
    put(warehouse.inbox_dir, "lan-2.xlsx", data, RECEIVED + timedelta(hours=1))
    counts = collect(warehouse, run)
    assert (counts["read"], counts["duplicate"]) == (1, 1)
    assert one(conn, "select count(*) from audit.arrival") == 2
    assert one(conn, "select count(*) from audit.submission_event where event_type = 'duplicate'") == 1


def test_versions_follow_the_time_of_receipt_not_the_name(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    Return(document_number="hai").write(warehouse.inbox_dir, "a.xlsx", RECEIVED + timedelta(days=1))
    Return(document_number="một").write(warehouse.inbox_dir, "b.xlsx", RECEIVED)
    collect(warehouse, run)
    found = conn.execute(
        "select version, document_number from intake.submission inner join intake.cover using (submission_id) order by version"
    )
    assert found.fetchall() == [(1, "một"), (2, "hai")]


def test_resubmitting_makes_a_new_version_of_the_same_bytes(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    collect(warehouse, run)
    first = one(conn, "select submission_id from intake.submission")
    conn.commit()
    again = resubmit(warehouse, start_run(warehouse, "test"), first)
    assert again != first
    assert [row[0] for row in conn.execute("select version from intake.submission order by version")] == [1, 2]
    assert one(conn, "select count(*) from audit.arrival") == 1


def test_columns_in_another_order_and_sheets_under_other_names(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    built = Return()
    built.titles.update(household_list="Sheet1", summary_7_1="Biểu 7.1", cover="TRANG  BÌA")
    built.title_lines = 9
    built.write(warehouse.inbox_dir)
    assert collect(warehouse, run)["read"] == 1
    assert one(conn, "select title, header_row from intake.sheet where sheet = 'household_list'") == ("Sheet1", 10)


def test_many_files_over_processes(warehouse: Settings, run: Run, conn: psycopg.Connection) -> None:
    for number in range(4):
        Return(document_number=str(number)).write(warehouse.inbox_dir, f"{number}.xlsx", RECEIVED + timedelta(minutes=number))
        Return(commune_code="27691", document_number=str(number)).write(
            warehouse.inbox_dir, f"x{number}.xlsx", RECEIVED + timedelta(minutes=number)
        )
    counts = collect(warehouse.model_copy(update={"workers": 2, "chunk_files": 4}), run)
    assert counts["read"] == 8
    found = conn.execute(
        "select s.commune_code, version, document_number from intake.submission as s inner join intake.cover using (submission_id) "
        "order by s.commune_code, version"
    ).fetchall()
    assert found == [(commune, number + 1, str(number)) for commune in ("27691", "27694") for number in range(4)]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(name=st.text(alphabet=st.characters(categories=["L", "N", "P", "Z"]), min_size=1, max_size=20))
def test_any_text_survives_the_way_into_the_table(
    warehouse: Settings, conn: psycopg.Connection, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    inbox = tmp_path_factory.mktemp("inbox")
    settings = warehouse.model_copy(update={"inbox": inbox})
    built = Return()
    built.rows["household_list"][0]["hamlet"] = f"Ấp {name}"
    built.write(inbox)
    collect(settings, start_run(settings, "test"))
    expected = " ".join(unicodedata.normalize("NFC", f"Ấp {name}").split())
    stored = one(
        conn, "select hamlet from intake.household_list inner join intake.submission using (submission_id) order by version desc limit 1"
    )
    assert " ".join(stored.split()) == expected
    assert HOUSEHOLD["hamlet"] == "Khu phố 1"
