"""One contract, four readers of it: the blank workbook, the parser's mapping, the intake tables and the form's page agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from ingestion.contracts import Form, Sheet, all_forms
from ingestion.reader.cover import read_cover
from ingestion.reader.layout import find_header, find_sheet
from ingestion.reader.workbook import open_workbook
from ingestion.tables import KEY_COLUMNS
from ingestion.template import write_template
from ingestion.template_sheets import TITLE_ROWS
from reporting.docs import DOCS_DIR
from warehouse.database import connect
from warehouse.settings import Settings

FORMS = all_forms()
SHEETS = [(form, sheet) for form in FORMS for sheet in form.sheets]
IDS = [f"{form.code}.{sheet.name}" for form, sheet in SHEETS]
NAMES = {"bigint": "bigint", "text": "text", "boolean": "boolean", "date": "date", "integer": "integer", "numeric(18,6)": "numeric"}


def period_of(form: Form) -> str:
    """A period for which the form is asked, in its newest version: that one has every column."""
    return {"year": "2026", "quarter": "2026-Q3"}[form.cadence[0]]


@pytest.mark.parametrize(("form", "sheet"), SHEETS, ids=IDS)
def test_the_intake_table_has_the_columns_of_the_contract(warehouse: Settings, form: Form, sheet: Sheet) -> None:
    with connect(warehouse) as conn:
        found = conn.execute(
            "select column_name, data_type from information_schema.columns where table_schema = 'intake' and table_name = %s order by"
            " ordinal_position",
            (sheet.name,),
        ).fetchall()
    keys = {name for name, _ in KEY_COLUMNS} | {"sheet"}
    assert [(name, kind) for name, kind in found if name not in keys] == [(name, NAMES[kind]) for name, kind in sheet.db_columns]
    assert form.sheet(sheet.name) == sheet


@pytest.mark.parametrize(("form", "sheet"), SHEETS, ids=IDS)
def test_the_blank_workbook_has_the_labels_of_the_contract(tmp_path: Path, form: Form, sheet: Sheet) -> None:
    path = write_template(None, form, commune_code="27694", period_key=period_of(form), path=tmp_path / "blank.xlsx")
    rows = load_workbook(str(path)).get_sheet_by_name(sheet.title).to_python(skip_empty_area=False)
    if sheet.layout == "pairs":
        assert [row[0] for row in rows[TITLE_ROWS:] if row[0]] == [column.label for column in sheet.columns]
        return
    top, below = rows[TITLE_ROWS], rows[TITLE_ROWS + 1]
    found: list[Any] = []
    group: Any = ""
    for index, column in enumerate(sheet.columns):
        group = top[index] or group
        found.append(f"{group} - {below[index]}" if column.group else top[index])
    assert found == [column.labels[0] for column in sheet.columns]


@pytest.mark.parametrize(("form", "sheet"), SHEETS, ids=IDS)
def test_the_page_of_the_form_lists_every_column(form: Form, sheet: Sheet) -> None:
    page = (DOCS_DIR / "forms" / f"{form.code}.md").read_text(encoding="utf-8")
    section = page.partition(f"· `intake.{sheet.name}`")[2].partition("\n## ")[0]
    lines = [line.split(" | ") for line in section.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [(line[1], line[2].strip("`")) for line in lines] == [(column.labels[0], column.field) for column in sheet.columns]


@pytest.mark.parametrize(("form", "sheet"), SHEETS, ids=IDS)
def test_the_parser_finds_every_column_of_the_contract(tmp_path: Path, form: Form, sheet: Sheet) -> None:
    path = write_template(None, form, commune_code="27694", period_key=period_of(form), path=tmp_path / "blank.xlsx")
    workbook = open_workbook(path, path.name, Settings(home=tmp_path, _env_file=None))
    if sheet.layout == "pairs":
        cover = read_cover(workbook)
        assert list(cover.places) == [column.field for column in sheet.columns]
        assert (cover.form, cover.commune_code, cover.period.key) == (form, "27694", period_of(form))
        return
    version = form.versions[-1].version
    header = find_header(workbook.rows(find_sheet(workbook, sheet, version, {})), sheet, version)
    assert header is not None
    assert header.columns == {column.field: place for place, column in enumerate(sheet.columns_of(version), start=1)}
    assert (header.missing, header.twice, header.extra) == ((), (), ())
