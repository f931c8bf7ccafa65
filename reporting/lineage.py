"""Reads ``lineage.yaml``: which intake rows make which mart column."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

LINEAGE_FILE = Path(__file__).parent / "lineage.yaml"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """How one mart column is made."""

    sheet: str | None = None
    """None for a ratio, and for what the build counted."""
    counted: str | None = None
    """Flag of the counting model that must hold; a count of all it counted has `amount` or nothing but `cells`."""
    amount: str | None = None
    """Column of the counting model that is added; else each counts 1."""
    of_class: str | None = None
    """Column of the sheet that holds the class of a row."""
    where: dict[str, tuple[str | bool, ...]] = {}
    sum: str | None = None
    cell: str | None = None
    cells: tuple[str, ...] = ("opening_class", "closing_class", "movement")
    movement: bool = False
    """Null in the first review under a standard: its opening list stood under the one before."""
    ratio: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Source:
        by_cells = [self.cell is not None, bool(self.where), self.of_class is not None]
        if self.sheet is not None and (sum(by_cells) != 1 or self.ratio or self.counted or self.amount):
            raise ValueError("of a sheet: one cell, rows that meet `where`, or the rows of a class")
        if self.sheet is None and any(by_cells):
            raise ValueError("rows that are picked by their cells name their sheet")
        return self

    @property
    def shown(self) -> tuple[str, ...]:
        """Fields whose cells are shown for each row."""
        return (self.cell,) if self.cell else self.cells


class Words(Strict):
    vi: str
    en: str


class Counting(Strict):
    """Where the build says what it counted once, whatever its rows: households of a credit return, persons of a training return."""

    model: str
    """Table of the build's intermediate layer, one row for each counted, with the class it was counted under."""
    key: str
    rows: str
    """View of the staging layer: the rows of the sheet with their key."""
    sheet: str
    counts: str
    """In words: household, person."""


class Mart(Strict):
    form: str
    period_type: str
    class_column: str | None = None
    """The mart has a row for each class, and one for `all`; or one for each poverty standard."""
    example_class: str = "poor"
    counted_by: Counting | None = None
    first_review_of_a_standard: Words | None = None
    columns: dict[str, Source]

    def sheet_of(self, source: Source) -> str:
        """The contract sheet whose rows are shown."""
        return source.sheet or self.counting.sheet

    @property
    def counting(self) -> Counting:
        assert self.counted_by is not None
        return self.counted_by


@cache
def lineage() -> dict[str, Mart]:
    loaded: dict[str, Any] = yaml.safe_load(LINEAGE_FILE.read_text(encoding="utf-8"))
    return {name: Mart.model_validate(mart) for name, mart in loaded.items()}
