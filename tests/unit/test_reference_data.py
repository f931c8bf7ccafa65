"""Reference files are refused whole, by line; the repository's own are good."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.reference_data import REFERENCE_DIR, ReferenceDataError, read_table
from warehouse.reference_models import ROW_MODELS

TARGET_HEAD = (REFERENCE_DIR / "target.csv").read_text(encoding="utf-8").splitlines()[0]
GOOD = "poverty_reduction,mine,compound,10,pct_per_year,2021,2025,2022-2026,,,,no,,2021-10-08,"


@pytest.mark.parametrize("name", ROW_MODELS)
def test_every_file_of_the_repository_is_good(name: str) -> None:
    assert read_table(name, REFERENCE_DIR).content_hash


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("poverty_reduction", "happiness"), "unknown goal 'happiness'"),
        (GOOD.replace("compound", "compound|guess"), "unknown reading 'guess'"),
        (GOOD.replace("2021,2025", "2025,2021"), "target_year must be after baseline_year"),
        (GOOD.replace(",10,", ",ten,"), "value"),
        (GOOD[:-1] + ",2020-01-01", "valid_to is before valid_from"),
    ],
)
def test_a_faulty_target_is_refused_by_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "target.csv").write_text(f"{TARGET_HEAD}\n{GOOD}\n{line}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError) as refused:
        read_table("target", tmp_path)
    assert any(problem.startswith("target.csv:3:") and said in problem for problem in refused.value.problems), refused.value.problems


def test_the_same_key_twice_names_both_lines(tmp_path: Path) -> None:
    (tmp_path / "target.csv").write_text(f"{TARGET_HEAD}\n{GOOD}\n{GOOD}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"target.csv:3: the same key stands in line 2"):
        read_table("target", tmp_path)


def test_units_in_force_twice_on_one_day_are_refused(tmp_path: Path) -> None:
    head, *lines = (REFERENCE_DIR / "unit.csv").read_text(encoding="utf-8").splitlines()
    commune = next(line for line in lines if line.startswith("27685,commune"))
    later = commune.replace("2004-08-31,2025-06-30,2004-08-31", "2020-01-01,2025-06-30,2020-01-01")
    assert later != commune
    (tmp_path / "unit.csv").write_text("\n".join([head, commune, later]) + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"unit.csv:3: commune 27685 overlaps line 2"):
        read_table("unit", tmp_path)


def test_a_wrong_header_says_what_it_must_be(tmp_path: Path) -> None:
    (tmp_path / "ethnicity.csv").write_text("name\nKinh\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match="name_vi,is_minority"):
        read_table("ethnicity", tmp_path)
