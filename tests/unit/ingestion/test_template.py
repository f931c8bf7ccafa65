"""The blank workbook: what the reader will look for stands on it, and it spares the officer what Excel gets wrong."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string, get_column_letter
from python_calamine import load_workbook

from ingestion.contracts import Form, all_forms, load_form
from ingestion.reader.reading import read_file
from ingestion.template import TemplateError, write_template
from ingestion.template_sheets import TITLE_ROWS
from ingestion.template_styles import form_texts, texts
from tests.support.workbooks import Return
from warehouse.settings import Settings

FORM = load_form("household_review").in_version("1")
"""As it was until 2025; test_contract_agrees looks at the newest version."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_template(None, FORM, commune_code="27694", period_key="2023", path=tmp_path_factory.mktemp("blank") / "27694.xlsx")


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def cells(path: Path, sheet: str) -> list[list[Any]]:
    return load_workbook(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def test_every_sheet_of_the_contract_and_the_guide(path: Path) -> None:
    assert load_workbook(str(path)).sheet_names == [*(sheet.title for sheet in FORM.sheets), "Hướng dẫn"]


def test_the_cover_is_filled_in_with_the_names_of_that_time(path: Path, tmp_path: Path) -> None:
    def cover(found: Path) -> dict[str, Any]:
        return {row[0]: row[1] for row in cells(found, "Bìa") if row[0]}

    old = cover(path)
    assert [old[label] for label in ("Mã biểu", "Phiên bản biểu", "Tỉnh", "Huyện")] == [
        "household_review",
        "1",
        "Tỉnh Long An",
        "Thành phố Tân An",
    ]
    assert [old[label] for label in ("Xã/phường/thị trấn", "Mã đơn vị hành chính", "Loại kỳ", "Kỳ báo cáo")] == [
        "Phường 1",
        "27694",
        "năm",
        "2023",
    ]
    new = cover(write_template(None, FORM, commune_code="27694", period_key="2025", path=tmp_path / "new.xlsx"))
    assert [new[label] for label in ("Tỉnh", "Huyện", "Xã/phường/thị trấn")] == ["Tỉnh Tây Ninh", "", "Phường Long An"]
    assert old["Người lập biểu"] == old["Ngày ký"] == old["Loại kết quả"] == ""


@pytest.mark.parametrize("sheet", FORM.tables, ids=lambda sheet: sheet.name)
def test_headers_are_the_labels_of_the_contract(path: Path, sheet: Any) -> None:
    rows = cells(path, sheet.title)
    two_lines = any(column.group for column in sheet.columns)
    top = rows[TITLE_ROWS]
    bottom = rows[TITLE_ROWS + 1] if two_lines else top
    group = ""
    for index, column in enumerate(sheet.columns):
        group = top[index] or group
        found = f"{group} - {bottom[index]}" if column.group else top[index]
        assert found == column.labels[0]
    numbering = rows[TITLE_ROWS + (2 if two_lines else 1)]
    assert numbering[0] == "A"
    assert all(re.match(r"[A-C]$|\d+(=[-+*/\d]+)?$", text) for text in numbering)


def test_forms_are_numbered_as_printed(path: Path) -> None:
    assert cells(path, "Mẫu 7.1")[TITLE_ROWS + 2] == [
        "A", "B", "1", "2", "3", "4=3/1*100", "5", "6=5/1*100", "7", "8=7/1*100", "9", "10=9/2*100", "11",
        "12=11/2*100", "13", "14=13/2*100",
    ]  # fmt: skip
    assert cells(path, "Mẫu 7.2")[TITLE_ROWS + 2][-1] == "9=1-2-3-4+5+6+7+8"


def test_the_commune_stands_on_the_forms(path: Path, book: Any) -> None:
    assert [row[:3] for row in cells(path, "Mẫu 7.2")[TITLE_ROWS + 3 :]] == [["1", "Phường 1", "Hộ"], ["", "", "Nhân khẩu"]]
    assert "B8:B9" in {str(area) for area in book["Mẫu 7.2"].merged_cells.ranges}
    assert "B7:B8" in {str(area) for area in book["Mẫu 7.3"].merged_cells.ranges}
    assert book["Mẫu 7.1"]["F8"].value == '=IF(N(C8)=0,"",ROUND(E8/C8*100,2))'


def test_codes_and_ids_keep_their_zeros(book: Any) -> None:
    """The format of a whole column: a cell that nobody has touched yet has it too."""
    for sheet in FORM.tables:
        page = book[sheet.title]
        formats = {
            index: dimension.number_format
            for dimension in page.column_dimensions.values()
            for index in range(dimension.min, dimension.max + 1)
        }
        for index, column in enumerate(sheet.columns, start=1):
            if column.type in ("text", "code", "date_or_year", "flag"):
                assert formats[index] == "@", column.field
            elif column.type == "date":
                assert formats[index] == "dd/mm/yyyy", column.field


def test_drop_downs_hold_the_values_of_the_contract(book: Any) -> None:
    for sheet in FORM.tables:
        rules = book[sheet.title].data_validations.dataValidation
        found = {column_index_from_string(str(rule.sqref).split(":")[0].rstrip("0123456789")): rule for rule in rules}
        for index, column in enumerate(sheet.columns, start=1):
            if column.codes or column.type == "flag":
                assert found[index].type == "list"
                assert found[index].formula1 == '"' + ",".join(column.codes or ["x"]) + '"'
            elif column.type in ("integer", "date"):
                assert found[index].type == {"integer": "whole", "date": "date"}[column.type]
            else:
                assert index not in found


@pytest.mark.parametrize("form", all_forms(), ids=lambda form: form.code)
def test_every_note_of_the_contract_is_said_in_vietnamese(form: Form) -> None:
    own = form_texts(form)
    notes, conditions = {**texts()["notes"], **own.get("notes", {})}, own.get("required_when", {})
    columns = {f"{sheet.name}.{column.field}": column for sheet in form.sheets for column in sheet.columns}
    for key, column in columns.items():
        if column.note and column.note != "sensitive":
            assert key in notes, key
        assert (column.required_when is None) == (key not in conditions), key
    assert set(notes) | set(conditions) | set(own.get("rates", {})) | set(own.get("printed_numbers", {})) <= set(columns)
    assert set(own.get("rates", {})) == {key for key, column in columns.items() if column.computed}


def test_a_note_says_whether_its_column_is_required(book: Any) -> None:
    assert "Bắt buộc" in book["Danh sách hộ"]["B5"].comment.text


def test_frozen_titles_and_paper(book: Any) -> None:
    for sheet in FORM.tables:
        page = book[sheet.title]
        assert page.freeze_panes is not None
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert page.print_title_rows


def test_the_same_inputs_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = write_template(None, FORM, commune_code="27694", period_key="2023", path=tmp_path / "again.xlsx")
    assert again.read_bytes() == path.read_bytes()


def test_it_is_light_and_no_cell_waits_for_a_formula_of_data(path: Path) -> None:
    assert path.stat().st_size < 60_000
    with zipfile.ZipFile(path) as archive:
        formulas = {name: archive.read(name).count(b"<f>") for name in archive.namelist() if name.startswith("xl/worksheets/sheet")}
    assert sum(formulas.values()) == len(form_texts(FORM)["rates"])


@pytest.mark.parametrize(
    ("commune", "period", "said"),
    [
        ("27688", "2025", "No commune 27688 in force on 31/12/2025"),
        ("00001", "2023", "No commune 00001"),
        ("27694", "2023-Q5", "is not a period"),
        ("27694", "2023-H1", "not asked for by half_year"),
        ("27694", "2020", "no version for 2020"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, commune: str, period: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        write_template(None, FORM, commune_code=commune, period_key=period, path=tmp_path / "x.xlsx")
    assert not (tmp_path / "x.xlsx").exists()


def test_words_name_only_sheets_of_the_form() -> None:
    known = {f"«{sheet.title}»" for sheet in FORM.sheets} | {"«Mã hộ»", "«Dán giá trị»"}
    said = set(re.findall(r"«[^»]+»", " ".join(item if isinstance(item, str) else item["h"] for item in texts()["guide"])))
    assert said <= known


def fill(path: Path, target: Path) -> Path:
    """The blank workbook as an officer fills it in: known cells stay, the rest is typed."""
    book = openpyxl.load_workbook(path)
    good = Return()
    cover = book["Bìa"]
    for row in cover.iter_rows(min_row=TITLE_ROWS + 1, max_col=2):
        field = next(column.field for column in FORM.cover.columns if column.label == row[0].value)
        row[1].value = row[1].value or good.cover[field]
    for sheet in FORM.tables:
        page = book[sheet.title]
        first = TITLE_ROWS + (4 if any(column.group for column in sheet.columns) else 3)
        for number, values in enumerate(good.rows[sheet.name], start=first):
            for place, column in enumerate(sheet.columns, start=1):
                cell = page.cell(number, place)
                if cell.__class__.__name__ != "MergedCell" and cell.value is None and values.get(column.field) is not None:
                    value = values[column.field]
                    cell.value = str(value) if column.type == "text" else value  # what Excel makes of typing into a text cell
    book.save(target)
    return target


def test_a_filled_template_is_read_without_a_fault_or_a_finding(path: Path, tmp_path: Path) -> None:
    reading = read_file(fill(path, tmp_path / "filled.xlsx"), "filled.xlsx", Settings(home=tmp_path, _env_file=None))
    assert [finding.code for finding in (*reading.faults, *reading.findings)] == []
    assert reading.cover is not None
    assert (reading.cover.commune_code, reading.cover.period.key, reading.cover.result_stage) == ("27694", "2023", "final")
    assert {table.sheet.name: len(table.row_numbers) for table in reading.tables} == {
        "household_list": 1, "member_list": 1, "summary_7_1": 1, "movement_7_2": 2, "movement_7_3": 2,
    }  # fmt: skip
    for table in reading.tables:
        assert table.skipped == {"numbering": 1}, table.title
        letters = [get_column_letter(place) for place in range(1, len(table.column_map) + 1)]
        assert table.column_map == dict(zip([column.field for column in FORM.sheet(table.sheet.name).columns], letters, strict=True))
    assert {repair.code for repair in reading.repairs} <= {"FILL-DOWN"}


def test_an_empty_template_is_read_as_an_empty_return(path: Path, tmp_path: Path) -> None:
    reading = read_file(path, path.name, Settings(home=tmp_path, _env_file=None))
    assert {finding.code for finding in reading.faults} == {"NO-STAGE"}
    assert [len(table.row_numbers) for table in reading.tables if table.sheet.name in ("household_list", "member_list")] == [0, 0]


def test_the_workbook_of_a_month_has_the_list_and_no_forms(tmp_path: Path) -> None:
    month = write_template(None, FORM, commune_code="27694", period_key="2023-11", path=tmp_path / "month.xlsx")
    reading = read_file(month, month.name, Settings(home=tmp_path, _env_file=None))
    assert {finding.code for finding in reading.faults} == {"NO-STAGE"}
    assert reading.cover is not None
    assert (reading.cover.period.key, reading.cover.period.type) == ("2023-11", "month")
    assert [table.sheet.name for table in reading.tables] == ["household_list", "member_list"]


def test_forms_of_a_year_in_a_month_are_said_and_not_read(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    for row in book["Bìa"].iter_rows(min_row=TITLE_ROWS + 1, max_col=2):
        if row[0].value == "Loại kỳ":
            row[1].value = "tháng"
        elif row[1].value == "2023":
            row[1].value = "2023-11"
    book.save(tmp_path / "month.xlsx")
    reading = read_file(tmp_path / "month.xlsx", "month.xlsx", Settings(home=tmp_path, _env_file=None))
    said = [(finding.severity, finding.sheet) for finding in reading.findings if finding.code == "SHEET-NOT-ASKED"]
    assert said == [("info", "summary_7_1"), ("info", "movement_7_2"), ("info", "movement_7_3")]
    assert [table.sheet.name for table in reading.tables] == ["household_list", "member_list"]
