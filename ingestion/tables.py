"""SQL of the intake tables, from the contract. Its output is frozen as a migration; a test compares the two."""

from __future__ import annotations

from ingestion.contracts import Form, Sheet

KEY_COLUMNS: tuple[tuple[str, str], ...] = (
    ("submission_id", "uuid not null references intake.submission"),
    ("row_number", "integer not null"),
    ("refused_fields", "text[] not null default '{}'"),
)


def create_table_sql(sheet: Sheet) -> str:
    """``create table intake.<sheet>``: the key, what was refused, then the contract's columns in the order of the form."""
    lines = [f"    {name} {sql_type}" for name, sql_type in KEY_COLUMNS]
    lines.insert(2, f"    sheet text not null generated always as ('{sheet.name}') stored")
    lines += [f"    {name} {sql_type}" for name, sql_type in sheet.db_columns]
    lines.append("    primary key (submission_id, row_number)")
    comments = [f"comment on table intake.{sheet.name} is {_quote(f'{sheet.title}: {sheet.grain}.')};"]
    for column in sheet.columns:
        for name, _ in column.db_columns:
            comments.append(f"comment on column intake.{sheet.name}.{name} is {_quote(column.labels[0])};")
    return f"create table intake.{sheet.name} (\n" + ",\n".join(lines) + "\n);\n" + "\n".join(comments) + "\n"


def create_form_sql(form: Form, *, with_cover: bool) -> str:
    """Every table of a form. The cover's table is common to all forms and comes with the first."""
    sheets = form.sheets if with_cover else form.tables
    head = f"-- Generated from ingestion/forms/{form.code}.yaml by ingestion.tables; a test compares the two.\n"
    return head + "\n".join(create_table_sql(sheet) for sheet in sheets)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
