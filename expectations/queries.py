"""A rule's SQL, ready to run: its placeholders filled, refused cells left out, every row with its finding's columns."""

from __future__ import annotations

from functools import cache

from expectations.catalogue import Rule, opening_date_sql
from ingestion.contracts import Sheet, all_forms

SESSION = {"enable_nestloop": "off", "jit": "off"}
"""Planner settings of every session that runs rules. How many submissions a round holds is hidden in settings of the session, so the
planner takes it for one and would look each of tonight's rows up singly."""

FINDING = ("submission_id", "sheet", "row_number", "field", "value", "reason_vi", "reason_en")
"""Columns of a failing row."""


@cache
def sheets() -> dict[str, Sheet]:
    """Every sheet by its name. The cover is common to all forms."""
    return {sheet.name: sheet for form in all_forms() for sheet in form.sheets}


def rows_sql(rule: Rule) -> str:
    """The rows that the rule tests: those of its sheet in tonight's batch, without rows where a field it reads was refused."""
    reads = rule.reads.get(rule.sheet, ())
    condition = f" where not t.refused_fields && {_array(reads)}" if reads else ""
    return f"(select t.* from intake.batch_{rule.sheet} as t{condition})"


def failing_sql(rule: Rule) -> str:
    """The query that lists the rule's failing rows, with the columns FINDING."""
    body = rule.fill(rule.sql or _between_sql(rule)).replace("{rows}", rows_sql(rule)).replace("{opening_date}", opening_date_sql())
    own = f"'{rule.field}'" if rule.field else "null"
    whole = [
        f"not exists (select 1 from intake.batch_{sheet} as x "
        f"where x.submission_id = q.submission_id and x.refused_fields && {_array(fields)})"
        for sheet, fields in rule.reads.items()
        if sheet != rule.sheet and fields
    ]
    # A rule may name sheet and field row by row; else they are the rule's own. An unqualified name means the rule's column where it
    # has one, else that of `own` outside.
    selected = (
        f"q.submission_id, coalesce(sheet, '{rule.sheet}') as sheet, q.row_number, "
        f"coalesce(field, {own}) as field, q.value, q.reason_vi, q.reason_en"
    )
    condition = f" where {' and '.join(whole)}" if whole else ""
    return (
        "select o.* from (select null::text as sheet, null::text as field) as own "
        f"cross join lateral (select {selected} from ({body}) as q{condition}) as o"
    )


def _between_sql(rule: Rule) -> str:
    assert rule.between is not None
    low, high = rule.between.minimum, rule.between.maximum
    beyond = " or ".join(
        part
        for part in (f"r.{rule.field} < {low}" if low is not None else "", f"r.{rule.field} > {high}" if high is not None else "")
        if part
    )
    said = f"{'' if low is None else f'từ {low} '}{'' if high is None else f'đến {high}'}".strip()
    said_en = f"{'' if low is None else f'at least {low} '}{'' if high is None else f'at most {high}'}".strip()
    return (
        f"select r.submission_id, r.row_number, r.{rule.field}::text as value, "
        f"format('Giá trị %s, phải {said}', r.{rule.field}) as reason_vi, "
        f"format('The value is %s, it must be {said_en}', r.{rule.field}) as reason_en from {{rows}} as r where {beyond}"
    )


def _array(fields: tuple[str, ...]) -> str:
    return "array[" + ", ".join(f"'{field}'" for field in fields) + "]"
