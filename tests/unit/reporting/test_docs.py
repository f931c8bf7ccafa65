"""The docs that come from contracts, rules and models are what their sources give; hand-written parts survive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingestion.contracts import all_forms
from reporting import docs
from reporting.docs_marts import models
from reporting.docs_text import cell, kept, table


def test_the_pages_of_the_repository_are_up_to_date() -> None:
    assert docs.differing() == []


def test_every_column_of_every_form_has_its_line() -> None:
    made = docs.pages()
    for form in all_forms():
        page = made[f"forms/{form.code}.md"]
        for sheet in form.sheets:
            section = page.partition(f"· `intake.{sheet.name}`")[2].partition("\n## ")[0]
            assert [line.split("|")[3].strip(" `") for line in section.splitlines() if re.match(r"\| \d+ \|", line)] == [
                column.field for column in sheet.columns
            ]


def test_every_mart_and_column_is_described() -> None:
    made = docs.pages()
    for name, model in models().items():
        assert model["description"].strip()
        for column in model["columns"]:
            assert f"| `{column['name']}` |" in made[f"marts/{name}.md"]


def test_check_says_what_differs_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs.differing, "__defaults__", (tmp_path,))
    monkeypatch.setattr(docs.write, "__defaults__", (tmp_path,))
    assert docs.main(["--check"]) == 1
    assert "docs/forms/household_review.md is not what its source gives" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0


def test_hand_written_parts_survive(tmp_path: Path) -> None:
    docs.write(tmp_path)
    page = tmp_path / "forms" / "household_review.md"
    page.write_text(page.read_text(encoding="utf-8").replace("None recorded yet.", "- Người ta gửi | vậy đó."), encoding="utf-8")
    assert docs.differing(tmp_path) == []
    page.write_text(page.read_text(encoding="utf-8").replace("| `score_b1` |", "| `other` |"), encoding="utf-8")
    assert docs.write(tmp_path) == ["forms/household_review.md"]
    text = page.read_text(encoding="utf-8")
    assert "- Người ta gửi | vậy đó." in text
    assert "| `score_b1` |" in text


def test_links_between_pages_lead_somewhere() -> None:
    for page in docs.DOCS_DIR.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page, target)


def test_tables_hold_any_text(tmp_path: Path) -> None:
    assert cell("a | b\n c") == "a \\| b c"
    assert table(("x",), [(None,)]) == "| x |\n|---|\n|  |\n"
    assert kept(tmp_path / "none.md", "n", "d") == "<!-- hand-written: n -->\nd\n<!-- end: n -->\n"
