"""The sheets of the blank workbook: cover, tables, guide. Layout only; words and looks come from template_styles."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from ingestion.contracts import Column, Form, Sheet
from ingestion.template_styles import FILLED, GREY_LINE, REQUIRED, Styles, form_texts, note, texts, width

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

TITLE_ROWS = 4  # heading, who and when, hint, one empty row
COVER_FIRST_ROW = 4
VALIDATED_ROWS = 20_000
"""Drop-downs reach this far: more households than any commune of the province has on its lists."""


@dataclass(frozen=True)
class Place:
    """For whom and when a workbook is made: the values that the cover and the title lines carry."""

    commune_code: str
    commune_name: str
    district_name: str | None
    province_name: str
    period_key: str
    period_type: str

    @property
    def line(self) -> str:
        return ", ".join(name for name in (self.commune_name, self.district_name, self.province_name) if name)


def write_cover(workbook: Workbook, styles: Styles, form: Form, version: str, place: Place) -> None:
    """Pairs: label in column A, value in column B. What is known is filled in on grey; required and empty is yellow."""
    sheet = form.cover
    worksheet = workbook.add_worksheet(sheet.title)
    worksheet.set_column(0, 0, 34)
    worksheet.set_column(1, 1, 46)
    worksheet.write_string(0, 0, form.title.upper(), styles.title())
    worksheet.write_string(1, 0, f"{texts()['cover_title_suffix']} · {sheet.heading}", styles.line())
    worksheet.merge_range(2, 0, 2, 1, texts()["cover_hint"], styles.get(italic=True, font_size=10, font_color="#6B5A1E", text_wrap=True))
    worksheet.set_row(2, 30)
    known = {
        "form_code": form.code,
        "form_version": version,
        "province_name": place.province_name,
        "district_name": place.district_name,
        "commune_name": place.commune_name,
        "commune_code": place.commune_code,
        "period_type": texts()["period_types"][place.period_type],
        "period": place.period_key,
    }
    box: dict[str, Any] = {"border": 1, "border_color": GREY_LINE, "valign": "vcenter"}
    for offset, column in enumerate(sheet.columns_of(version)):
        row = COVER_FIRST_ROW + offset
        worksheet.set_row(row, 20)
        worksheet.write_string(row, 0, column.label, styles.get(bold=column.required, **box))
        worksheet.write_comment(row, 0, note(form, sheet, column) or column.label, _comment_box(note(form, sheet, column)))
        value = known.get(column.field)
        colour = FILLED if value else REQUIRED if column.required else "#FFFFFF"
        style = styles.cell(column, **{**box, "bg_color": colour}, **({} if column.type == "date" else {"align": "left"}))
        if value:
            worksheet.write_string(row, 1, value, style)
        else:
            worksheet.write_blank(row, 1, None, style)
        _validate(worksheet, column, row, 1, row)
    worksheet.set_portrait()
    _page(worksheet, form, place)
    worksheet.set_selection(COVER_FIRST_ROW + len(known), 1, COVER_FIRST_ROW + len(known), 1)
    worksheet.activate()


def write_table(workbook: Workbook, styles: Styles, form: Form, sheet: Sheet, version: str, place: Place) -> None:
    """Title lines, header (two lines where a column has a group), the numbering row, then the rows known beforehand."""
    worksheet = workbook.add_worksheet(sheet.title)
    columns = sheet.columns_of(version)
    own = form_texts(form)
    period = f"{texts()['period_types'][place.period_type]} {place.period_key}"
    worksheet.write_string(0, 0, f"{sheet.title.upper()} · {sheet.heading}", styles.title())
    worksheet.write_string(1, 0, texts()["unit_line"].format(place=place.line, code=place.commune_code, period=period), styles.line())
    worksheet.write_string(2, 0, texts()["table_hint"], styles.hint())
    for index, column in enumerate(columns):
        worksheet.set_column(index, index, width(column), styles.cell(column))
    for row in range(TITLE_ROWS):
        worksheet.set_row(row, 20 if row == 0 else 15, styles.line())

    first_header = TITLE_ROWS
    last_header = first_header + (1 if any(column.group for column in columns) else 0)
    _write_header(worksheet, styles, form, sheet, columns, first_header, last_header)
    numbers = printed_numbers(form, sheet, columns)
    for index, text in enumerate(numbers):
        worksheet.write_string(last_header + 1, index, text, styles.numbering())
    first_row = last_header + 2
    for index, column in enumerate(columns):
        _validate(worksheet, column, first_row, index, first_row + VALIDATED_ROWS)
    _write_known_rows(worksheet, styles, form, sheet, columns, first_row, place)

    frozen = own.get("frozen", {}).get(sheet.name, 0)
    worksheet.freeze_panes(first_row, frozen)
    worksheet.set_selection(first_row, 0, first_row, 0)
    worksheet.set_landscape()
    worksheet.repeat_rows(first_header - 1, last_header + 1)
    wide = sum(width(column) for column in columns) > 220
    if wide:
        worksheet.repeat_columns(0, max(frozen - 1, 0))
    _page(worksheet, form, place, pages_wide=3 if wide else 1)
    worksheet.hide_gridlines(1)
    # A row gets its lines once something stands in it: thousands of empty bordered cells would make the file heavy.
    worksheet.conditional_format(
        first_row, 0, first_row + VALIDATED_ROWS, len(columns) - 1,
        {"type": "formula", "criteria": f"=COUNTA($A{first_row + 1}:$C{first_row + 1})>0", "format": styles.lined()},
    )  # fmt: skip


def printed_numbers(form: Form, sheet: Sheet, columns: tuple[Column, ...]) -> list[str]:
    """The row under the header as the official form prints it: A, B, then 1, 2, 3, with the formula of a computed column."""
    own = form_texts(form)
    lettered = own.get("lettered", {}).get(sheet.name, 0)
    number = {column.field: str(index - lettered + 1) for index, column in enumerate(columns) if index >= lettered}
    rates, fixed = own.get("rates", {}), own.get("printed_numbers", {})
    result = []
    for index, column in enumerate(columns):
        key = f"{sheet.name}.{column.field}"
        if index < lettered:
            result.append(ascii_uppercase[index])
        elif key in rates:
            part, whole = rates[key]
            result.append(f"{number[column.field]}={number[part]}/{number[whole]}*100")
        else:
            result.append(fixed.get(key, number[column.field]))
    return result


def write_guide(workbook: Workbook, styles: Styles, form: Form, version: str) -> None:
    """A page of plain words and the lists of values, for an officer without the circular at hand."""
    worksheet = workbook.add_worksheet(texts()["guide_title"])
    worksheet.set_column(0, 0, 40)
    worksheet.set_column(1, 1, 78)
    worksheet.write_string(0, 0, f"{texts()['guide_title'].upper()} · {form.title}", styles.title())
    worksheet.write_string(1, 0, form.basis, styles.line())
    row = 3
    for item in [*form_texts(form)["guide"], *texts()["guide"]]:
        if isinstance(item, dict):
            row += 1
            worksheet.write_string(row, 0, item["h"], styles.get(bold=True, font_size=12))
        else:
            worksheet.merge_range(row, 0, row, 1, item, styles.get(text_wrap=True, valign="top"))
            worksheet.set_row(row, 32 if len(item) > 125 else 17)
        row += 1
    for sheet in form.sheets:
        for column in sheet.columns_of(version):
            if column.codes:
                worksheet.write_string(row, 0, f"{sheet.title} · {column.label}", styles.get(valign="top", text_wrap=True))
                values = ", ".join(column.codes)
                worksheet.write_string(row, 1, values, styles.get(text_wrap=True, valign="top"))
                worksheet.set_row(row, 16 * (1 + len(values) // 78) + 1)
                row += 1
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 0)
    worksheet.hide_gridlines(2)


def _write_header(
    worksheet: Worksheet, styles: Styles, form: Form, sheet: Sheet, columns: tuple[Column, ...], top: int, bottom: int
) -> None:
    tints = _tints(form, sheet, columns)
    _write_bands(worksheet, styles, form, sheet, columns, top - 1)
    has_flags = any(column.type == "flag" for column in columns)
    worksheet.set_row(top, 130 if has_flags else 34 if bottom > top else 48)
    if bottom > top:
        worksheet.set_row(bottom, 34)
    index = 0
    while index < len(columns):
        column = columns[index]
        style = styles.header(column, tints.get(column.field))
        if column.group is None:
            if bottom > top:
                worksheet.merge_range(top, index, bottom, index, column.label, style)
            else:
                worksheet.write_string(top, index, column.label, style)
            _comment(worksheet, form, sheet, column, top, index)
            index += 1
            continue
        end = index
        while end < len(columns) and columns[end].group == column.group:
            member = columns[end]
            worksheet.write_string(bottom, end, member.label, styles.header(member))
            _comment(worksheet, form, sheet, member, bottom, end)
            end += 1
        if end - index > 1:
            worksheet.merge_range(top, index, top, end - 1, column.group, styles.group())
        else:
            worksheet.write_string(top, index, column.group, styles.group())
        index = end
    worksheet.set_row(bottom + 1, 15)


def _write_known_rows(
    worksheet: Worksheet, styles: Styles, form: Form, sheet: Sheet, columns: tuple[Column, ...], first_row: int, place: Place
) -> None:
    from xlsxwriter.utility import xl_rowcol_to_cell

    own = form_texts(form)
    known = own.get("prefilled", {}).get(sheet.name, [])
    position = {column.field: index for index, column in enumerate(columns)}
    box: dict[str, Any] = {"border": 1, "border_color": GREY_LINE}
    for offset, values in enumerate(known):
        row = first_row + offset
        for column in columns:
            index = position[column.field]
            merged = column.fill_down and len(known) > 1
            if merged and offset > 0:
                continue
            text = values.get(column.field, "").format(commune=place.commune_name)
            style = styles.cell(column, **box, **({"bg_color": FILLED, "valign": "vcenter"} if text else {}))
            key = f"{sheet.name}.{column.field}"
            if merged:
                worksheet.merge_range(row, index, row + len(known) - 1, index, text, style)
            elif text:
                worksheet.write_string(row, index, text, style)
            elif key in own.get("rates", {}):
                part, whole = (xl_rowcol_to_cell(row, position[field]) for field in own["rates"][key])
                worksheet.write_formula(row, index, f'=IF(N({whole})=0,"",ROUND({part}/{whole}*100,2))', style, "")
            else:
                worksheet.write_blank(row, index, None, style)


def _bands(form: Form, sheet: Sheet, fields: list[str]) -> list[dict[str, str]]:
    """The bands over columns that this version of the sheet has."""
    bands: list[dict[str, str]] = form_texts(form).get("bands", {}).get(sheet.name, [])
    return [band for band in bands if band["first"] in fields]


def _write_bands(worksheet: Worksheet, styles: Styles, form: Form, sheet: Sheet, columns: tuple[Column, ...], row: int) -> None:
    fields = [column.field for column in columns]
    for band in _bands(form, sheet, fields):
        worksheet.merge_range(row, fields.index(band["first"]), row, fields.index(band["last"]), band["text"], styles.band(band["tint"]))


def _tints(form: Form, sheet: Sheet, columns: tuple[Column, ...]) -> dict[str, str]:
    fields = [column.field for column in columns]
    result: dict[str, str] = {}
    for band in _bands(form, sheet, fields):
        for field in fields[fields.index(band["first"]) : fields.index(band["last"]) + 1]:
            result[field] = band["tint"]
    return result


def _comment(worksheet: Worksheet, form: Form, sheet: Sheet, column: Column, row: int, index: int) -> None:
    if text := note(form, sheet, column):
        worksheet.write_comment(row, index, text, _comment_box(text))


def _comment_box(text: str) -> dict[str, Any]:
    lines = sum(1 + len(line) // 38 for line in text.splitlines())
    return {"author": texts()["author"], "width": 240, "height": 22 + 15 * lines, "font_size": 9, "color": "#FFFBE6"}


def _validate(worksheet: Worksheet, column: Column, top: int, index: int, bottom: int) -> None:
    """Drop-downs and limits. Excel takes a list of at most 255 characters; a longer one would be dropped in silence."""
    errors = texts()["errors"]
    rule: dict[str, Any] | None = None
    if column.codes:
        if len(",".join(column.codes)) > 255:
            raise ValueError(f"{column.field}: the list of values is too long for a drop-down")
        rule = {"validate": "list", "source": list(column.codes), "error_message": errors["code"]}
    elif column.type == "flag":
        rule = {"validate": "list", "source": ["x"], "error_message": errors["flag"]}
    elif column.type == "integer":
        rule = {"validate": "integer", "criteria": ">=", "value": 0, "error_message": errors["integer"]}
    elif column.type == "number" and not column.computed:
        rule = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": errors["number"]}
    elif column.type == "date":
        from datetime import date

        rule = {
            "validate": "date", "criteria": "between", "minimum": date(1900, 1, 1), "maximum": date(2100, 12, 31),
            "error_message": errors["date"],
        }  # fmt: skip
    if rule:
        worksheet.data_validation(top, index, bottom, index, {**rule, "error_title": errors["title"]})


def _page(worksheet: Worksheet, form: Form, place: Place, pages_wide: int = 1) -> None:
    worksheet.set_paper(9)
    worksheet.fit_to_pages(pages_wide, 0)
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    worksheet.set_footer(texts()["footer"].format(form=form.title, commune=place.commune_name, period=place.period_key))
