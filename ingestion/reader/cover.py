"""The cover: labels with their values beside them. It says which form, commune and period a file is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ingestion.contracts import Form, Sheet, all_forms
from ingestion.findings import ReadError
from ingestion.periods import Period, read_period
from ingestion.reader.cells import Cell, converter_for
from ingestion.reader.identity import mend_identifiers
from ingestion.reader.layout import normal
from ingestion.reader.scan import column_letters
from ingestion.reader.workbook import Rows, Workbook


@dataclass
class Cover:
    """What the cover says. ``places`` gives the cell of each value, ``raws`` the values as they stood."""

    form: Form
    title: str
    period: Period
    commune_code: str
    form_version: str | None
    result_stage: str | None
    cells: dict[str, Cell]
    raws: dict[str, Any]
    places: dict[str, str]
    row: int


def read_cover(workbook: Workbook) -> Cover:
    """Read the cover. Raises ReadError of level file where form, commune or period cannot be told."""
    sheet = all_forms()[0].cover
    title, found = _find(workbook, sheet)
    raws = {field: value for field, (value, _, _) in found.items()}
    code = converter_for(sheet.column("form_code")).cells([raws.get("form_code", "")])[0].value
    form = next((form for form in all_forms() if code and normal(code) in (normal(form.code), normal(form.title))), None)
    if form is None:
        raise ReadError("UNKNOWN-FORM", value=code or "")
    columns = {
        column.field: converter_for(column, workbook.scan.is_1904).cells([raws.get(column.field, "")]) for column in form.cover.columns
    }
    mend_identifiers(columns)
    cells = {name: column[0] for name, column in columns.items()}
    commune = cells["commune_code"].value
    if not commune or not re.fullmatch(r"[0-9]{5}", commune):
        raise ReadError("NO-COMMUNE", value=commune or "")
    period = _period(raws, cells)
    return Cover(
        form, title, period, commune, cells["form_version"].value, cells["result_stage"].value, cells, raws,
        {field: f"{column_letters(column)}{row}" for field, (_, row, column) in found.items()},
        found["form_code"][1],
    )  # fmt: skip


def _period(raws: dict[str, Any], cells: dict[str, Cell]) -> Period:
    raw, kind = raws.get("period", ""), cells["period_type"].value
    period = read_period(raw, kind) if raw != "" and kind is not None else None
    if period is None:
        raise ReadError("NO-PERIOD", type=raws.get("period_type", ""), value=raw)
    as_text = cells["period"].value
    cells["period"] = Cell(period.key, None if as_text == period.key and isinstance(raw, str) else "PERIOD-SPELLING")
    return period


def _find(workbook: Workbook, sheet: Sheet) -> tuple[str, dict[str, tuple[Any, int, int]]]:
    """(title, field -> (value, row, column)) of the cover: the sheet of that name, else the one that has its labels."""
    names = {normal(name) for name in (sheet.name, sheet.title, *sheet.aliases)}
    titles = [title for title in workbook.titles if normal(title) in names]
    if len(titles) > 1:
        raise ReadError("NO-COVER")
    for title in titles or workbook.titles:
        found = _pairs(workbook.rows(title)[:60], sheet)
        if "form_code" in found:
            return title, found
    raise ReadError("NO-COVER")


def _pairs(rows: Rows, sheet: Sheet) -> dict[str, tuple[Any, int, int]]:
    """Each label's value: the first filled cell to its right, else the cell right after it."""
    wanted = {normal(label): column.field for column in sheet.columns for label in column.labels}
    found: dict[str, tuple[Any, int, int]] = {}
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            field = wanted.get(normal(value)) if isinstance(value, str) else None
            if field is None or field in found:
                continue
            right = next(((cell, at) for at, cell in enumerate(row[place:], start=place + 1) if cell != ""), ("", place + 1))
            found[field] = (right[0], number, right[1])
    return found
