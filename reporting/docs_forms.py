"""docs/forms/<form>.md: the form as its contract has it, and what officers are known to send instead."""

from __future__ import annotations

from pathlib import Path

from ingestion.contracts import Column, Form, Sheet, all_forms
from ingestion.template_styles import form_texts
from reporting.docs_text import generated_from, kept, table


def pages(folder: Path) -> dict[str, str]:
    return {f"forms/{form.code}.md": _page(form, folder / "forms" / f"{form.code}.md") for form in all_forms()}


def _page(form: Form, path: Path) -> str:
    parts = [
        f"# {form.title} · {form.title_en}\n",
        generated_from(f"ingestion/forms/{form.code}.yaml"),
        f"`{form.code}`. {form.basis}. Cadence: {', '.join(form.cadence)};"
        f" {'cumulative' if form.cumulative else 'a stock at the end of its period'}.\n",
        table(
            ("Version", "Periods from", "to", "Valid from"),
            [(version.version, version.periods_from, version.periods_to, version.valid_from) for version in form.versions],
        ),
        f"Blank workbook: `warehouse template {form.code} --commune 27694 --period 2023`.\n",
        "Types: `text`; `code` (one of the values listed); `integer`; `number`; `flag` (x or empty); `date` (dd/mm/yyyy); `date_or_year`"
        " (a date, or a year where only that is known: stored as both). **P** marks a personal value: it never leaves schema `intake`"
        " unmasked. **S** marks a sensitive one.\n",
        *(_sheet(form, sheet) for sheet in form.sheets),
        "## Known irregularities\n",
        kept(path, "known irregularities", "None recorded yet."),
    ]
    return "\n".join(parts)


def _sheet(form: Form, sheet: Sheet) -> str:
    names = ", ".join(f"“{name}”" for name in (sheet.title, *sheet.aliases))
    lines = [_line(form, sheet, position, column) for position, column in enumerate(sheet.columns, start=1)]
    header = ("#", "Nhãn · label", "Field", "Type", "Required", "Values", "Note", "")
    asked = f" Asked by {' and '.join(sheet.only)} only." if sheet.only else ""
    about = f"{sheet.heading}. Grain: {sheet.grain}.{asked} Sheet names read: {names}."
    return f"## {sheet.title} · `intake.{sheet.name}`\n\n{about}\n\n{table(header, lines)}"


def _line(form: Form, sheet: Sheet, position: int, column: Column) -> tuple[object, ...]:
    values = ", ".join(f"{label} = `{code}`" for label, code in (column.codes or {}).items()) or column.hint
    required = "yes" if column.required else column.required_when or ("computed" if column.computed else "")
    note_vi = form_texts(form).get("notes", {}).get(f"{sheet.name}.{column.field}")
    note = " / ".join(text for text in (note_vi, column.note) if text)
    marks = " ".join(mark for mark, is_set in (("P", column.personal), ("S", column.sensitive)) if is_set)
    aliases = "".join(f"<br>{alias}" for alias in column.aliases)
    versions = "".join(
        f" ({word} version {version})" for word, version in (("since", column.since), ("until", column.until)) if version is not None
    )
    return position, column.labels[0] + aliases, f"`{column.field}`", column.type + versions, required, values, note, marks
