"""The rule catalogue: one check as data. It generates the expectations, the texts of the reports and the docs.

A rule's ``sql`` lists its failing rows: submission_id, row_number (null for a fact of the whole file), value (as shown),
reason_vi, reason_en; it may also give ``field`` (the column the finding points at) and ``sheet`` where they differ from row to
row. ``{rows}`` in it stands for the rows of the rule's sheet in tonight's batch without those where a field it reads was refused.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.contracts import PeriodType, all_forms
from ingestion.findings import finding_types
from warehouse.database import Connection
from warehouse.events import canonical_json

RULES_DIR = Path(__file__).parent / "rules"

Severity = Literal["error", "warning", "info"]


class Between(BaseModel):
    """A one-column check: the value lies in [minimum, maximum]. Empty cells are not its matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    minimum: int | None = None
    maximum: int | None = None


class Rule(BaseModel):
    """One rule, with its texts. ``{names}`` in the texts and the SQL come from ``parameters``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str = Field(pattern=r"^[A-Z]{3}-\d{2}[A-Z]?$|^[A-Z]+-[A-Z]+$")
    version: int = 1
    severity: Severity
    owner: str = "commune"
    form: str | None = None
    """Form whose returns are tested; None for every form (rules on the cover)."""
    periods: tuple[PeriodType, ...] = ()
    """Period types whose returns are tested; empty: every return of the form."""
    sheet: str
    field: str | None = None
    reads: dict[str, tuple[str, ...]] = {}
    """Sheet -> fields that the rule reads. A refused cell among them silences the rule: on its row in the rule's own sheet,
    on the whole return in another sheet."""
    between: Between | None = None
    sql: str | None = None
    parameters: dict[str, Any] = {}
    waivable: bool = True
    """Whether a waiver may set the rule aside for a return. Not where a published mart could not hold what breaks the rule."""
    basis: str
    valid_from: date
    valid_to: date | None = None
    text_vi: str
    text_en: str
    resolve_vi: str
    resolve_en: str

    @model_validator(mode="after")
    def _one_check(self) -> Rule:
        if (self.between is None) == (self.sql is None):
            raise ValueError(f"{self.code}: exactly one of between and sql")
        if self.between is not None and self.field is None:
            raise ValueError(f"{self.code}: a check on one column names it")
        return self

    @property
    def definition_hash(self) -> str:
        # Who may be let off is no part of the check; nor is a field that a rule does not use, which came after rules were on file.
        judged = self.model_dump(mode="json", exclude={"waivable"} if self.periods else {"waivable", "periods"})
        return hashlib.sha256(canonical_json(judged).encode()).hexdigest()

    def fill(self, template: str) -> str:
        """A text or SQL of the rule with its parameters filled in."""
        for name, value in self.parameters.items():
            template = template.replace("{" + name + "}", str(value))
        return template

    def tests(self, form_code: str, period_type: str, period_end: date) -> bool:
        """Is a return for such a period of the form tested by the rule?"""
        return (
            self.form in (None, form_code)
            and (not self.periods or period_type in self.periods)
            and self.valid_from <= period_end
            and (self.valid_to is None or period_end <= self.valid_to)
        )


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the files. Raises ValueError for a code that stands twice."""
    rules: list[Rule] = []
    for path in sorted(RULES_DIR.glob("*.yaml")):
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        defaults = raw.get("defaults", {})
        rules += [Rule.model_validate({**defaults, **item}) for item in raw["rules"]]
    codes = [rule.code for rule in rules]
    if repeated := {code for code in codes if codes.count(code) > 1}:
        raise ValueError(f"rules stand twice: {', '.join(sorted(repeated))}")
    return tuple(rules)


def rule_set_version() -> str:
    """Name of the rule set: 16 hex digits over every rule's definition."""
    return hashlib.sha256("\n".join(rule.definition_hash for rule in load_rules()).encode()).hexdigest()[:16]


def sync_rules(conn: Connection, recorded_at: datetime) -> int:
    """Write to audit.rule every rule version that is not there yet (reader findings too); returns how many."""
    newest = {
        code: (version, digest)
        for code, version, digest in conn.execute(
            "select distinct on (rule_code) rule_code, rule_version, definition_hash from audit.rule order by rule_code, rule_version desc"
        )
    }
    rows: list[tuple[Any, ...]] = []
    for rule in load_rules():
        texts = (rule.text_vi, rule.text_en, rule.resolve_vi, rule.resolve_en, rule.basis)
        fields = (rule.severity, rule.owner, rule.sheet, *map(rule.fill, texts), rule.valid_from, rule.valid_to)
        rows += _new_version(newest, rule.code, rule.definition_hash, fields)
    for code, kind in finding_types().items():
        digest = hashlib.sha256(kind.model_dump_json().encode()).hexdigest()
        rows += _new_version(newest, code, digest, (
            kind.severity, "commune", "file" if kind.level == "file" else "sheet", kind.text_vi, kind.text_en, kind.resolve_vi,
            kind.resolve_en, "reader", date(2021, 1, 1), None,
        ))  # fmt: skip
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.rule (
                rule_code, rule_version, definition_hash, severity, owner, sheet, text_vi, text_en, resolve_vi, resolve_en, basis,
                valid_from, valid_to, recorded_at
            ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [(*row, recorded_at) for row in rows],
        )
    return len(rows)


def _new_version(newest: dict[str, tuple[int, str]], code: str, digest: str, fields: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    version, known = newest.get(code, (0, ""))
    return [] if known == digest else [(code, version + 1, digest, *fields)]


def rule_versions(conn: Connection) -> dict[str, int]:
    """Rule code -> its newest version in audit.rule."""
    return dict(conn.execute("select rule_code, max(rule_version) from audit.rule group by rule_code").fetchall())


def opening_date_sql() -> str:
    """SQL for the day from which a return may arrive, from the contracts: its own opening, else the period's first day."""
    cases = [
        f"when form_code = '{form.code}' and period_type = '{kind}' then (period_year || '-{day}')::date"
        for form in all_forms()
        for kind, day in form.opens.items()
    ]
    return f"case {' '.join(cases)} else period_start_date end" if cases else "period_start_date"
