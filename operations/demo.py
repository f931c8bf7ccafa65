"""`make demo`: the whole way of a file on a synthetic province, in four nights.

Night 1 brings 2021, night 2 2022, night 3 2023 with a dozen bad returns and an incomplete province, night 4, through a real
Airflow DAG run, the corrections. Its last table sets the published series beside the marts.
"""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.rule import Rule
from rich.table import Table

from operations.cli import print_story
from operations.console import CommandError, night_progress, out
from operations.nightly import run_night
from warehouse import clock
from warehouse.database import connect
from warehouse.reference_data import current
from warehouse.settings import PROJECT_DIR, Settings
from warehouse.setup import init

NIGHTS = (
    ("night1", "2022-01-05T22:00+07:00", "Đêm 1: rà soát năm 2021 · night 1: the review of 2021"),
    ("night2", "2023-01-05T22:00+07:00", "Đêm 2: rà soát năm 2022 · night 2: the review of 2022"),
    ("night3", "2024-01-05T22:00+07:00", "Đêm 3: năm 2023, có báo cáo lỗi · night 3: 2023, with a dozen bad returns"),
    ("night4", "2024-01-12T22:00+07:00", "Đêm 4: các bản sửa, qua Airflow · night 4: the corrections, through Airflow"),
)
START = "2021-12-01T08:00+07:00"


def run_demo(settings: Settings, *, seed: int) -> None:
    """Make a synthetic warehouse in WAREHOUSE_HOME and tell its story. Refuses a real warehouse and one that has data."""
    from synthetic.story import write_story

    _refuse_foreign(settings)
    out.print(Rule("Kho dữ liệu giảm nghèo Long An · the poverty warehouse of Long An"))
    with out.status("Khởi tạo kho · making the warehouse"):
        init(settings, synthetic=True, now=START)
        for left_over in settings.inbox_dir.iterdir():
            left_over.unlink()
    stage = settings.home / "demo"
    with night_progress("Tạo tỉnh giả lập · generating the province", settings.quiet) as (_, on_progress):
        write_story(stage, seed=seed, on_progress=on_progress)
    for folder, now, title in NIGHTS:
        out.print(Rule(title, align="left"))
        _deliver(stage / folder, settings.inbox_dir)
        if folder == "night4":
            _night_by_airflow(settings, now)
        else:
            with night_progress(title.split(":")[0], settings.quiet) as (on_step, on_progress):
                story = run_night(settings, now=now, on_step=on_step, on_progress=on_progress)
            print_story(story)
        if folder == "night3":
            _show_bad_returns(settings, stage)
        _show_goal(settings)
    if not show_series(settings):
        raise CommandError("The marts differ from the published series: this should not happen. Please report it with the seed.")
    _show_goal_readings(settings)
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


def _deliver(folder: Path, inbox: Path) -> None:
    """Copy a night's files into the inbox, with the times at which the communes sent them."""
    for path in sorted(folder.iterdir()):
        shutil.copy2(path, inbox / path.name)


def _night_by_airflow(settings: Settings, now: str) -> None:
    from operations.airflow import run_dag_once

    with out.status("Airflow: nightly_load"):
        story = run_dag_once(settings, now=now)
    print_story(story)


def _show_bad_returns(settings: Settings, stage: Path) -> None:
    """What came back on night 3, and why."""
    told: dict[str, Any] = json.loads((stage / "story.json").read_text(encoding="utf-8"))
    table = Table("Tệp · file", "Kết quả · outcome", "Lỗi · findings", title="Báo cáo có lỗi · the bad returns")
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select o.file_name, coalesce(s.state, r.state), string_agg(distinct f.rule_code, ' ' order by f.rule_code)
            from audit.file_outcome as o
            inner join audit.received_file as r using (sha256)
            left join audit.submission as s on s.sha256 = o.sha256
            left join audit.failing_row as f on f.sha256 = o.sha256 and f.severity = 'error'
            where coalesce(s.state, r.state) in ('returned', 'unreadable')
            group by 1, 2 order by 2, 1
            """
        ).fetchall()
    for name, state, rules in rows:
        table.add_row(name, state, rules or "")
    out.print(table)
    if told.get("missing"):
        out.print(f"Chưa nộp · not sent yet: {', '.join(told['missing'])}")


def _show_goal(settings: Settings) -> None:
    """The headline goal, as far as it can be read tonight."""
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select period_key, actual_value, path_value, status, coalesce(status_reason, '')
            from marts.goal_progress
            where goal_code = 'poverty_reduction' and target_version = 'plan_2021_10pct' and reading = 'compound'
                and area_level = 'long_an' and (actual_value is not null or status_reason like 'incomplete%')
            order by period_key
            """
        ).fetchall()
    for period, actual, path, status, reason in rows:
        shown = "-" if actual is None else f"{actual:,.0f}"
        target = "-" if path is None else f"{path:,.0f}"
        out.print(f"  {period}: hộ nghèo · poor {shown}, đường mục tiêu · path {target}: [bold]{status}[/] {reason}")


def show_series(settings: Settings) -> bool:
    """Published figures of Long An beside the marts; True where every one is equal."""
    with connect(settings) as conn:
        marts = {
            row[0]: row[1:]
            for row in conn.execute(
                """
                select period_key, poor_households, poor_rate_pct, near_poor_households, near_poor_rate_pct, total_households
                from marts.fct_poverty where area_level = 'long_an' and boundary = 'at_time' and period_type = 'year'
                """
            )
        }
        published = current(
            conn,
            "published_figure",
            "area, extract(year from period_end)::int::text, "
            "poor_households, poor_rate_pct, near_poor_households, near_poor_rate_pct, total_households",
        )
    table = Table(title="Số công bố và kho dữ liệu · published series beside the marts")
    for column in ("Năm · year", "Chỉ tiêu · figure", "Công bố · published", "Kho · mart", ""):
        table.add_column(column, justify="right" if column.startswith(("Công", "Kho")) else "left")
    all_equal = True
    names = ("Hộ nghèo · poor", "Tỷ lệ % · rate", "Hộ cận nghèo · near-poor", "Tỷ lệ % · rate", "Tổng số hộ · households")
    for area, year, *figures in sorted(published, key=lambda row: str(row[1])):
        if area != "Long An" or figures[0] is None:
            continue
        for name, official, ours in zip(names, figures, marts.get(year, (None,) * 6), strict=False):
            if official is None:
                continue
            equal = ours is not None and (round(Decimal(ours), 2) == Decimal(official))
            all_equal = all_equal and equal
            shown = "-" if ours is None else f"{ours:,.2f}" if "rate" in name else f"{ours:,}"
            wanted = f"{official:,.2f}" if "rate" in name else f"{official:,}"
            table.add_row(year, name, wanted, shown, "[green]=[/]" if equal else "[red]≠[/]")
    out.print(table)
    return all_equal


def _show_goal_readings(settings: Settings) -> None:
    """Every reading of every target version, at the newest complete year."""
    table = Table(title="Mục tiêu giảm hộ nghèo, cuối 2023 · the poverty goal at the end of 2023", box=None, padding=(0, 1))
    table.add_column("Cách đọc\nreading", no_wrap=True)
    for column in ("Thực tế\nactual", "Đường\npath", "Đạt %\npace", "Cần %\nrequired", "Dự báo\nprojected"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Kết quả\nstatus", no_wrap=True)
    shown: str | None = None
    with connect(settings) as conn:
        rows = conn.execute(
            """
            select target_version, reading, actual_value, path_value, observed_pace_pct, required_pace_pct, projected_value, status
            from marts.goal_progress
            where goal_code = 'poverty_reduction' and area_level = 'long_an' and period_key = '2023' and baseline_year < 2023
            order by target_version, array_position(array['compound', 'simple_mean', 'share_of_baseline', 'every_year'], reading)
            """
        ).fetchall()
    for version, reading, *numbers, status in rows:
        if version != shown:
            table.add_row(f"[bold]{version}[/]")
            shown = version
        table.add_row(reading, *(_shown(n) for n in numbers), status)
    out.print(table)


def _shown(number: Decimal | None) -> str:
    """Counts without needless decimals, all else with two."""
    return "-" if number is None else f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"


def _show_next(settings: Settings) -> None:
    from warehouse.database import database_url, url_with
    from warehouse.roles import role_name, role_passwords

    password = role_passwords(settings)["bi_reader"]
    bi_url = url_with(database_url(settings), user=role_name(settings, "bi_reader"), password=password)
    home = f"WAREHOUSE_HOME={settings.home} " if settings.home != (PROJECT_DIR / ".data") else ""
    query = "select period_key, poor_households, poor_rate_pct from marts.fct_poverty where area_level = 'long_an' order by 1"
    out.print(Rule("Tiếp theo · next", align="left"))
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
