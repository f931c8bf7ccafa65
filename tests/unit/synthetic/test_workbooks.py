"""The workbooks: readable, under the contract's labels, the same for the same seed, in people's many habits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from ingestion.contracts import load_form
from ingestion.reader.reading import Reading, read_file
from synthetic.damage import REASONS
from synthetic.errors import plant, write_answer_key
from synthetic.generate import Job, generate, plan, write
from synthetic.mistake import MISTAKES
from synthetic.post import moment
from synthetic.returns import HouseholdReview
from synthetic.style import style_of
from warehouse.settings import Settings

FORM = load_form("household_review").in_version("1")


def read(path: Path) -> Reading:
    return read_file(path, path.name, Settings(home=path.parent, _env_file=None))


def job_for(sent: HouseholdReview, path: Path, **habits: object) -> Job:
    plain = replace(
        style_of(Random(1), FORM), sheet_titles={sheet.name: sheet.title for sheet in FORM.sheets}, text_dates=False, text_numbers=False,
        decomposed=False, odd_spaces=False, flag="x", number_period=False, lost_zero=False,
    )  # fmt: skip
    signed = sent.cover["signed_date"]
    return Job(path, sent, replace(plain, **habits), moment(Random(1), signed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "habits",
    [
        {},
        {"text_dates": True, "text_numbers": True, "flag": "có"},
        {"decomposed": True, "odd_spaces": True, "flag": "X"},
        {"number_period": True, "lost_zero": True, "rates_as_fractions": True, "flag": "1"},
        {"blank_nought": True, "upper_lines": False, "total_row": True, "merge_names": True},
        {"merge_names": False, "total_row": False, "upper_lines": True},
        {"sheet_titles": {sheet.name: (sheet.aliases or (sheet.title,))[-1] for sheet in FORM.sheets}},
    ],
    ids=["tidy", "texts", "letters", "numbers", "blanks", "unmerged", "aliases"],
)
def test_every_habit_is_read_without_a_remark(tmp_path: Path, province: list[list[HouseholdReview]], habits: dict[str, object]) -> None:
    sent = province[2][3]
    path, placed = write(job_for(sent, tmp_path / "a.xlsx", **habits))
    reading = read(path)
    assert reading.faults == [] and reading.findings == []
    assert reading.cover is not None
    assert (reading.cover.commune_code, reading.cover.period.key) == (sent.commune.code, "2023")
    for table in reading.tables:
        assert table.row_numbers == placed[table.sheet.name]
        assert set(table.column_map) == {column.field for column in FORM.sheet(table.sheet.name).columns}


def test_labels_are_the_contracts(tmp_path: Path, province: list[list[HouseholdReview]]) -> None:
    from python_calamine import CalamineWorkbook

    path, _ = write(job_for(province[0][0], tmp_path / "a.xlsx"))
    book = CalamineWorkbook.from_path(path)
    assert book.sheet_names == [sheet.title for sheet in FORM.sheets]
    for sheet in FORM.sheets:
        seen = {cell for row in book.get_sheet_by_name(sheet.title).to_python() for cell in row if isinstance(cell, str)}
        assert {column.label for column in sheet.columns} <= seen


def test_the_same_seed_is_the_same_bytes(tmp_path: Path) -> None:
    codes = ["27691", "27712", "27739"]
    hashes = []
    for name in ("one", "two"):
        generate(tmp_path / name, years=[2021], seed=5, communes=codes)
        files = sorted((tmp_path / name / "2021").iterdir())
        assert len(files) == len(codes)
        hashes.append([(file.name, file.stat().st_mtime, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files])
    assert hashes[0] == hashes[1]


def test_files_arrive_after_the_signature_in_office_hours(province: list[list[HouseholdReview]]) -> None:
    jobs = plan(Path(), province, [2021, 2022, 2023], seed=1)
    assert len({job.path for job in jobs}) == len(jobs) == 3 * 188
    for job in jobs:
        assert job.sent.cover["signed_date"] < job.arrives.date() <= date(job.sent.year, 12, 30)
        assert 8 <= job.arrives.hour < 17


@pytest.mark.parametrize("kind", sorted(REASONS))
def test_damaged_files_are_unreadable(tmp_path: Path, province: list[list[HouseholdReview]], kind: str) -> None:
    path, _ = write(replace(job_for(province[0][0], tmp_path / "a.xlsx"), damage=kind))
    assert read(path).reason_code == REASONS[kind]


def test_a_sheet_left_out_is_missed(tmp_path: Path, province: list[list[HouseholdReview]]) -> None:
    path, _ = write(replace(job_for(province[0][0], tmp_path / "a.xlsx"), omit=("movement_7_3",)))
    assert read(path).reason_code == "MISSING-SHEET"


def test_every_mistake_is_planted_in_a_commune_of_its_own(province: list[list[HouseholdReview]]) -> None:
    jobs = plan(Path("out"), province, [2022, 2023], seed=1)
    planted = plant(jobs, 2023, 1)
    rules = {spot.rule for spots in planted.spots.values() for spot in spots}
    own = {rule for rule, planting in MISTAKES.items() if planting.form == "household_review"}
    assert rules >= {*own, "HHR-14B", "STAGE-ORDER", "OLDER-VERSION", "BEFORE-START", "MISSING-SHEET", *REASONS.values()}
    assert len(planted.jobs) == len(jobs) + 3
    touched = {job.path for job, was in zip(planted.jobs, jobs, strict=False) if job is not was}
    assert touched <= planted.spots.keys()
    assert all(job.sent.year == 2023 for job in planted.jobs if job.path in planted.spots)
    # The returns that were copied to be spoilt are still as they were.
    assert jobs == plan(Path("out"), province, [2022, 2023], seed=1)


def test_without_last_years_returns_nothing_speaks_of_them(province: list[list[HouseholdReview]]) -> None:
    planted = plant(plan(Path("out"), province, [2023], seed=1), 2023, 1)
    rules = {spot.rule for spots in planted.spots.values() for spot in spots}
    assert not rules & {"HHR-25", "HHR-26B", "HHR-38", "HHR-38E", "HHR-39", "HHR-39B", "HHR-40"}
    assert "HHR-41" in rules


def test_the_key_names_rows_as_excel_shows_them(tmp_path: Path, province: list[list[HouseholdReview]]) -> None:
    planted = plant(plan(tmp_path, province, [2023], seed=1), 2023, 1)
    path = next(path for path, spots in planted.spots.items() if spots[0].rule == "HHR-02")
    planted.jobs = [job for job in planted.jobs if job.path == path]
    path.parent.mkdir()
    _, placed = write(planted.jobs[0])
    write_answer_key(tmp_path / "key.json", planted, {path: placed})
    told = json.loads((tmp_path / "key.json").read_text(encoding="utf-8"))["files"][path.name]
    assert told["outcome"] == "returned"
    index = planted.spots[path][0].index
    assert index is not None
    assert told["findings"] == [{"sheet": "household_list", "row": placed["household_list"][index], "rule": "HHR-02"}]


@pytest.mark.parametrize("years", [[], [2020], [2025, 2026]])
def test_only_years_of_the_province(tmp_path: Path, years: list[int]) -> None:
    with pytest.raises(ValueError, match="2021 to 2025"):
        generate(tmp_path, years=years, seed=1)


def test_no_errors_where_every_commune_is_new(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reviews to 2024"):
        generate(tmp_path, years=[2024, 2025], seed=1, errors=True)
