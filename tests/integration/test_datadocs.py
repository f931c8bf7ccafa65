"""Great Expectations' Data Docs: offline, and without a name or an id."""

from __future__ import annotations

import re

import pytest

from expectations.datadocs import NoResults, write_datadocs
from expectations.results import kept_runs
from expectations.validate import validate_pending
from ingestion.collect import collect
from tests.support.workbooks import Return
from warehouse.runs import start_run
from warehouse.settings import Settings


def test_without_a_night_there_is_nothing_to_show(warehouse: Settings) -> None:
    with pytest.raises(NoResults):
        write_datadocs(warehouse)


def test_the_pages_need_no_network_and_show_no_person(warehouse: Settings) -> None:
    settings = warehouse.model_copy(update={"keep_datadocs": 1})
    for commune, code in (("27694", "Phường 1"), ("27691", "Phường 4")):
        built = Return(commune_code=commune, commune_name=code)
        built.rows["household_list"][0].update(head_citizen_id="999060001234", score_b2=40)
        built.write(settings.inbox_dir, f"{commune}.xlsx")
        run = start_run(settings, "test")
        collect(settings, run)
        validate_pending(settings, run)
    index = write_datadocs(settings)
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) >= 6
    for page in (*pages, *index.parent.rglob("*.css")):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"https?:|src=.//|href=.//", text), page
        assert "Nghiệm" not in text
        assert "999060001234" not in text
    assert "HHR" in "".join(page.read_text(encoding="utf-8") for page in pages) or "B2 is" in "".join(
        page.read_text(encoding="utf-8") for page in pages
    )
    assert [path.name for path in kept_runs(settings)] == [str(run.run_id)]
