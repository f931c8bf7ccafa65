"""Strict row models of the reference tables: column order of each CSV, types and keys."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from warehouse.reference_faults import fault


def _as_written(value: object) -> object:
    """Only 2021-10-08 is a date: pydantic would also take a number, as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise fault("not_a_date")
    return value


Day = Annotated[date, BeforeValidator(_as_written)]
Year = Annotated[int, Field(ge=1993, le=2100)]
"""A year of the poverty standards: the first dates from 1993."""
AreaType = Literal["rural", "urban"]
READINGS = ("compound", "simple_mean", "share_of_baseline", "every_year", "ratio")
REDUCTIONS = ("poverty_reduction", "multidimensional_reduction")
COVERAGES = ("loan_coverage", "training_coverage", "job_referral")
GOALS = REDUCTIONS + COVERAGES


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
            raise fault("dates_order")
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
    valid_from: Day
    valid_to: Day | None
    footprint_from: Day
    is_long_an: bool
    legal_basis: str | None
    note: str | None


class Succession(Row):
    KEY = ("predecessor_code", "successor_code", "effective_date")
    predecessor_code: str = Field(pattern=r"^\d{5}$")
    successor_code: str = Field(pattern=r"^\d{5}$")
    effective_date: Day
    kind: str
    extent: Literal["whole", "part"]
    population_moved: int | None = Field(ge=1)
    predecessor_name: str
    successor_name: str
    legal_basis: str
    note: str | None


class HamletSuccession(Row):
    """Where a hamlet of a commune that was split went."""

    KEY = ("predecessor_code", "hamlet", "successor_code", "effective_date")
    predecessor_code: str = Field(pattern=r"^\d{5}$")
    hamlet: str
    successor_code: str = Field(pattern=r"^\d{5}$")
    effective_date: Day
    legal_basis: str | None
    note: str | None


class Standard(Row):
    KEY = ("standard_version", "area_type")
    standard_version: str
    area_type: AreaType
    review_year_from: int
    review_year_to: int | None
    valid_from: Day
    valid_to: Day | None
    income_line_vnd: int
    deprivation_line: int | None
    """Indicators lacked from which a household at or below the income line is poor; None where facts alone do not tell."""
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
    baseline_year: Year | None
    target_year: Year
    standard_version: str | None
    lead_agency: str | None
    document_number: str | None
    document_date: Day | None
    is_assumed: bool
    note_vi: str | None
    valid_from: Day
    valid_to: Day | None

    @field_validator("goal_code")
    @classmethod
    def _known_goal(cls, value: str) -> str:
        if value not in GOALS:
            raise fault("unknown_goal", goal=value, known=", ".join(GOALS))
        return value

    @field_validator("readings")
    @classmethod
    def _known_readings(cls, value: str) -> str:
        readings = value.split("|")
        for number, reading in enumerate(readings):
            if reading not in READINGS:
                raise fault("unknown_reading", reading=reading, known=", ".join(READINGS))
            if reading in readings[:number]:
                raise fault("reading_twice", reading=reading)
        return value

    @model_validator(mode="after")
    def _fits_its_goal(self) -> Target:
        """What the formulas cannot read is no target: it would stop a build, or stand there without a figure."""
        readings, start = self.readings.split("|"), self.baseline_year
        if self.goal_code in COVERAGES:
            if readings != ["ratio"] or self.value != 100 or self.unit != "pct" or start is not None or self.standard_version is not None:
                raise fault("coverage_shape", goal=self.goal_code)
            return self
        if start is None or self.standard_version is None or self.unit == "pct" or "ratio" in readings:
            raise fault("reduction_shape", goal=self.goal_code)
        if start >= self.target_year:
            raise fault("years_order", baseline=start, target=self.target_year)
        years = self.target_year - start
        if self.unit == "pct_of_baseline" and readings != ["share_of_baseline"]:
            raise fault("share_only")
        if self.unit == "pct_per_year" and "share_of_baseline" in readings and self.value * years > 100:
            raise fault("share_over_all", value=self.value, years=years)
        return self


class Programme(Row):
    KEY = ("programme_code", "valid_from")
    programme_code: str = Field(pattern=r"^\d{2}$")
    name_vi: str
    borrower_class: Literal["poor", "near_poor", "newly_escaped"] | None
    counts_for_loan_goal: bool
    valid_from: Day
    valid_to: Day | None


class LoanCap(Row):
    """Most that one household may owe under a programme."""

    KEY = ("programme_code", "valid_from")
    programme_code: str = Field(pattern=r"^\d{2}$")
    cap_vnd: int = Field(gt=0)
    legal_basis: str
    is_assumed: bool
    valid_from: Day
    valid_to: Day | None


class TrainingCap(Row):
    """Most that one course of a person may be supported with, by the class of the household."""

    KEY = ("household_class", "valid_from")
    household_class: Literal["poor", "near_poor", "newly_escaped"]
    cap_vnd: int = Field(gt=0)
    legal_basis: str
    is_assumed: bool
    valid_from: Day
    valid_to: Day | None


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
    valid_from: Day
    valid_to: Day | None
    is_assumed: bool
    note: str | None

    @model_validator(mode="after")
    def _one_due_rule(self) -> Calendar:
        if (self.due_month_day is None) == (self.due_days_after_end is None):
            raise fault("due_rule")
        if self.due_month_day is not None and not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", self.due_month_day):
            raise fault("due_month_day")
        return self


class OfficerArea(Row):
    KEY = ("login", "area_code", "valid_from")
    login: str
    area_code: str = Field(pattern=r"^(\d{3}|\d{5})$")
    valid_from: Day
    valid_to: Day | None


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
    period_end: Day
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
    "hamlet_succession": HamletSuccession,
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
