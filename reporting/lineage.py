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
    where: dict[str, tuple[str | bool, ...]] = {}
    sum: str | None = None
    cell: str | None = None
    cells: tuple[str, ...] = ("opening_class", "closing_class", "movement")
    movement: bool = False
    """Null in the first review under a standard: its opening list stood under the one before."""
    ratio: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Source:
        ways = [bool(self.ratio), self.cell is not None, bool(self.where)]
        if sum(ways) != 1 or (self.sheet is None) != bool(self.ratio):
            raise ValueError("a column is a ratio, one cell, or rows that meet `where`")
        return self

    @property
    def shown(self) -> tuple[str, ...]:
        """Fields whose cells are shown for each row."""
        return (self.cell,) if self.cell else self.cells


class Words(Strict):
    vi: str
    en: str


class Mart(Strict):
    form: str
    period_type: str
    first_review_of_a_standard: Words
    columns: dict[str, Source]


@cache
def lineage() -> dict[str, Mart]:
    loaded: dict[str, Any] = yaml.safe_load(LINEAGE_FILE.read_text(encoding="utf-8"))
    return {name: Mart.model_validate(mart) for name, mart in loaded.items()}
