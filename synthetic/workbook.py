"""One return as the workbook that people send: titles, motto, merged headings, numbering, hamlets, totals, signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.contracts import Column, Sheet, load_form
from synthetic.records import Row
from synthetic.returns import Return
from synthetic.style import Style

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

BANDS = {
    "household_list": (
        ("dep_employment", "dep_info_device", "Chỉ số thiếu hụt (B2)"),
        ("cause_lack_land", "cause_other", "Nguyên nhân nghèo"),
    ),
    "member_list": (("support_health", "support_other", "Nhu cầu hỗ trợ"),),
}
"""Groups that people draw over the list's columns; the contract's labels stand below them."""
LETTERED = {"member_list": 3, "movement_7_2": 3, "movement_7_3": 3}
"""Columns that the numbering row calls A, B, C; two elsewhere."""
SUMMED = {"household_list": ("member_count",), "credit_need": ("requested_vnd", "disbursed_vnd")}
"""Columns of the line of sums under a list."""
SHORTENED = ("head_citizen_id", "citizen_id", "programme_code")
"""What Excel takes for a number, so that its leading zero is lost."""
TAIL = "hamlet"
"""Key of a member row that names its hamlet heading; not a column."""

Placed = dict[str, list[int]]
"""Sheet -> the Excel row number of each of its rows, in the order of the return."""


@dataclass(frozen=True)
class _Formats:
    title: Format
    plain: Format
    head: Format
    cell: Format
    day: Format
    percent: Format
    italic: Format


def write_workbook(path: Path, sent: Return, style: Style, omit: tuple[str, ...] = ()) -> Placed:
    """Write the workbook, without the sheets ``omit``. Returns the row numbers as Excel shows them."""
    from xlsxwriter import Workbook

    form = load_form(sent.form).in_version(str(sent.cover["form_version"]))
    # A fixed time of creation: the same seed gives the same bytes.
    made = datetime.combine(sent.cover["signed_date"] if isinstance(sent.cover["signed_date"], date) else date(sent.year, 12, 15), time(9))
    with Workbook(path) as book:
        book.set_properties({"created": made, "title": style.text(form.title), "author": style.text(sent.commune.name)})
        formats = _formats(book, style)
        placed = {"cover": _write_cover(book, formats, form.cover, sent, style)}
        for sheet in form.tables:
            if sheet.name not in omit:
                placed[sheet.name] = _write_table(book, formats, sheet, sent, style)
    return placed


def _formats(book: Workbook, style: Style) -> _Formats:
    base = {"font_name": style.font, "font_size": 11}
    box = {**base, "border": 1}
    return _Formats(
        title=book.add_format({**base, "bold": True, "font_size": 13, "align": "center"}),
        plain=book.add_format(base),
        head=book.add_format({**box, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True}),
        cell=book.add_format(box),
        day=book.add_format({**box, "num_format": "dd/mm/yyyy"}),
        percent=book.add_format({**box, "num_format": "0.00%"}),
        italic=book.add_format({**base, "italic": True}),
    )


def _write_cover(book: Workbook, formats: _Formats, sheet: Sheet, sent: Return, style: Style) -> list[int]:
    page = book.add_worksheet(style.tab(sheet.name))
    page.set_column(0, 1, 36)
    row = _write_top(page, formats, sheet, sent, style, 1)
    for column in sheet.columns:
        page.write_string(row, 0, style.text(column.label), formats.cell)
        value = sent.cover.get(column.field)
        if column.field == "period" and style.number_period and str(value).isdigit():
            value = int(str(value))
        _write(page, formats, row, 1, column, style.value(column, value, 1), style)
        row += 1
    return [row - len(sheet.columns) + 1]


def _write_top(page: Worksheet, formats: _Formats, sheet: Sheet, sent: Return, style: Style, right: int) -> int:
    """Office and motto, title, year. Returns the next free row."""
    row = 0
    if style.upper_lines:
        page.write_string(0, 0, style.text(f"UBND {sent.commune.name.upper()}"), formats.plain)
        page.write_string(0, right, style.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), formats.title)
        page.write_string(1, right, style.text("Độc lập - Tự do - Hạnh phúc"), formats.title)
        row = 3
    page.write_string(row, 0, style.text(sheet.heading.upper()), formats.title)
    place = ", ".join(filter(None, (sent.commune.name, sent.commune.district_name)))
    page.write_string(row + 1, 0, style.text(f"{place} - {sent.title}"), formats.italic)
    return row + 3


def _write_table(book: Workbook, formats: _Formats, sheet: Sheet, sent: Return, style: Style) -> list[int]:
    page = book.add_worksheet(style.tab(sheet.name))
    page.set_landscape()
    top = _write_top(page, formats, sheet, sent, style, min(8, len(sheet.columns) - 1))
    first = _write_header(page, formats, sheet, style, top)
    rows: list[Row] = getattr(sent, sheet.name)
    placed, next_row = _write_rows(page, formats, sheet, rows, style, first)
    if style.total_row:
        next_row = _write_total(page, formats, sheet, rows, style, next_row)
    _write_signatures(page, formats, sent, style, next_row + 1, len(sheet.columns))
    page.freeze_panes(first, 0)
    return placed


def _write_header(page: Worksheet, formats: _Formats, sheet: Sheet, style: Style, top: int) -> int:
    """Labels on two lines with merges, then the numbering row. Returns the first row of data."""
    groups = _groups(sheet)
    index = 0
    while index < len(sheet.columns):
        group, width = groups[index]
        if group is None:
            page.merge_range(top, index, top + 1, index, style.text(sheet.columns[index].label), formats.head)
        else:
            for offset in range(width):
                page.write_string(top + 1, index + offset, style.text(sheet.columns[index + offset].label), formats.head)
            page.merge_range(top, index, top, index + width - 1, style.text(group), formats.head)
        index += width
    lettered = LETTERED.get(sheet.name, 2)
    for index in range(len(sheet.columns)):
        page.write_string(top + 2, index, chr(65 + index) if index < lettered else str(index - lettered + 1), formats.head)
    return top + 3


def _groups(sheet: Sheet) -> list[tuple[str | None, int]]:
    """For each column the group that begins there and how many columns it spans."""
    names: list[str | None] = [column.group for column in sheet.columns]
    fields = [column.field for column in sheet.columns]
    for first, last, text in BANDS.get(sheet.name, ()):
        for index in range(fields.index(first), fields.index(last) + 1):
            names[index] = text
    spans = []
    for index, name in enumerate(names):
        end = index + 1
        while name is not None and end < len(names) and names[end] == name:
            end += 1
        spans.append((name, end - index))
    return spans


def _write_rows(page: Worksheet, formats: _Formats, sheet: Sheet, rows: list[Row], style: Style, first: int) -> tuple[list[int], int]:
    """The rows, with a hamlet's name above its members and merged names in the forms of two rows."""
    placed, row, hamlet = [], first, None
    merged = style.merge_names and len(rows) == 2 and any(column.fill_down for column in sheet.columns)
    for number, values in enumerate(rows):
        if values.get(TAIL) not in (None, hamlet) and sheet.name == "member_list":
            hamlet = values[TAIL]
            page.write_string(row, 0, style.text(hamlet), formats.title)
            row += 1
        for index, column in enumerate(sheet.columns):
            if merged and column.fill_down:
                if number == 0:
                    page.merge_range(row, index, row + 1, index, style.text(str(values[column.field])), formats.cell)
                continue
            value = values.get(column.field)
            if value is not None and value is not False:  # 0 is written
                _write(page, formats, row, index, column, _typed(column, values, style, number), style)
        placed.append(row + 1)
        row += 1
    return placed, row


def _typed(column: Column, values: Row, style: Style, number: int) -> Any:
    value = values[column.field]
    if column.field == "household_no" and values.get("member_no") != 1:
        return None
    if style.blank_nought and value == 0 and column.field in ("other_decrease", "other_increase"):
        return None
    # Without sex and birth year, as in the borrowers' list, a short citizen ID cannot be mended: people take care there.
    is_borrower = "borrower_class" in values and column.field == "citizen_id"
    if style.lost_zero and number < 2 and column.field in SHORTENED and len(str(value)) in (2, 12) and not is_borrower:
        return int(str(value))
    return style.value(column, value, number)


def _write(page: Worksheet, formats: _Formats, row: int, index: int, column: Column, value: Any, style: Style) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(row, index, value, formats.cell)
    elif isinstance(value, date):
        page.write_datetime(row, index, datetime.combine(value, time()), formats.day)
    else:
        page.write_number(row, index, value, formats.percent if column.computed and style.rates_as_fractions else formats.cell)


def _write_total(page: Worksheet, formats: _Formats, sheet: Sheet, rows: list[Row], style: Style, row: int) -> int:
    """A line of sums under a list and under 7.1, as people add it."""
    if sheet.name in SUMMED:
        page.write_string(row, 0, style.text("Tổng cộng"), formats.head)
        for field in SUMMED[sheet.name]:
            index = [column.field for column in sheet.columns].index(field)
            page.write_number(row, index, _sum(rows, field), formats.head)
    elif sheet.name == "summary_7_1":
        page.write_string(row, 1, style.text("Tổng cộng"), formats.head)
        for index, column in enumerate(sheet.columns):
            if column.type == "integer":
                page.write_number(row, index, _sum(rows, column.field), formats.head)
    else:
        return row
    return row + 1


def _sum(rows: list[Row], field: str) -> int:
    return sum(row[field] for row in rows if isinstance(row.get(field), int))


def _write_signatures(page: Worksheet, formats: _Formats, sent: Return, style: Style, row: int, columns: int) -> None:
    left, right = (2, min(columns - 3, 9)) if columns > 5 else (0, columns - 1)
    signed = sent.cover["signed_date"]
    if isinstance(signed, date):
        line = f"{sent.commune.name}, ngày {signed.day} tháng {signed.month} năm {signed.year}"
        page.write_string(row, right, style.text(line), formats.italic)
    page.write_string(row + 1, left, style.text("NGƯỜI LẬP BIỂU"), formats.title)
    page.write_string(row + 1, right, style.text("TM. ỦY BAN NHÂN DÂN"), formats.title)
    page.write_string(row + 2, right, style.text(str(sent.cover["approver_title"] or "").upper()), formats.title)
    page.write_string(row + 5, left, style.text(sent.cover["prepared_by"]), formats.title)
    page.write_string(row + 5, right, style.text(sent.cover["approved_by"]), formats.title)
