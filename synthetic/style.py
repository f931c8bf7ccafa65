"""How one office types its workbooks: titles, dates, numbers, letters. Every habit is one that the reader must take."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from ingestion.contracts import Column, Form

NBSP = "\u00a0"


@dataclass(frozen=True)
class Style:
    sheet_titles: dict[str, str]
    text_dates: bool
    text_numbers: bool
    """Numbers of form 7.1 and amounts as vi-VN text: 1.234."""
    decomposed: bool
    """Letters as base and marks apart (Unicode NFD), as some keyboards write them."""
    odd_spaces: bool
    flag: str
    number_period: bool
    lost_zero: bool
    """Citizen IDs of a row or two as numbers, without the leading zero."""
    rates_as_fractions: bool
    blank_nought: bool
    """Columns 4 and 8 of 7.2 and 7.3 left empty where nothing happened."""
    upper_lines: bool
    """The two lines of the national motto above the title."""
    total_row: bool
    merge_names: bool
    font: str

    def text(self, value: str) -> str:
        return unicodedata.normalize("NFD", value) if self.decomposed else value

    def tab(self, sheet_name: str) -> str:
        """The sheet's title. Excel takes 31 characters; marks apart may be too many."""
        title = self.sheet_titles[sheet_name]
        return self.text(title) if len(self.text(title)) <= 31 else title

    def spaced(self, value: str, row: int) -> str:
        """Every seventh text with a space too many or one that does not break."""
        if not self.odd_spaces or row % 7 or " " not in value:
            return value
        return value.replace(" ", NBSP, 1) if row % 2 else value.replace(" ", "  ", 1) + " "

    def value(self, column: Column, value: Any, row: int) -> Any:
        """What is typed into the cell for a value of the contract; None leaves it empty."""
        if value is None or value is False or value == "":
            return None
        if value is True:
            return self.flag
        if isinstance(value, date):
            return f"{value:%d/%m/%Y}" if self.text_dates else value
        if column.codes and value in column.codes.values():
            return self.text(next(label for label, code in column.codes.items() if code == value))
        if isinstance(value, float) and self.rates_as_fractions and column.computed:
            return round(value / 100, 4)
        if isinstance(value, int) and self.text_numbers and column.unit in ("households", "persons", "VND") and abs(value) >= 1000:
            return f"{value:,}".replace(",", ".")
        if isinstance(value, str) and column.type == "text":
            return self.text(self.spaced(value, row))
        return value


def style_of(rng: Random, form: Form) -> Style:
    """Most offices are tidy; each habit has its share."""

    def often(share: float) -> bool:
        return rng.random() < share

    titles = {sheet.name: rng.choice(sheet.aliases) if sheet.aliases and often(0.25) else sheet.title for sheet in form.sheets}
    return Style(
        sheet_titles=titles,
        text_dates=often(0.2),
        text_numbers=often(0.2),
        decomposed=often(0.08),
        odd_spaces=often(0.15),
        flag=rng.choices(("x", "X", "có", "1"), (70, 15, 8, 7))[0],
        number_period=often(0.3),
        lost_zero=often(0.06),
        rates_as_fractions=often(0.15),
        blank_nought=often(0.2),
        upper_lines=often(0.7),
        total_row=often(0.5),
        merge_names=often(0.5),
        font=rng.choice(("Times New Roman", "Times New Roman", "Arial", "Calibri")),
    )
