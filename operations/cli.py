"""The command line: `.venv/bin/warehouse`. Every step of a night is a command of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from operations import (
    cli_airflow,
    cli_asof,
    cli_audit,
    cli_backup,
    cli_database,
    cli_export,
    cli_marts,
    cli_status,
    cli_submission,
    cli_waiver,
    cli_watch,
)
from operations.console import EXIT_CODES, night_progress, out, run_main, say
from warehouse.settings import get_settings

app = typer.Typer(
    name="warehouse",
    help="From signed commune workbooks to trusted figures: the poverty, loan and training warehouse of Long An.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(cli_database.db, name="db")
app.add_typer(cli_database.reference, name="reference")
app.add_typer(cli_submission.app, name="submission")
app.add_typer(cli_waiver.app, name="waiver")
app.add_typer(cli_asof.app, name="asof")
app.add_typer(cli_audit.audit, name="audit")
app.add_typer(cli_airflow.airflow, name="airflow")
cli_database.add_commands(app)
cli_marts.add_commands(app)
cli_export.add_commands(app)
cli_audit.add_commands(app)
cli_status.add_commands(app)
cli_watch.add_commands(app)
cli_backup.add_commands(app)

NowOption = Annotated[str | None, typer.Option("--now", help="Moment to record, with its zone; only in a synthetic warehouse.")]
WaitOption = Annotated[int | None, typer.Option("--wait", help="Seconds to wait for another command that writes.", min=0)]


@app.command(epilog="Example: warehouse template household_review --commune 27694 --period 2023 --out bieu-27694.xlsx")
def template(
    form: Annotated[str, typer.Argument(help="Form code, e.g. household_review.")],
    commune: Annotated[str, typer.Option(help="Commune code, 5 digits.")],
    period: Annotated[str, typer.Option(help="Period: 2023, 2023-Q3, 2025-11.")],
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write. Default: <form>_<commune>_<period>.xlsx here.")] = None,
) -> None:
    """Write the blank workbook of a form for a commune and period, its cover filled in."""
    from ingestion.contracts import load_form
    from ingestion.template import write_template
    from operations.console import CommandError
    from warehouse.database import connect

    settings = get_settings()
    try:
        contract = load_form(form)
    except KeyError:
        raise CommandError(f"There is no form '{form}'.") from None
    path = out_file or Path(f"{form}_{commune}_{period}.xlsx")
    with connect(settings) as conn:
        try:
            written = write_template(settings, contract, commune_code=commune, period_key=period, path=path, conn=conn)
        except ValueError as error:
            raise CommandError(str(error)) from None
    version = contract.version_for(period)
    assert version is not None  # it was written
    say(f"{written}\nPhiên bản biểu · form version: {version.version}")


@app.command(epilog="Example: warehouse generate /tmp/longan --years 2021-2023 --seed 7 --errors")
def generate(
    folder: Annotated[Path, typer.Argument(help="Folder to write the workbooks into.")],
    years: Annotated[str, typer.Option(help="One year or a span, of 2021 to 2025: 2021-2023.")] = "2021-2023",
    services_years: Annotated[
        str | None,
        typer.Option(help="Years of credit and training returns, to 2025; '' for none. Default: 2023, where --years has 2021 and 2022."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same province.")] = 1,
    errors: Annotated[bool, typer.Option("--errors", help="Plant errors for every rule; answer_key.json lists what must fire.")] = False,
) -> None:
    """Write a synthetic province: its totals equal the published ones to 2023, then it lives on through both mergers."""
    from operations.console import CommandError
    from synthetic.generate import generate as write_province

    try:
        span = _span(years)
        services = _span(services_years) if services_years is not None else [2023] if {2021, 2022} <= set(span) else []
        with night_progress("Tạo dữ liệu giả lập · generate", get_settings().quiet) as (_, on_progress):
            write_province(folder, years=span, services_years=services, seed=seed, errors=errors, on_progress=on_progress)
        say(str(folder))
    except ValueError as error:
        raise CommandError(str(error)) from None


def _span(years: str) -> list[int]:
    """2021-2023 or 2023; nothing: no year."""
    first, _, last = years.partition("-")
    return list(range(int(first), int(last or first) + 1)) if first else []


@app.command(epilog="Example: warehouse nightly --dry-run   or: warehouse nightly --period 2023-Q3 --commune 27694")
def nightly(
    now: NowOption = None,
    wait: WaitOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    accept: Annotated[str | None, typer.Option(help="Reason to publish although 7.1 households changed by more than 2%. Logged.")] = None,
    form: Annotated[list[str] | None, typer.Option(help="Judge the accepted returns of this form again; may be repeated.")] = None,
    period: Annotated[list[str] | None, typer.Option(help="The same of a period: 2023, 2023-Q3.")] = None,
    commune: Annotated[list[str] | None, typer.Option(help="The same of a commune, 5 digits.")] = None,
) -> None:
    """A whole night: collect, validate, build, check, publish, report. The Airflow DAG calls the same steps.

    With --form, --period, --commune it judges the accepted returns of that part again; none is sent back.
    """
    from operations import nightly as night

    settings = get_settings()
    if wait is not None:
        settings = settings.model_copy(update={"lock_wait_seconds": wait})
    again = {"forms": form or [], "periods": period or [], "communes": commune or []}
    if dry_run:
        from operations.dry_run import dry_run as look

        for line in look(settings, now=now, again=again):
            out.print(line, markup=False)
        return
    with night_progress("Đêm · night", settings.quiet) as (on_step, on_progress):
        story = night.run_night(settings, now=now, on_step=on_step, on_progress=on_progress, accept_reason=accept, again=again)
    print_story(story)


def print_story(story: dict[str, Any]) -> None:
    """The night's story as a small table, and a sentence for what stands out."""
    from operations.nightly import story_sentences

    table = Table(show_header=False, box=None, padding=(0, 2))
    for label, key in (
        ("Tệp mới nhận · files received", "files"),
        ("Không đọc được · unreadable", "unreadable"),
        ("Chấp nhận · accepted", "accepted"),
        ("Nhờ miễn trừ · under a waiver", "waived"),
        ("Trả lại · returned", "returned"),
        ("Kiểm tra lại · judged again", "renewed"),
        ("Lần công bố · publication", "publication_id"),
        ("Báo cáo · report", "report"),
    ):
        table.add_row(label, "-" if story.get(key) is None else str(story[key]))
    out.print(table)
    for line in story_sentences(story):
        say(line)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the synthetic province.")] = 1,
) -> None:
    """The story on a synthetic province: thirteen nights, one through Airflow; ends with the published series and the promises."""
    from operations.demo import run_demo

    run_demo(get_settings(), seed=seed)


def main() -> None:
    """Entry point of the console script."""
    run_main(app)


if __name__ == "__main__":
    main()
