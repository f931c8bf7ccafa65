"""Workbooks for tests, made in code: a small good return, and the ugly ones."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from ingestion.contracts import Form, Sheet, load_form

COMMUNE = "27694"
RECEIVED = datetime(2023, 12, 28, 3, 0, tzinfo=UTC)

COVER: dict[str, Any] = {
    "form_code": "household_review",
    "form_version": "1",
    "province_name": "Tỉnh Long An",
    "district_name": "Thành phố Tân An",
    "commune_name": "Phường 1",
    "commune_code": COMMUNE,
    "period_type": "năm",
    "period": "2023",
    "as_of_date": date(2023, 12, 14),
    "prepared_by": "Người Lập Thử",
    "approved_by": "Người Duyệt Thử",
    "signed_date": date(2023, 12, 27),
    "document_number": "12/BC-UBND",
    "result_stage": "Chính thức",
    "approver_title": "Chủ tịch",
    "preparer_title": "Công chức",
}

HOUSEHOLD: dict[str, Any] = {
    "row_label": 1,
    "household_code": "HN-001",
    "head_name": "Nguyễn Thử Nghiệm",
    "head_citizen_id": "080060001234",
    "head_sex": "1",
    "head_birth_date": date(1960, 5, 2),
    "ethnicity": "Kinh",
    "hamlet": "Khu phố 1",
    "area_type": "TT",
    "member_count": 1,
    "score_b1": 120,
    "score_b2": 30,
    "dep_employment": "x",
    "dep_housing_quality": "x",
    "dep_telecom": "x",
    "opening_class": "Hộ nghèo",
    "closing_class": "Hộ nghèo",
    "movement": "Giữ nguyên",
    "cause_lack_labour": "x",
    "review_date": date(2023, 10, 3),
    "decision_number": "45/QĐ-UBND",
    "decision_date": date(2023, 12, 22),
    "opening_member_count": 1,
}

MEMBER: dict[str, Any] = {
    "household_no": 1,
    "member_no": 1,
    "member_name": "Nguyễn Thử Nghiệm",
    "birth_year_male": 1960,
    "ethnicity": "Kinh",
    "relation_to_head": "Chủ hộ",
    "household_code": "HN-001",
    "citizen_id": "080060001234",
    "birth_date": date(1960, 5, 2),
    "activity_status": "không có việc làm",
}

SUMMARY: dict[str, Any] = {
    "row_label": 1,
    "commune_name": "Phường 1",
    "total_households": 2500,
    "total_persons": 9000,
    "poor_households": 1,
    "poor_rate_pct": 0.04,
    "near_poor_households": 0,
    "near_poor_rate_pct": 0,
    "average_households": 0,
    "average_rate_pct": 0,
    "poor_persons": 1,
    "poor_persons_pct": 0.01,
    "near_poor_persons": 0,
    "near_poor_persons_pct": 0,
    "average_persons": 0,
    "average_persons_pct": 0,
}


def movement(sheet: Sheet, stock: int) -> list[dict[str, Any]]:
    """The two rows (households, persons) of form 7.2 or 7.3 with ``stock`` stayers and no movement."""
    rows = []
    for label in ("Hộ", "Nhân khẩu"):
        row: dict[str, Any] = {column.field: 0 for column in sheet.columns if column.type == "integer"}
        rows.append({**row, "row_label": 1, "commune_name": "Phường 1", "unit": label, "opening_count": stock, "closing_count": stock})
    return rows


class Return:
    """A return under construction: change its parts, then write it."""

    form_code = "household_review"

    def __init__(self, **cover: Any) -> None:
        self.cover = {**COVER, "form_code": self.form_code, **cover}
        form = load_form(self.form_code)
        known = {version.version for version in form.versions}
        # A cover may name a version that there is not; the sheets are then those of the first.
        self.form: Form = form.in_version(str(self.cover["form_version"]) if self.cover["form_version"] in known else "1")
        self.rows = self.good_rows()
        self.titles = {sheet.name: sheet.title for sheet in self.form.sheets}
        self.left_out: set[str] = set()
        self.no_columns: set[tuple[str, str]] = set()
        self.after: list[Callable[[openpyxl.Workbook], None]] = []
        self.title_lines = 2

    def good_rows(self) -> dict[str, list[dict[str, Any]]]:
        """One poor household of one person, in the list, among the members and in the forms."""
        return {
            "household_list": [dict(HOUSEHOLD)],
            "member_list": [dict(MEMBER)],
            "summary_7_1": [dict(SUMMARY)],
            "movement_7_2": movement(self.form.sheet("movement_7_2"), 1),
            "movement_7_3": movement(self.form.sheet("movement_7_3"), 0),
        }

    def workbook(self) -> openpyxl.Workbook:
        book = openpyxl.Workbook()
        book.remove(book.active)  # type: ignore[arg-type]
        for sheet in self.form.sheets:
            if sheet.name in self.left_out:
                continue
            page = book.create_sheet(self.titles[sheet.name])
            if sheet.layout == "pairs":
                for number, column in enumerate(sheet.columns, start=3):
                    page.cell(number, 1, column.label)
                    page.cell(number, 2, self.cover.get(column.field))
            else:
                self._table(page, sheet)
        for change in self.after:
            change(book)
        return book

    def _table(self, page: Worksheet, sheet: Sheet) -> None:
        columns = [column for column in sheet.columns if (sheet.name, column.field) not in self.no_columns]
        page.cell(1, 1, sheet.heading)
        top = self.title_lines + 1
        for place, column in enumerate(columns, start=1):
            if column.group:
                page.cell(top, place, column.group if place == 1 or columns[place - 2].group != column.group else None)
                page.cell(top + 1, place, column.label)
            else:
                page.cell(top, place, column.label)
                page.merge_cells(start_row=top, end_row=top + 1, start_column=place, end_column=place)
            page.cell(top + 2, place, place)
        for number, row in enumerate(self.rows[sheet.name], start=top + 3):
            for place, column in enumerate(columns, start=1):
                page.cell(number, place, row.get(column.field))

    def first_row(self, _sheet: str = "household_list") -> int:
        """Row number of the first data row of a table sheet."""
        return self.title_lines + 4

    def column(self, sheet: str, field: str) -> int:
        return [column.field for column in self.form.sheet(sheet).columns].index(field) + 1

    def bytes(self) -> bytes:
        buffer = io.BytesIO()
        self.workbook().save(buffer)
        return buffer.getvalue()

    def write(self, folder: Path, name: str = "phuong-1.xlsx", received: datetime = RECEIVED) -> Path:
        return put(folder, name, self.bytes(), received)


QUARTER: dict[str, Any] = {
    "period_type": "quý", "period": "2023-Q3", "as_of_date": date(2023, 9, 30), "signed_date": date(2023, 10, 4),
}  # fmt: skip

NEED: dict[str, Any] = {
    "row_label": 1,
    "household_code": "HN-001",
    "borrower_name": "Nguyễn Thử Nghiệm",
    "citizen_id": "080060001234",
    "borrower_class": "Hộ nghèo",
    "has_need": "x",
    "is_eligible": "x",
    "request_date": date(2023, 3, 1),
    "requested_vnd": 50_000_000,
    "purpose": "Chăn nuôi",
    "programme_code": "01",
    "outcome": "Đã giải ngân",
    "disbursed_vnd": 50_000_000,
    "disbursement_date": date(2023, 4, 3),
    "capital_source": "1",
    "outstanding_vnd": 50_000_000,
}

TRAINEE: dict[str, Any] = {
    "row_label": 1,
    "household_code": "HN-001",
    "person_name": "Nguyễn Thử Nghiệm",
    "citizen_id": "080080001234",
    "sex": "1",
    "birth_date": date(1980, 5, 2),
    "household_class": "Hộ nghèo",
    "has_need": "x",
    "need_date": date(2023, 2, 1),
    "requested_trade": "Sửa xe máy",
    "training_status": "Hoàn thành",
    "enrolment_date": date(2023, 3, 6),
    "completion_date": date(2023, 6, 30),
    "training_provider": "Trung tâm thử",
    "support_vnd": 3_000_000,
}


class CreditReturn(Return):
    """A good credit return of the third quarter of 2023: one poor household whose request was met."""

    form_code = "credit"

    def __init__(self, **cover: Any) -> None:
        super().__init__(**{**QUARTER, **cover})

    def good_rows(self) -> dict[str, list[dict[str, Any]]]:
        classes = ("Hộ nghèo", "Hộ cận nghèo", "Hộ mới thoát nghèo")
        return {
            "credit_need": [dict(NEED)],
            "credit_capital": [
                {"borrower_class": name, "capital_source": source, "capital_available_vnd": 500_000_000}
                for name in classes
                for source in "12"
            ],
        }


class TrainingReturn(Return):
    """A good training return of the third quarter of 2023: one person of a poor household, trained."""

    form_code = "training"

    def __init__(self, **cover: Any) -> None:
        super().__init__(**{**QUARTER, **cover})

    def good_rows(self) -> dict[str, list[dict[str, Any]]]:
        return {"training_need": [dict(TRAINEE)]}


def put(folder: Path, name: str, data: bytes, received: datetime = RECEIVED) -> Path:
    """A file in the inbox with the time at which it came."""
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (received.timestamp(), received.timestamp()))
    return path


def edit_part(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The package with one of its parts changed."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for item in source.infolist():
            content = source.read(item)
            package.writestr(item.filename, change(content) if item.filename == part else content)
    return target.getvalue()


def add_part(data: bytes, part: str, content: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(part, content)
    return buffer.getvalue()


def as_xls(built: Return) -> bytes:
    """The same return as an old .xls."""
    import xlwt

    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for page in built.workbook().worksheets:
        sheet = book.add_sheet(page.title)
        for row in page.iter_rows():
            for cell in row:
                if cell.value is not None:
                    style = day if isinstance(cell.value, (date, datetime)) else xlwt.Style.default_style
                    sheet.write(cell.row - 1, cell.column - 1, cell.value, style)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_ods(built: Return) -> bytes:
    """The same return as an OpenDocument spreadsheet."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document = OpenDocumentSpreadsheet()
    for page in built.workbook().worksheets:
        table = Table(name=page.title)
        for row in page.iter_rows(values_only=True):
            line = TableRow()
            for value in row:
                if value is None:
                    line.addElement(TableCell())
                elif isinstance(value, (int, float)):
                    line.addElement(TableCell(valuetype="float", value=str(value)))
                elif isinstance(value, (date, datetime)):
                    line.addElement(TableCell(valuetype="date", datevalue=f"{value:%Y-%m-%d}"))
                else:
                    cell = TableCell(valuetype="string")
                    cell.addElement(P(text=str(value)))
                    line.addElement(cell)
            table.addElement(line)
        document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_password(data: bytes) -> bytes:
    """The same package behind a password."""
    import msoffcrypto.format.ooxml as ooxml

    target = io.BytesIO()
    ooxml.OOXMLFile(io.BytesIO(data)).encrypt("mat-khau", target)
    return target.getvalue()
