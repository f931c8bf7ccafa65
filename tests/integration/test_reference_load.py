"""`warehouse reference load`: a faulty file changes nothing; a new version of a target needs no code and stays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.database import connect
from warehouse.reference_data import REFERENCE_DIR
from warehouse.reference_ways import fold
from warehouse.settings import PROJECT_DIR, Settings, get_settings
from warehouse.setup import init

NOW = "2024-01-11T08:00+07:00"
OURS = (REFERENCE_DIR / "target.csv").read_text(encoding="utf-8")
RESOLUTION = (
    "poverty_reduction,resolution_7_2024,compound|every_year,12.5,pct_per_year,2021,2025,2022-2026,Sở Nông nghiệp và Môi trường,"
    '7/NQ-HĐND,2024-01-05,no,"Nghị quyết 7: giảm 12,5% mỗi năm",2024-01-05,2025-12-31'
)


@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Settings], dict[str, str]]]:
    """Make the process's settings those of a warehouse; gives them as variables."""

    def point(settings: Settings) -> dict[str, str]:
        assert settings.url is not None
        variables = {"WAREHOUSE_HOME": str(settings.home), "WAREHOUSE_URL": settings.url.get_secret_value()}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        return variables

    yield point
    get_settings.cache_clear()


def query(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(statement).fetchall()


def write(folder: Path, *lines: str, name: str = "target.csv") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(OURS + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_an_officer_adds_a_version_by_csv_and_sees_it_in_the_marts(
    published: Settings, point_at: Callable[[Settings], Any], tmp_path: Path
) -> None:
    point_at(published)
    result = CliRunner().invoke(app, ["reference", "load", str(write(tmp_path / "given", RESOLUTION)), "--now", NOW])
    assert (result.exit_code, result.stdout) == (0, "New versions: target.\n")
    build_and_publish(published, at(published, NOW))
    assert query(
        published,
        "select readings, value, document_number, document_date::text, valid_from::text, valid_to::text, is_assumed from marts.dim_target "
        "where target_version = 'resolution_7_2024'",
    ) == [("compound|every_year", Decimal("12.500000"), "7/NQ-HĐND", "2024-01-05", "2024-01-05", "2025-12-31", False)]
    # 600, 500 and 400 poor households: 600 x 0.875^2 = 459.375; 500 x 0.875 = 437.5.
    assert query(
        published,
        "select reading, period_year, actual_value, path_value, status from marts.goal_progress where target_version = 'resolution_7_2024' "
        "and area_level = 'long_an' and period_year = 2023 order by reading",
    ) == [
        ("compound", 2023, Decimal(400), Decimal("459.375"), "on_track"),
        ("every_year", 2023, Decimal(400), Decimal("437.5"), "on_track"),
    ]
    assert query(
        published, "select distinct period_year from marts.goal_progress where target_version = 'resolution_7_2024' order by 1"
    ) == [(2021,), (2022,), (2023,), (2024,), (2025,)]


def test_what_was_loaded_stays(warehouse: Settings, point_at: Callable[[Settings], Any], tmp_path: Path) -> None:
    """Neither `init` nor a load without a file takes the officer's version back; loading it again changes nothing."""
    point_at(warehouse)
    given = write(tmp_path / "given", RESOLUTION)
    for place, said in ((given, "New versions: target.\n"), (given.parent, "Nothing changed.\n"), (None, "Nothing changed.\n")):
        result = CliRunner().invoke(app, ["reference", "load", *([str(place)] if place else [])])
        assert (result.exit_code, result.stdout) == (0, said)
    assert init(warehouse, synthetic=True).reference_loaded == []
    assert (warehouse.home / "reference" / "target.csv").read_bytes() == given.read_bytes()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([RESOLUTION, RESOLUTION], "resolution_7_2024: thời gian hiệu lực chồng lên dòng 16 · "),
        ([RESOLUTION.replace("poverty_reduction", "happiness")], "target.csv:16: không có chỉ tiêu 'happiness'"),
        ([RESOLUTION.replace("every_year", "each_year")], "target.csv:16: không có cách đọc 'each_year'"),
        ([RESOLUTION.replace("2024-01-05,2025", "2024-13-05,2025")], "target.csv:16: valid_from: '2024-13-05' không phải là ngày"),
        ([RESOLUTION.replace("2021,2025", "2025,2021")], "target.csv:16: target_year phải sau baseline_year"),
        ([RESOLUTION.replace("2022-2026", "2019-2020")], "target.csv:16: không có chuẩn nghèo '2019-2020'"),
    ],
)
def test_a_faulty_file_is_refused_whole_and_nothing_is_written(
    warehouse: Settings, point_at: Callable[[Settings], Any], tmp_path: Path, lines: list[str], said: str
) -> None:
    point_at(warehouse)
    before = query(warehouse, "select load_id, table_name, content_hash from reference.load order by 1")
    good = tmp_path / "given"
    write(good, *lines)
    (good / "ethnicity.csv").write_text("name_vi,is_minority\nKinh,no\n", encoding="utf-8")  # whole, but it comes with the faulty one
    result = CliRunner().invoke(app, ["reference", "load", str(good)])
    assert result.exit_code == 1
    assert said in str(result.exception)
    assert query(warehouse, "select load_id, table_name, content_hash from reference.load order by 1") == before
    assert not (warehouse.home / "reference").exists()
    assert query(warehouse, "select outcome from audit.run where kind = 'reference' order by started_at desc limit 1") == [("failed",)]


@pytest.mark.parametrize(
    ("name", "said"), [("targets.csv", "targets.csv không phải là bảng tham chiếu"), (None, "không có thư mục hoặc tệp")]
)
def test_a_name_that_is_none_is_not_passed_over(
    warehouse: Settings, point_at: Callable[[Settings], Any], tmp_path: Path, name: str | None, said: str
) -> None:
    point_at(warehouse)
    place = write(tmp_path / "given", RESOLUTION, name=name).parent if name else tmp_path / "nowhere"
    result = CliRunner().invoke(app, ["reference", "load", str(place)])
    assert result.exit_code == 1
    assert said in str(result.exception)


def test_as_a_process_it_says_the_line_and_ends_with_1(
    warehouse: Settings, point_at: Callable[[Settings], dict[str, str]], tmp_path: Path
) -> None:
    variables = point_at(warehouse) | {"PYTHONPATH": str(PROJECT_DIR), "PYTHONIOENCODING": "utf-8"}
    given = write(tmp_path / "given", RESOLUTION.replace("12.5", "a lot"))
    done = subprocess.run(
        [sys.executable, "-m", "operations.cli", "reference", "load", str(given)],
        env=variables, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "target.csv:16: value: 'a lot' không phải là số · value: 'a lot' is no number\n"


@pytest.mark.parametrize("name", ["  Ấp  Bình Đông 1 ", "KHU PHỐ ƯỚC LỄ", "Ấp Mỹ Điền"])
def test_hamlets_are_folded_as_the_figures_fold_them(warehouse: Settings, name: str) -> None:
    with connect(warehouse) as conn:
        assert conn.execute("select intake.fold(%s)", (name,)).fetchone() == (fold(name),)
