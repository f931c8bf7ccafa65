"""Form contracts: one YAML a form, read by strict models.

A contract is the single truth about a return. From it come the blank workbook, the parser's mapping, the columns of the
intake tables and the form's page in the docs. Column order and labels follow the official forms named in ``basis``.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMS_DIR = Path(__file__).parent / "forms"

ColumnType = Literal["text", "code", "integer", "number", "flag", "date", "date_or_year"]
PeriodType = Literal["year", "half_year", "quarter", "month"]

SQL_TYPES: dict[str, str] = {
    "text": "text",
    "code": "text",
    "integer": "bigint",
    "number": "numeric(18,6)",
    "flag": "boolean",
    "date": "date",
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """One column of a sheet (one labelled cell of the cover)."""

    field: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    group: str | None = None
    """First line of a merged two-line header; ``label`` is then the second line."""
    aliases: tuple[str, ...] = ()
    type: ColumnType
    required: bool = False
    required_by: str | None = None
    """The rule that speaks where a required value is empty; without one the reader says MISSING-VALUE."""
    required_when: str | None = None
    unit: str | None = None
    hint: str | None = None
    note: str | None = None
    codes: dict[str, str] | None = None
    """Vietnamese value in the workbook -> code stored in intake. Only for type ``code``."""
    personal: bool = False
    """Identifies a person: masked wherever it leaves the intake schema."""
    sensitive: bool = False
    computed: bool = False
    """A printed rate: we compute our own, so it may be empty and a bad value is only a warning."""
    fill_down: bool = False
    """Merged cells may cover several rows (names in forms 7.2 and 7.3)."""
    since: str | None = None
    """First contract version that has the column."""
    until: str | None = None

    @model_validator(mode="after")
    def _codes_belong_to_code_columns(self) -> Column:
        if self.codes is not None and self.type != "code":
            raise ValueError(f"{self.field}: only a column of type code has codes")
        return self

    def __hash__(self) -> int:
        return hash((self.field, self.label, self.type))  # a dictionary of codes has no hash of its own

    @property
    def labels(self) -> tuple[str, ...]:
        """Every header text under which the column may stand, the official one first."""
        full = f"{self.group} - {self.label}" if self.group else self.label
        return (full, *self.aliases)

    @property
    def db_columns(self) -> tuple[tuple[str, str], ...]:
        """(name, SQL type) of the intake columns that hold this column.

        ``date_or_year`` gives two: the date where a full date was given, and the year in any case.
        """
        if self.type == "date_or_year":
            return ((self.field, "date"), (f"{self.field}_year", "integer"))
        return ((self.field, SQL_TYPES[self.type]),)


class Sheet(Strict):
    """One sheet of a form and the table ``intake.<name>`` that receives its rows."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    aliases: tuple[str, ...] = ()
    heading: str
    layout: Literal["pairs", "table"]
    grain: str
    only: tuple[PeriodType, ...] = ()
    """Period types whose return has the sheet; empty: every return of the form."""
    columns: tuple[Column, ...]

    @model_validator(mode="after")
    def _fields_are_unique(self) -> Sheet:
        fields = [column.field for column in self.columns]
        if len(fields) != len(set(fields)):
            raise ValueError(f"{self.name}: a field stands twice")
        return self

    def __hash__(self) -> int:
        return hash((self.name, self.title))

    def is_asked(self, period_type: str) -> bool:
        """Does a return for a period of this type have the sheet?"""
        return not self.only or period_type in self.only

    def column(self, field: str) -> Column:
        return next(column for column in self.columns if column.field == field)

    @lru_cache(maxsize=256)  # noqa: B019 - contracts live as long as the process
    def columns_of(self, version: str) -> tuple[Column, ...]:
        """Columns that the given contract version has, in the order of the form."""
        return tuple(
            column
            for column in self.columns
            if (column.since is None or int(column.since) <= int(version)) and (column.until is None or int(version) <= int(column.until))
        )

    def in_version(self, version: str) -> Sheet:
        """The sheet as that version has it: what a workbook of the version holds."""
        return self.model_copy(update={"columns": self.columns_of(version)})

    @property
    def db_columns(self) -> tuple[tuple[str, str], ...]:
        return tuple(pair for column in self.columns for pair in column.db_columns)


class Version(Strict):
    """A contract version and the periods it is for (inclusive, as text keys that sort: 2021, 2023-Q3, 2025-11)."""

    version: str
    periods_from: str
    periods_to: str | None = None
    valid_from: date


class Form(Strict):
    code: str
    title: str
    title_en: str
    basis: str
    cadence: tuple[PeriodType, ...]
    cumulative: bool
    opens: dict[PeriodType, str] = {}
    """Period type -> ``MM-DD`` of the period's own year from which a return may arrive; else its first day."""
    compares_with: tuple[str, ...] = ()
    """Forms whose official returns in force this form's rules read: they are judged first, and when they change it is judged again.
    The form itself: its rules read its earlier quarters; where one of them comes late, the later one is judged again."""
    versions: tuple[Version, ...]
    sheets: tuple[Sheet, ...]

    def sheet(self, name: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.name == name)

    @property
    def cover(self) -> Sheet:
        return self.sheet("cover")

    @property
    def tables(self) -> tuple[Sheet, ...]:
        """Sheets with rows: all but the cover."""
        return tuple(sheet for sheet in self.sheets if sheet.layout == "table")

    def in_version(self, version: str) -> Form:
        """The form with the columns of one version alone."""
        return self.model_copy(update={"sheets": tuple(sheet.in_version(version) for sheet in self.sheets)})

    def version_for(self, period_key: str) -> Version | None:
        """The contract version whose periods hold ``period_key``; None where none does. Compared by year."""
        year = period_key[:4]
        for version in self.versions:
            if version.periods_from[:4] <= year and (version.periods_to is None or year <= version.periods_to[:4]):
                return version
        return None


@cache
def _cover() -> Sheet:
    return Sheet.model_validate(yaml.safe_load((FORMS_DIR / "_cover.yaml").read_text(encoding="utf-8")))


@cache
def load_form(code: str) -> Form:
    """Read ``forms/<code>.yaml``; its first sheet is the cover that all forms share. Raises KeyError for an unknown form, pydantic's
    ValidationError for a bad contract."""
    path = FORMS_DIR / f"{code}.yaml"
    if code.startswith("_") or not path.is_file():
        raise KeyError(code)
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Form.model_validate({**raw, "sheets": [_cover(), *raw["sheets"]]})


@cache
def all_forms() -> tuple[Form, ...]:
    return tuple(load_form(path.stem) for path in sorted(FORMS_DIR.glob("[a-z]*.yaml")))
