"""Looks and words of the blank workbook: cell formats, column widths, notes. Nothing here knows where a cell stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.contracts import Column, Form, Sheet

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

TEXTS_FILE = Path(__file__).parent / "template_texts.yaml"

INK, GREY_LINE, REQUIRED, OPTIONAL, FILLED, NUMBERING = "#1F2933", "#8A97A3", "#FFF3C4", "#F1F4F7", "#E4E8EC", "#FFFFFF"
FONT = {"font_name": "Times New Roman", "font_size": 11, "font_color": INK}

WIDTHS = {"text": 14.0, "code": 18.0, "integer": 10.0, "number": 10.0, "flag": 4.5, "date": 12.0, "date_or_year": 12.0}
FIELD_WIDTHS = {
    "row_label": 6.0, "household_no": 7.0, "member_no": 9.0, "head_name": 24.0, "member_name": 24.0, "commune_name": 20.0, "head_sex": 9.0,
    "area_type": 12.0, "unit": 12.0, "movement": 26.0, "decision_number": 18.0, "birth_year_male": 8.0, "birth_year_female": 8.0,
    "head_citizen_id": 15.0, "citizen_id": 15.0, "activity_status": 22.0, "relation_to_head": 13.0, "ethnicity": 10.0,
}  # fmt: skip


@cache
def texts() -> dict[str, Any]:
    """The words of the workbook (``template_texts.yaml``)."""
    loaded: dict[str, Any] = yaml.safe_load(TEXTS_FILE.read_text(encoding="utf-8"))
    return loaded


def form_texts(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = texts()["forms"].get(form.code, {})
    return found


class Styles:
    """Formats of one workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:
        merged = {**FONT, **properties}
        key = tuple(sorted(merged.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(merged)
        return self._made[key]

    def title(self) -> Format:
        return self.get(bold=True, font_size=14)

    def line(self) -> Format:
        return self.get(font_color="#4A5763")

    def hint(self) -> Format:
        return self.get(italic=True, font_size=10, font_color="#6B5A1E")

    def header(self, column: Column, tint: str | None = None) -> Format:
        """Required columns are yellow; columns of a band carry its tint; flags stand upright to save width."""
        colour = REQUIRED if column.required else tint or OPTIONAL
        properties: dict[str, Any] = {"bg_color": colour, "border": 1, "border_color": GREY_LINE, "bold": True, "text_wrap": True}
        if column.type == "flag":
            return self.get(**properties, align="center", valign="bottom", rotation=90, font_size=10)
        return self.get(**properties, align="center", valign="vcenter")

    def lined(self) -> Format:
        return self._workbook.add_format({"border": 1, "border_color": GREY_LINE})

    def band(self, tint: str) -> Format:
        return self.get(bg_color=tint, border=1, border_color=GREY_LINE, italic=True, font_size=10, align="center", shrink=True)

    def group(self) -> Format:
        return self.get(bg_color=OPTIONAL, border=1, border_color=GREY_LINE, bold=True, align="center", valign="vcenter", text_wrap=True)

    def numbering(self) -> Format:
        return self.get(
            bg_color=NUMBERING, border=1, border_color=GREY_LINE, italic=True, font_size=9, align="center", num_format="@", shrink=True
        )

    def cell(self, column: Column, **more: Any) -> Format:
        """How values of a column look: codes and IDs are text, so that Excel keeps what is typed."""
        if column.type == "date":
            return self.get(num_format="dd/mm/yyyy", align="left", **more)
        if column.type == "integer":
            year = column.field.startswith("birth_year")
            return self.get(num_format="0" if year else "#,##0", **more)
        if column.type == "number":
            return self.get(num_format="0.00" if column.computed else "#,##0", **more)
        if column.type == "flag":
            return self.get(num_format="@", align="center", **more)
        return self.get(num_format="@", **more)


def width(column: Column) -> float:
    return FIELD_WIDTHS.get(column.field, WIDTHS[column.type])


def note(form: Form, sheet: Sheet, column: Column) -> str:
    """What the officer reads over the column's name: whether it is required, how to write it, what to mind."""
    said = texts()
    own = form_texts(form)
    key = f"{sheet.name}.{column.field}"
    parts = []
    if column.required:
        parts.append(said["required"])
    elif column.required_when:
        parts.append(said["required_when"].format(when=own["required_when"][key]))
    if column.codes:
        parts.append(said["allowed"].format(values=", ".join(column.codes)))
    elif column.type != "text" or column.required:
        parts.append(said["types"]["computed" if column.computed else column.type])
    parts.append(own.get("notes", {}).get(key) or said["notes"].get(key) or column.hint or "")
    return "\n".join(part for part in parts if part)
