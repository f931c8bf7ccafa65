"""Strict row models of the reference tables: column order of each CSV, types, keys and the checks across rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

AreaType = Literal["rural", "urban"]
READINGS = ("compound", "simple_mean", "share_of_baseline", "every_year", "ratio")
GOALS = ("poverty_reduction", "multidimensional_reduction", "loan_coverage", "training_coverage", "job_referral")


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    KEY: ClassVar[tuple[str, ...]]

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.KEY)

    @model_validator(mode="after")
    def _dates_in_order(self) -> Row:
        start, end = getattr(self, "valid_from", None), getattr(self, "valid_to", None)
        if start is not None and end is not None and end < start:
            raise ValueError("valid_to is before valid_from")
        return self


class Unit(Row):
    """An administrative unit on one ground. Re-opened at every change of its ground: (code, valid_from, footprint_from)."""

    KEY = ("unit_level", "code", "valid_from", "footprint_from")
    code: str = Field(pattern=r"^\d{2,5}$")
    unit_level: Literal["province", "district", "commune"]
    name_vi: str
    unit_type: str
    area_type: AreaType | None
    district_code: str | None
    province_code: str | None
    valid_from: date
    valid_to: date | None
    footprint_from: date
    is_long_an: bool
    legal_basis: str | None
    note: str | None


class Succession(Row):
    KEY = ("predecessor_code", "successor_code", "effective_date")
    predecessor_code: str = Field(pattern=r"^\d{5}$")
    successor_code: str = Field(pattern=r"^\d{5}$")
    effective_date: date
    kind: str
    extent: Literal["whole", "part"]
    population_moved: int | None
    predecessor_name: str
    successor_name: str
    legal_basis: str
    note: str | None


class Standard(Row):
    KEY = ("standard_version", "area_type")
    standard_version: str
    area_type: AreaType
    review_year_from: int
    review_year_to: int | None
    valid_from: date
    valid_to: date | None
    income_line_vnd: int
    score_b1_line: int | None
    score_b2_line: int | None
    average_income_line_vnd: int | None
    average_score_b1_line: int | None
    is_provisional: bool
    legal_basis: str
    note: str | None


class StandardIndicator(Row):
    KEY = ("standard_version", "position")
    standard_version: str
    position: int
    field: str
    dimension_vi: str
    indicator_vi: str


class Target(Row):
    """One version of a goal's target, with its document. ``readings`` are separated by ``|``."""

    KEY = ("goal_code", "target_version")
    goal_code: str
    target_version: str = Field(pattern=r"^[a-z0-9_]+$")
    readings: str
    value: Decimal = Field(gt=0, le=100)
    unit: Literal["pct_per_year", "pct_of_baseline", "pct"]
    baseline_year: int | None
    target_year: int
    standard_version: str | None
    lead_agency: str | None
    document_number: str | None
    document_date: date | None
    is_assumed: bool
    note_vi: str | None
    valid_from: date
    valid_to: date | None

    @field_validator("goal_code")
    @classmethod
    def _known_goal(cls, value: str) -> str:
        if value not in GOALS:
            raise ValueError(f"unknown goal '{value}'; known: {', '.join(GOALS)}")
        return value

    @field_validator("readings")
    @classmethod
    def _known_readings(cls, value: str) -> str:
        for reading in value.split("|"):
            if reading not in READINGS:
                raise ValueError(f"unknown reading '{reading}'; known: {', '.join(READINGS)}")
        return value

    @model_validator(mode="after")
    def _years_in_order(self) -> Target:
        if self.baseline_year is not None and self.baseline_year >= self.target_year:
            raise ValueError("target_year must be after baseline_year")
        return self


class Programme(Row):
    KEY = ("programme_code", "valid_from")
    programme_code: str = Field(pattern=r"^\d{2}$")
    name_vi: str
    borrower_class: Literal["poor", "near_poor", "newly_escaped"] | None
    counts_for_loan_goal: bool
    valid_from: date
    valid_to: date | None


class LoanCap(Row):
    """Most that one household may owe under a programme."""

    KEY = ("programme_code", "valid_from")
    programme_code: str = Field(pattern=r"^\d{2}$")
    cap_vnd: int = Field(gt=0)
    legal_basis: str
    is_assumed: bool
    valid_from: date
    valid_to: date | None


class TrainingCap(Row):
    """Most that one course of a person may be supported with, by the class of the household."""

    KEY = ("household_class", "valid_from")
    household_class: Literal["poor", "near_poor", "newly_escaped"]
    cap_vnd: int = Field(gt=0)
    legal_basis: str
    is_assumed: bool
    valid_from: date
    valid_to: date | None


class RetirementAge(Row):
    KEY = ("year",)
    year: int
    male_years: int
    male_months: int = Field(ge=0, le=11)
    female_years: int
    female_months: int = Field(ge=0, le=11)


class Calendar(Row):
    """When a return is due, by form, period type and stage, and from which period it is asked for."""

    KEY = ("form_code", "period_type", "result_stage", "valid_from")
    form_code: str
    period_type: Literal["year", "half_year", "quarter", "month"]
    result_stage: Literal["provisional", "final"]
    due_month_day: str | None
    due_days_after_end: int | None
    is_optional: bool
    collection_start: str
    valid_from: date
    valid_to: date | None
    is_assumed: bool
    note: str | None

    @model_validator(mode="after")
    def _one_due_rule(self) -> Calendar:
        if (self.due_month_day is None) == (self.due_days_after_end is None):
            raise ValueError("exactly one of due_month_day and due_days_after_end")
        if self.due_month_day is not None and not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", self.due_month_day):
            raise ValueError("due_month_day is MM-DD")
        return self


class OfficerArea(Row):
    KEY = ("login", "area_code", "valid_from")
    login: str
    area_code: str = Field(pattern=r"^(\d{3}|\d{5})$")
    valid_from: date
    valid_to: date | None


class Ethnicity(Row):
    KEY = ("name_vi",)
    name_vi: str
    is_minority: bool


class CitizenIdProvince(Row):
    """Province codes of a citizen ID (birth registration): the 63 of before the mergers stay in use."""

    KEY = ("code",)
    code: str = Field(pattern=r"^\d{3}$")
    name_vi: str


class PublishedFigure(Row):
    KEY = ("area", "period_end")
    area: str
    period_end: date
    standard: str | None
    total_households: int | None
    poor_households: int | None
    poor_rate_pct: Decimal | None
    near_poor_households: int | None
    near_poor_rate_pct: Decimal | None
    source: str
    note: str | None


ROW_MODELS: dict[str, type[Row]] = {
    "unit": Unit,
    "succession": Succession,
    "standard": Standard,
    "standard_indicator": StandardIndicator,
    "target": Target,
    "programme": Programme,
    "loan_cap": LoanCap,
    "training_cap": TrainingCap,
    "retirement_age": RetirementAge,
    "calendar": Calendar,
    "officer_area": OfficerArea,
    "ethnicity": Ethnicity,
    "citizen_id_province": CitizenIdProvince,
    "published_figure": PublishedFigure,
}


def check_units(rows: list[tuple[int, Unit]]) -> Iterable[str]:
    """No two rows of one unit may be in force on the same day, and a commune has an area type."""
    spans: dict[tuple[str, str], list[tuple[date, date, int]]] = defaultdict(list)
    for line, unit in rows:
        if unit.unit_level == "commune" and unit.area_type is None:
            yield f"{line}: commune {unit.code} has no area_type"
        spans[unit.unit_level, unit.code].append((unit.valid_from, unit.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_targets(rows: list[tuple[int, Target]]) -> Iterable[str]:
    """A target version's dates in force may not overlap its own other rows."""
    spans: dict[tuple[str, str], list[tuple[date, date, int]]] = defaultdict(list)
    for line, target in rows:
        spans[target.goal_code, target.target_version].append((target.valid_from, target.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_loan_caps(rows: list[tuple[int, LoanCap]]) -> Iterable[str]:
    """One cap a programme and day."""
    spans: dict[tuple[str, str], list[tuple[date, date, int]]] = defaultdict(list)
    for line, cap in rows:
        spans["programme", cap.programme_code].append((cap.valid_from, cap.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_training_caps(rows: list[tuple[int, TrainingCap]]) -> Iterable[str]:
    """One cap a class and day."""
    spans: dict[tuple[str, str], list[tuple[date, date, int]]] = defaultdict(list)
    for line, cap in rows:
        spans["class", cap.household_class].append((cap.valid_from, cap.valid_to or date.max, line))
    yield from _overlaps(spans)


def _overlaps(spans: dict[tuple[str, str], list[tuple[date, date, int]]]) -> Iterable[str]:
    for key, periods in spans.items():
        ordered = sorted(periods)
        for (_, end, line), (start, _, other) in pairwise(ordered):
            if start <= end:
                yield f"{other}: {' '.join(key)} overlaps line {line}"
