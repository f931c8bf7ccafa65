"""Words and figures on the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.contracts import load_form
from ingestion.findings import finding_types
from ingestion.reader import cells
from reporting import words
from reporting.lineage import lineage
from reporting.pages import share
from reporting.render import TEMPLATES_DIR, write_csv


def test_every_string_is_in_both_languages() -> None:
    for key, (vi, en) in words.strings().items():
        assert vi.strip() and en.strip(), key
        assert set(re.findall(r"{\w+}", vi)) == set(re.findall(r"{\w+}", en)), key


def test_templates_use_only_known_strings_and_each_string_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES_DIR.glob("*.html"))
    named = set(re.findall(r"""(?:both|vi|en|figure|returns)\(\s*["'](\w+)["']""", text))
    assert {name for name in named if not name.endswith("_")} <= set(words.strings())


def test_no_page_looks_outside() -> None:
    for path in TEMPLATES_DIR.iterdir():
        assert not re.search(r"https?:|//\w+\.|@import|url\(", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize(
    ("key", "vi"),
    [("2023", "năm 2023"), ("2023-H1", "6 tháng, kỳ 1 năm 2023"), ("2023-Q3", "quý 3 năm 2023"), ("2025-07", "tháng 7 năm 2025")],
)
def test_periods_have_names(key: str, vi: str) -> None:
    assert words.period_name(key)[0] == vi


def test_figures_are_written_the_vietnamese_way() -> None:
    assert [words.number(value) for value in (0, 999, 1234567, None)] == ["0", "999", "1.234.567", "–"]
    assert words.percent(Decimal("93.08")) == "93,1%"
    assert words.moment(datetime(2023, 12, 28, 15, 30, tzinfo=UTC)) == "22:30 28/12/2023"


def test_values_cannot_break_out_of_a_page() -> None:
    assert words.pair("<b>", "<i>") == '&lt;b&gt; <span class="en" lang="en">&lt;i&gt;</span>'
    assert words.pair("same", "same") == "same"


@pytest.mark.parametrize("value", ["=1+1", "+84", "-1", "@x", "\t=1", "\r=1"])
def test_no_csv_cell_runs_as_a_formula(value: str) -> None:
    assert words.csv_safe(value) == "'" + value
    assert words.csv_safe("1-2") == "1-2"


def test_a_csv_opens_in_excel_as_vietnamese(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert write_csv(tmp_path / "x.csv", ["Ô"], [["=Hộ"], [None]]) == 2
    assert (tmp_path / "x.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines() == ["Ô", "'=Hộ", '""']


@pytest.mark.parametrize(
    ("counts", "total", "expected"),
    [([], 10, []), ([3, 2], 10, [3, 2]), ([100_000, 2, 5], 10, [4, 2, 4]), ([100, 100, 1], 11, [5, 5, 1]), ([9, 9, 9], 2, [0, 1, 1])],
)
def test_a_rule_with_many_rows_never_hides_the_others(counts: list[int], total: int, expected: list[int]) -> None:
    assert share(counts, total) == expected


def test_lineage_names_fields_of_the_contract_and_stored_codes() -> None:
    for mart in lineage().values():
        form = load_form(mart.form)
        for name, source in mart.columns.items():
            for part in source.ratio:
                assert part in mart.columns, name
            if source.ratio:
                continue
            sheet = form.sheet(source.sheet or mart.counting.sheet)
            for field in (*source.where, *source.shown, *([source.sum] if source.sum else [])):
                sheet.column(field)
            for field, codes in source.where.items():
                column = sheet.column(field)
                if column.codes:
                    assert set(codes) <= set(column.codes.values()), (name, field)


def test_every_repair_of_the_reader_has_its_words() -> None:
    """A code in capitals that the reader gives a cell is either a repair with words here or a finding of its catalogue."""
    folder = Path(cells.__file__).parent
    quoted = {code for path in folder.glob("*.py") for code in re.findall(r'"([A-Z]+(?:-[A-Z0-9]+)*)"', path.read_text(encoding="utf-8"))}
    repairs = {key.removeprefix("repair_") for key in words.strings() if key.startswith("repair_") and key != "repair_counts"}
    assert repairs <= quoted
    assert {code for code in quoted if "-" in code} - set(finding_types()) <= repairs
