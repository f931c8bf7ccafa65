"""`make demo`: the whole way of a file on a synthetic province, in thirteen nights (operations/demo.yaml).

The reviews of 2021 and 2022, loans and training quarter by quarter, the review of 2023 and the last quarter with bad returns, the
corrections through a real Airflow DAG run, then on through both mergers, with a correction that comes three years late. It ends with
the published series beside the marts, one figure as known at two moments, and the three promises.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from rich.rule import Rule

from operations.cli import print_story
from operations.console import CommandError, night_progress, out
from operations.demo_closing import show_two_moments
from operations.demo_tables import (
    show_bad_returns,
    show_goal,
    show_missing,
    show_promises,
    show_readings,
    show_series,
    show_services,
    words,
)
from operations.nightly import run_night
from warehouse import clock
from warehouse.clock import parse_now
from warehouse.database import connect
from warehouse.reference_data import load_reference
from warehouse.runs import finish_run, start_run, writer_lock
from warehouse.settings import PROJECT_DIR, Settings
from warehouse.setup import init

START = "2021-12-01T08:00+07:00"
LOG_WIDTH = 100
"""Characters that the tables are made for; a log file has no width of its own."""


def run_demo(settings: Settings, *, seed: int) -> None:
    """Make a synthetic warehouse in WAREHOUSE_HOME and tell its story. Refuses a real warehouse and one that has data."""
    from synthetic.story import write_story

    _refuse_foreign(settings)
    if not out.is_terminal:
        out.width = LOG_WIDTH
    told, nights = words()["headings"], words()["nights"]
    out.print(Rule(told["start"]))
    with out.status(told["init"]):
        init(settings, synthetic=True, now=START)
        for left_over in settings.inbox_dir.iterdir():
            left_over.unlink()
    stage = settings.home / "demo"
    with night_progress(told["generate"], settings.quiet) as (_, on_progress):
        write_story(stage, seed=seed, nights=[parse_now(night["now"]) for night in nights], on_progress=on_progress)
    for number, night in enumerate(nights, start=1):
        out.print(Rule(night["title"], align="left"))
        if "note" in night:
            out.print(night["note"], soft_wrap=True)
        if night.get("loads") == "hamlets":
            load_hamlets(settings, stage, night["now"])
        _deliver(stage / f"night{number}", settings.inbox_dir)
        if night.get("runs") == "airflow":
            _night_by_airflow(settings, night["now"])
        else:
            with night_progress(night["title"].split(":")[0], settings.quiet) as (on_step, on_progress):
                story = run_night(settings, now=night["now"], on_step=on_step, on_progress=on_progress)
            print_story(story)
        show_bad_returns(settings)
        show_missing(settings, stage)
        show_goal(settings)
        show_services(settings)
        if "series" in night:
            show_series(settings)
            out.print(night["series"].format(**_told(stage)["omitted"]), soft_wrap=True)
    if not show_series(settings):
        raise CommandError("The marts differ from the published series: this should not happen. Please report it with the seed.")
    show_readings(settings)
    show_two_moments(settings, _told(stage)["omitted"]["commune_code"])
    show_promises(settings)
    _show_next(settings)


def _refuse_foreign(settings: Settings) -> None:
    """The demo writes into an empty or a demo warehouse only."""
    marker = settings.home / "demo" / "story.json"
    if settings.url is None and not (settings.home / "postgres" / "server.json").exists():
        return
    with connect(settings) as conn:
        made = conn.execute("select to_regclass('audit.setting')").fetchone()
        if made is None or made[0] is None:
            return
        if not clock.is_synthetic(conn):
            raise CommandError("This warehouse is real; the demo would mix synthetic data in. Set WAREHOUSE_HOME to another folder.")
        filled = conn.execute("select exists (select 1 from audit.submission_event)").fetchone()
    if filled and filled[0]:
        hint = "the demo has run here already" if marker.exists() else "it holds data"
        raise CommandError(f"This synthetic warehouse is not empty ({hint}). Run 'make clean', or set WAREHOUSE_HOME to another folder.")


def _told(stage: Path) -> dict[str, Any]:
    """What the story tells of its files (synthetic/story.py)."""
    told: dict[str, Any] = json.loads((stage / "story.json").read_text(encoding="utf-8"))
    return told


def load_hamlets(settings: Settings, stage: Path, now: str) -> None:
    """Load where the hamlets of split communes went, as the officer who knows it would."""
    with writer_lock(settings, kind="reference"):
        run = start_run(settings, "reference", injected_now=parse_now(now))
        load_reference(settings, run, stage / "hamlet_succession.csv")
        finish_run(settings, run, "success")


def _deliver(folder: Path, inbox: Path) -> None:
    """Copy a night's files into the inbox, with the times at which the communes sent them."""
    for path in sorted(folder.iterdir()):
        shutil.copy2(path, inbox / path.name)


def _night_by_airflow(settings: Settings, now: str) -> None:
    from operations.airflow import run_dag_once

    with out.status("Airflow: nightly_load"):
        story = run_dag_once(settings, now=now)
    print_story(story)


def _show_next(settings: Settings) -> None:
    from warehouse.database import database_url, url_with
    from warehouse.roles import role_name, role_passwords

    password = role_passwords(settings)["bi_reader"]
    bi_url = url_with(database_url(settings), user=role_name(settings, "bi_reader"), password=password)
    home = f"WAREHOUSE_HOME={settings.home} " if settings.home != (PROJECT_DIR / ".data") else ""
    query = (
        "select period_key, poor_households, poor_rate_pct from marts.fct_poverty "
        "where boundary = 'at_time' and area_level = 'long_an' order by 1"
    )
    out.print(Rule(words()["headings"]["next"], align="left"))
    for line in (
        f"Báo cáo kiểm tra · validation reports:    {settings.reports_dir / 'index.html'}",
        "Xem số liệu · look at the marts:",
        f"  .venv/bin/psql '{bi_url}' -c \"{query}\"",
        f"Đi ngược một con số · walk back a figure:  {home}.venv/bin/warehouse trace fct_poverty 27694 2023 poor_households",
        f"Bằng chứng · evidence:                     {home}.venv/bin/warehouse audit verify",
        f"Báo cáo bị trả lại · what came back:       {home}.venv/bin/warehouse submission list --state returned",
        f"Great Expectations · data docs:            {home}.venv/bin/warehouse datadocs",
        f"Airflow:                                   {home}make airflow",
        "Dừng và xóa · stop and remove:             make clean",
    ):
        out.print(line, markup=False, soft_wrap=True)
