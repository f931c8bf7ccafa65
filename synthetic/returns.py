"""What communes send, before anybody typed it into a workbook: one class a form, its sheets by their contract names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from synthetic.records import Row
from synthetic.targets import Commune

ROMAN = ("I", "II", "III", "IV")


@dataclass
class Return:
    """One return of one commune. The cover says which form and period."""

    commune: Commune
    year: int
    cover: Row

    @property
    def form(self) -> str:
        return str(self.cover["form_code"])

    @property
    def title(self) -> str:
        """The period as offices write it under a heading."""
        return f"Năm {self.year}"


@dataclass
class HouseholdReview(Return):
    """The review at the end of a year."""

    household_list: list[Row]
    member_list: list[Row]
    summary_7_1: list[Row]
    movement_7_2: list[Row]
    movement_7_3: list[Row]


@dataclass(frozen=True)
class Quarter:
    year: int
    number: int

    @property
    def key(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def last_day(self) -> date:
        """The as-of date: a return covers 1 January to this day."""
        return date(self.year + self.number // 4, self.number * 3 % 12 + 1, 1) - timedelta(days=1)


@dataclass
class QuarterReturn(Return):
    """Cumulative: the whole year from 1 January to the end of its quarter."""

    quarter: Quarter

    @property
    def title(self) -> str:
        return f"Lũy kế đến hết quý {ROMAN[self.quarter.number - 1]} năm {self.year}"


@dataclass
class CreditReturn(QuarterReturn):
    credit_need: list[Row] = field(default_factory=list)
    credit_capital: list[Row] = field(default_factory=list)


@dataclass
class TrainingReturn(QuarterReturn):
    training_need: list[Row] = field(default_factory=list)
