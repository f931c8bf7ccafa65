"""`warehouse export`: each format gives back what the mart holds, with its source and its meanings, and no formula."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from operations import cli_export, export_files, export_parquet
from operations.cli import app
from operations.console import CommandError
from operations.export import export
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.database import connect
from warehouse.mart_views import Column, table_columns
from warehouse.settings import Settings

FORMULA = '=HYPERLINK("http://x","Xã")'
VIETNAMESE = "Phường Khánh Hậu – thị xã Kiến Tường"

ONE_ROW = ["area_key=long_an", "period_key=2023", "boundary=at_time"]


def rename(settings: Settings) -> None:
    """One area begins like a formula, another has letters that no other encoding holds."""
    with connect(settings) as conn:
        for key, name in (("long_an", FORMULA), ("800", VIETNAMESE)):
            assert conn.execute("update blue_marts.dim_area set area_name = %s where area_code = %s", (name, key)).rowcount > 0


def stored(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(query).fetchall()


def described(settings: Settings, mart: str) -> list[Column]:
    with connect(settings) as conn:
        return table_columns(conn, "marts", mart)


def sheet_rows(path: Path, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in openpyxl.load_workbook(path)[name].iter_rows(values_only=True)]


def test_csv_gives_back_text_dates_and_exact_numbers(published: Settings, tmp_path: Path) -> None:
    rename(published)
    done = export(published, "dim_area", file_format="csv", path=tmp_path / "a.csv")
    data = done.path.read_bytes()
    assert data.startswith("\ufeffarea_key,".encode())
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    names = {row["area_code"]: row["area_name"] for row in rows}
    assert (names["long_an"], names["800"]) == ("'" + FORMULA, VIETNAMESE)
    assert len(rows) == done.rows == stored(published, "select count(*) from marts.dim_area")[0][0]
    assert date.fromisoformat(rows[0]["valid_from"])

    done = export(published, "fct_poverty", file_format="csv", path=tmp_path / "p.csv", where=ONE_ROW)
    (row,) = csv.DictReader(done.path.read_text(encoding="utf-8-sig").splitlines())
    ((rate,),) = stored(
        published,
        "select poor_rate_pct from marts.fct_poverty where boundary = 'at_time' and area_key = 'long_an' and period_key = '2023'",
    )
    assert (Decimal(row["poor_rate_pct"]), row["poor_rate_pct"]) == (rate, "0.210526")
    assert (row["poor_households"], row["is_estimate"], row["group_key"]) == ("400", "false", "")


def test_the_meta_beside_a_csv_tells_source_completeness_and_meanings(published: Settings, tmp_path: Path) -> None:
    done = export(
        published, "fct_poverty_default", file_format="csv", path=tmp_path / "p.csv", where=["period_key=2022", "period_key=2023"]
    )
    meta = json.loads((tmp_path / "p.csv.meta.json").read_text(encoding="utf-8"))
    ((rules, reference, chained),) = stored(published, "select rule_set_version, reference_version, hash from audit.publication")
    assert (meta["publication_id"], meta["published_at"], meta["knowledge_at"]) == (
        1,
        "2024-01-10T22:00:00+07:00",
        "2024-01-10T22:00:00+07:00",
    )
    assert (meta["rule_set_version"], meta["reference_version"], meta["publication_hash"]) == (rules, reference, chained)
    assert (meta["rows"], meta["where"]) == (done.rows, {"period_key": ["2022", "2023"]}) == (376, {"period_key": ["2022", "2023"]})
    assert meta["sha256"] == hashlib.sha256(done.path.read_bytes()).hexdigest()
    assert meta["completeness"][1] == {
        "period_key": "2023", "expected_submissions": 188, "accepted_submissions": 188, "completeness_pct": "100.000000",
    }  # fmt: skip
    assert meta["columns"] == [
        {"name": c.name, "type": c.data_type, "meaning": c.comment} for c in described(published, "fct_poverty_default")
    ]
    assert all(column["meaning"] for column in meta["columns"])


def test_xlsx_gives_back_typed_cells_and_no_formula(published: Settings, tmp_path: Path) -> None:
    rename(published)
    done = export(published, "dim_area", file_format="xlsx", path=tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(done.path)["dim_area"]
    header = [cell.value for cell in sheet[1]]
    cells = {row[header.index("area_code")].value: row for row in sheet.iter_rows(min_row=2)}
    name = cells["long_an"][header.index("area_name")]
    assert (name.value, name.data_type) == (FORMULA, "s")
    assert cells["800"][header.index("area_name")].value == VIETNAMESE
    assert sheet.max_row == done.rows + 1
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)

    done = export(published, "fct_poverty", file_format="xlsx", path=tmp_path / "p.xlsx", where=ONE_ROW)
    header, row = (list(line) for line in sheet_rows(done.path, "fct_poverty"))
    found = dict(zip(header, row, strict=True))
    assert (found["poor_households"], Decimal(str(found["poor_rate_pct"])), found["is_estimate"]) == (400, Decimal("0.210526"), False)
    assert (type(found["poor_households"]), found["period_end_date"].date(), found["group_key"]) == (int, date(2023, 12, 31), None)


def test_xlsx_carries_its_source_and_its_columns(published: Settings, tmp_path: Path) -> None:
    done = export(published, "fct_poverty", file_format="xlsx", path=tmp_path / "p.xlsx", where=["period_key=2023"])
    assert openpyxl.load_workbook(done.path).sheetnames == ["fct_poverty", "Nguồn · Source", "Cột · Columns"]
    source = sheet_rows(done.path, "Nguồn · Source")
    told = {line[0]: line[1] for line in source}
    assert (told["publication_id"], str(told["published_at"]), told["where"]) == (1, "2024-01-10 22:00:00", "period_key=2023")
    assert {"knowledge_at", "rule_set_version", "reference_version", "publication_hash", "description"} <= set(told)
    assert source[-1][:4] == ("2023", 188, 188, 100)
    columns = sheet_rows(done.path, "Cột · Columns")[1:]
    assert columns == [(c.name, c.data_type, c.comment) for c in described(published, "fct_poverty")]


def test_what_a_double_cannot_hold_stays_exact_as_text(tmp_path: Path) -> None:
    columns = [Column("n", "numeric(30,6)"), Column("text", "text")]
    values = [Decimal("123456789012345.678901"), Decimal("-0.100000"), 2**62]
    starts = ["=1+1", "+84", "-5", "@x", "\t=1"]
    path = tmp_path / "n.xlsx"
    export_files.write_xlsx(path, columns, [*[(value, None) for value in values], *[(None, text) for text in starts]], {"mart": "n"})
    cells = sheet_rows(path, "n")[1:]
    assert [row[0] for row in cells[:3]] == ["123456789012345.678901", -0.1, str(2**62)]
    assert [row[1] for row in cells[3:]] == starts
    export_files.write_csv(tmp_path / "n.csv", columns, [(values[1], starts[1])])
    assert (tmp_path / "n.csv").read_text(encoding="utf-8-sig") == "n,text\n-0.100000,'+84\n"


def test_parquet_gives_back_types_texts_and_exact_numbers(published: Settings, tmp_path: Path) -> None:
    rename(published)
    done = export(published, "dim_area", file_format="parquet", path=tmp_path / "a.parquet")
    names = {row["area_code"]: row["area_name"] for row in parquet.read_table(done.path).to_pylist()}
    assert (names["long_an"], names["800"]) == (FORMULA, VIETNAMESE)

    done = export(published, "fct_poverty", file_format="parquet", path=tmp_path / "p.parquet", where=ONE_ROW)
    table = parquet.read_table(done.path)
    types = {name: str(table.schema.field(name).type) for name in ("area_key", "poor_rate_pct", "period_end_date", "is_estimate")}
    assert types == {"area_key": "string", "poor_rate_pct": "decimal128(9, 6)", "period_end_date": "date32[day]", "is_estimate": "bool"}
    assert (table.schema.field("poor_households").type, table.schema.field("period_year").type) == (pyarrow.int64(), pyarrow.int32())
    (row,) = table.to_pylist()
    assert (row["poor_households"], row["poor_rate_pct"], row["group_key"]) == (400, Decimal("0.210526"), None)

    every = export(published, "submission_compliance", file_format="parquet", path=tmp_path / "c.parquet")
    assert str(parquet.read_schema(every.path).field("first_received_at").type) == "timestamp[us, tz=UTC]"
    order = ", ".join(str(index + 1) for index in range(len(described(published, "submission_compliance"))))
    kept = [tuple(row.values()) for row in parquet.read_table(every.path).to_pylist()]
    assert kept == stored(published, f"select * from marts.submission_compliance order by {order}")


def test_parquet_carries_its_source_and_its_meanings(published: Settings, tmp_path: Path) -> None:
    done = export(published, "fct_poverty", file_format="parquet", path=tmp_path / "p.parquet", where=["period_key=2023"])
    schema, file = parquet.read_schema(done.path), parquet.ParquetFile(done.path)
    told = {name.decode(): text.decode() for name, text in schema.metadata.items()}
    assert (told["mart"], told["publication_id"], told["published_at"]) == ("fct_poverty", "1", "2024-01-10T22:00:00+07:00")
    assert {"knowledge_at", "rule_set_version", "reference_version", "publication_hash", "description"} <= set(told)
    assert json.loads(told["where"]) == {"period_key": ["2023"]}
    assert json.loads(told["completeness"])[0]["accepted_submissions"] == 188
    columns = described(published, "fct_poverty")
    assert [(f.name, f.metadata[b"type"].decode(), f.metadata[b"meaning"].decode()) for f in schema] == [
        (c.name, c.data_type, c.comment) for c in columns
    ]
    assert b"columns" in file.metadata.metadata, "readers without Arrow see the file's own key-value metadata"
    assert json.loads(told["columns"])[0]["meaning"] == columns[0].comment
    assert file.metadata.num_rows == done.rows


def test_parquet_keeps_every_type_across_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_parquet, "GROUP_ROWS", 2)
    types = ("text", "uuid", "bigint", "numeric(18,6)", "date", "timestamp with time zone")
    columns = [Column(f"c{index}", name) for index, name in enumerate(types)]
    moment = datetime(2024, 1, 10, 15, tzinfo=UTC)
    rows: list[tuple[Any, ...]] = [
        ("=1+1", UUID(int=n), 2**62 + n, Decimal("-999999999999.000001"), date(2023, 12, n), moment) for n in (1, 2, 3)
    ]
    rows.append((None,) * len(types))
    assert export_parquet.write_parquet(tmp_path / "t.parquet", columns, rows, {"mart": "t"}) == 4
    assert [tuple(row.values()) for row in parquet.read_table(tmp_path / "t.parquet").to_pylist()] == [
        (text, str(key), *rest) for text, key, *rest in rows[:3]
    ] + [rows[3]]
    assert parquet.ParquetFile(tmp_path / "t.parquet").num_row_groups == 2
    assert export_parquet.write_parquet(tmp_path / "none.parquet", columns, [], {"mart": "t"}) == 0
    assert parquet.read_table(tmp_path / "none.parquet").schema.names == [column.name for column in columns]
    with pytest.raises(CommandError, match="Column 'x' is numeric, which parquet cannot keep"):
        export_parquet.write_parquet(tmp_path / "x.parquet", [Column("x", "numeric")], [], {"mart": "t"})


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_publication_gives_the_same_file_and_a_new_one_is_told(published: Settings, tmp_path: Path, file_format: str) -> None:
    first, second = (export(published, "dim_period", file_format=file_format, path=tmp_path / name) for name in ("1", "2"))
    assert first.path.read_bytes() == second.path.read_bytes()
    build_and_publish(published, at(published))
    assert export(published, "dim_period", file_format=file_format, path=tmp_path / "3").publication_id == 2


def test_a_mart_that_is_unknown_or_restricted_is_refused_with_the_list(warehouse: Settings, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no mart 'fct_x'.*data_status, dim_area.*submission_compliance\.$"):
        export(warehouse, "fct_x", file_format="csv", path=tmp_path / "x.csv")
    with pytest.raises(CommandError, match=r"'fct_household_status' holds households.*data_status") as refused:
        export(warehouse, "fct_household_status", file_format="csv", path=tmp_path / "x.csv")
    assert str(refused.value).count("fct_household_status") == 2
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.parametrize(
    ("file_format", "where", "said"),
    [
        ("pdf", [], "There is no format 'pdf'"),
        ("csv", ["period_key"], "write column=value"),
        ("csv", ["secret=1"], "has no column 'secret'"),
        ("csv", ["period_year=2023; drop table x"], "does not fit its column"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_no_file(
    published: Settings, tmp_path: Path, file_format: str, where: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        export(published, "fct_poverty", file_format=file_format, path=tmp_path / "x", where=where)
    assert list(tmp_path.glob("x*")) == []


def test_a_value_is_bound_and_never_sql(published: Settings, tmp_path: Path) -> None:
    done = export(published, "fct_poverty", file_format="csv", path=tmp_path / "x.csv", where=["area_name=' or true --"])
    assert done.rows == 0


def test_nothing_is_exported_before_the_first_publication(warehouse: Settings, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing is published yet"):
        export(warehouse, "fct_poverty", file_format="csv", path=tmp_path / "x.csv")


@pytest.mark.parametrize("file_format", ["csv", "parquet", "xlsx"])
def test_a_write_cut_off_leaves_the_old_file_whole(
    published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    path = tmp_path / f"x.{file_format}"
    path.write_text("old")

    def cut_off(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(export_files, "CELL_CHARACTERS", 0)
    monkeypatch.setattr(export_files, "_csv_cell", cut_off)
    monkeypatch.setattr(parquet.ParquetWriter, "write_table", cut_off)
    with pytest.raises(CommandError):
        export(published, "dim_period", file_format=file_format, path=path)
    assert [found.name for found in tmp_path.glob("x*")] == [path.name]
    assert path.read_text() == "old"


def test_a_folder_that_is_not_there_is_said(published: Settings, tmp_path: Path) -> None:
    for file_format in ("csv", "parquet", "xlsx"):
        with pytest.raises(CommandError, match="cannot be written: No such file"):
            export(published, "dim_period", file_format=file_format, path=tmp_path / "none" / f"x.{file_format}")


def test_the_command_says_what_it_wrote(published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_export, "get_settings", lambda: published)
    path = tmp_path / "p.csv"
    done = CliRunner().invoke(app, ["export", "fct_poverty_default", "--where", "period_key=2023", "--out", str(path)])
    assert (done.exit_code, path.is_file()) == (0, True), done.output
    assert "188 dòng · rows, công bố · publication 1" in done.output
