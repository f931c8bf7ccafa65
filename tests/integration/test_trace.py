"""From a figure back to its cells: what is traced adds up to what the mart says, for every column that can be traced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from rich.console import Console

from reporting.lineage import lineage
from reporting.trace import Trace, TraceError, render, trace
from tests.support.audit_builder import AuditBuilder, Built
from warehouse.builds import build
from warehouse.clock import LOCAL
from warehouse.database import Connection, connect, url_with
from warehouse.publications import publish
from warehouse.settings import Settings

NIGHT = datetime(2023, 12, 28, 22, 0, tzinfo=LOCAL)
LATER = datetime(2024, 1, 10, 22, 0, tzinfo=LOCAL)
# (opening, closing, movement, members, members at the opening): every allowed triple once, some twice.
HOUSEHOLDS = [
    ("poor", "poor", "unchanged", 4, 4), ("poor", "poor", "unchanged", 3, 5), ("poor", "near_poor", "poor_to_near_poor", 2, 2),
    ("poor", "not_poor", "escaped_poor", 5, 5), ("poor", "outside", "moved_out", 0, 3), ("poor", "outside", "single_died", 0, 1),
    ("near_poor", "poor", "near_poor_to_poor", 6, 6), ("near_poor", "near_poor", "unchanged", 4, 4),
    ("near_poor", "not_poor", "escaped_near_poor", 3, 3), ("near_poor", "outside", "merged", 0, 2),
    ("not_poor", "poor", "relapsed_poor", 4, 4),
    ("not_poor", "poor", "newly_poor", 2, 2), ("not_poor", "near_poor", "relapsed_near_poor", 3, 3),
    ("not_poor", "near_poor", "newly_near_poor", 1, 1), ("not_poor", "not_poor", "unchanged", 4, 4), ("outside", "poor", "moved_in", 5, 0),
    ("outside", "near_poor", "split_off", 2, 0),
]  # fmt: skip


def fill(night: AuditBuilder, built: Built, *, total: int) -> None:
    """A list with every triple, and the totals of form 7.1."""
    lines = [
        {
            "household_code": f"H{number:03}", "head_name": "Nguyễn Văn Thử", "opening_class": opening, "closing_class": closing,
            "movement": movement, "member_count": members, "opening_member_count": before,
            "has_no_labour_capacity": True if number % 3 == 0 else None, "area_type": "urban", "hamlet": "Khu phố 1",
        }
        for number, (opening, closing, movement, members, before) in enumerate(HOUSEHOLDS)
    ]  # fmt: skip
    night.rows(built, "household_list", 7, lines)
    totals = {"total_households": total, "total_persons": 4 * total, "average_households": 7, "average_persons": 20}
    night.rows(built, "summary_7_1", 8, [{"commune_name": "Phường", **totals}])


@pytest.fixture(scope="module")
def province(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two communes for 2021 and 2023, published; after that a newer version that is not published yet. One for all tests."""
    name = "trace_tests"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name} template {template_database}")
    settings = Settings(home=tmp_path_factory.mktemp("trace"), url=SecretStr(url_with(server_url, database=name)), _env_file=None)
    night = AuditBuilder.night(settings, NIGHT)
    for year in ("2021", "2023"):
        built = [night.submission(code, year) for code in ("27694", "27697")]
        fill(night, built[0], total=1000)
        fill(night, built[1], total=2000)
        night.validate(built)
    publish_all(settings, night)
    later = night.next_night(LATER)
    later.validate([later.submission("27694", "2023")])
    yield settings
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


def publish_all(settings: Settings, night: AuditBuilder) -> None:
    outcome = build(settings, night.run)
    with connect(settings) as conn:  # the gate's verdict, which is not the matter here
        conn.execute("update audit.build set state = 'checked' where build_id = %s", (outcome.build_id,))
    publish(settings, night.run, outcome.build_id)


@pytest.fixture
def conn(province: Settings) -> Iterator[Connection]:
    with connect(province) as connection:
        yield connection


COUNTED = [name for name, source in lineage()["fct_poverty"].columns.items() if not source.ratio]


@pytest.mark.parametrize("column", COUNTED)
def test_the_rows_traced_add_up_to_the_mart(conn: Connection, column: str) -> None:
    found = trace(conn, "fct_poverty", "27694", "2023", column)
    assert found.value is not None
    assert found.found == found.value
    assert found.rows
    assert all(cell.cell[-1].isdigit() and "?" not in cell.cell for row in found.rows for cell in row.cells)


def test_every_figure_of_the_mart_can_be_traced(conn: Connection) -> None:
    columns = {row[0] for row in conn.execute(
        "select column_name from information_schema.columns where table_schema = 'marts' and table_name = 'fct_poverty'"
        " and (data_type = 'bigint' or column_name like '%_pct')"
    )}  # fmt: skip
    assert columns - set(lineage()["fct_poverty"].columns) == {
        "expected_submissions", "accepted_submissions", "completeness_pct", "publication_id",
    }  # fmt: skip


def test_file_version_and_cells_are_named(conn: Connection) -> None:
    found = trace(conn, "fct_poverty", "27694", "2023", "relapsed")
    assert found.submission is not None
    assert (found.submission.file_name, found.submission.version, len(found.submission.sha256)) == ("27694_2023_v1.xlsx", 1, 64)
    (row,) = found.rows
    assert (row.row_number, row.household_code, row.name_masked) == (17, "H010", "N*** V*** T***")
    assert [(cell.cell, cell.value) for cell in row.cells] == [("Y17", "Hộ không nghèo"), ("Z17", "Hộ nghèo"), ("AA17", "Tái nghèo")]
    assert found.sheet_title == "Danh sách hộ"


def test_a_version_accepted_after_the_publication_is_not_taken_for_its_source(conn: Connection) -> None:
    found = trace(conn, "fct_poverty", "27694", "2023", "poor_households")
    assert found.submission is not None
    assert found.submission.version == 1


def test_opening_columns_of_a_first_review_are_null_and_say_why(conn: Connection) -> None:
    found = trace(conn, "fct_poverty", "27694", "2021", "left_to_near_poor")
    assert (found.value, found.rows) == (None, ())
    assert found.note is not None
    assert "chuẩn nghèo cũ" in found.note[0]
    assert trace(conn, "fct_poverty", "27694", "2021", "poor_households").found == 6


@pytest.mark.parametrize(("area", "missing"), [("long_an", 186), ("794", 12)])
def test_an_area_lists_its_communes(conn: Connection, area: str, missing: int) -> None:
    found = trace(conn, "fct_poverty", area, "2023", "poor_households")
    assert [(part.area_code, part.value) for part in found.parts] == [("27694", 6), ("27697", 6)]
    assert sum(part.value or 0 for part in found.parts) == found.value == 12
    assert len(found.missing) == missing
    assert all(part.submission is not None for part in found.parts)


def test_a_rate_is_traced_by_its_parts(conn: Connection) -> None:
    found = trace(conn, "fct_poverty", "27694", "2023", "multidimensional_rate_pct")
    poor, near_poor, total = found.parts
    assert [part.found for part in found.parts] == [6, 5, 1000]
    assert found.value == Decimal("1.1")
    assert 100 * (poor.value or 0) + 100 * (near_poor.value or 0) == found.value * (total.value or 0)


def printed(found: Trace) -> str:
    console = Console(file=StringIO(), width=160)
    console.print(render(found))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.mark.parametrize("area", ["27694", "794", "long_an", "27698"])
@pytest.mark.parametrize("column", ["poor_households", "poor_rate_pct", "total_households", "opening_poor_persons"])
def test_it_can_be_printed_and_names_nobody(conn: Connection, area: str, column: str) -> None:
    text = printed(trace(conn, "fct_poverty", area, "2023", column))
    assert "publication 1" in text
    assert "Nguyễn" not in text
    if (area, column) == ("27694", "poor_households"):
        assert "H000" in text and "N*** V*** T***" in text and "Z7: Hộ nghèo" in text and "27694_2023_v1.xlsx" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fct_loans", "27694", "2023", "x"), "cannot be traced; these can: fct_poverty"),
        (("fct_poverty", "27694", "2023", "x"), "these can: total_households"),
        (("fct_loan_coverage", "27694", "2023", "served", "rich"), "no class 'rich': all, near_poor, newly_escaped, poor"),
        (("fct_poverty", "27694", "1999", "poor_households"), "has no row for 27694 in 1999"),
        (("fct_poverty", "00000", "2023", "poor_households"), "has no row for 00000"),
    ],
)
def test_what_cannot_be_traced_is_said(conn: Connection, arguments: Any, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        trace(conn, *arguments)
