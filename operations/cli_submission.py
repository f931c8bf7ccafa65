"""Commands about submissions: list, show, withdraw, resubmit."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.table import Table

from operations import submissions
from operations.cli_marts import NowOption, command_run
from operations.console import out, say
from reporting import words
from warehouse.settings import get_settings

app = typer.Typer(help="What communes sent: one row a (form, commune, period, version).", no_args_is_help=True)

State = Literal["received", "validated", "returned", "held", "accepted", "superseded", "withdrawn"]
Identifier = Annotated[str, typer.Argument(help="Submission id, or its first 8 or more characters.")]


@app.command("list", epilog="Example: warehouse submission list --period 2023 --state returned")
def list_(
    commune: Annotated[str | None, typer.Option(help="Commune code.")] = None,
    period: Annotated[str | None, typer.Option(help="Period key.")] = None,
    form: Annotated[str | None, typer.Option(help="Form code.")] = None,
    state: Annotated[State | None, typer.Option(help="Those in this state alone.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 200,
) -> None:
    """List submissions, newest first."""
    table = Table("id", "form", "commune", "period", "v.", "stage", "state", "received", "file")
    for row in submissions.find(get_settings(), commune=commune, period=period, form=form, state=state, limit=limit):
        table.add_row(str(row.submission_id)[:8], row.form_code, f"{row.commune_code} {row.commune_name}", row.period_key, str(row.version),
                      row.result_stage, row.state, f"{row.received_at:%Y-%m-%d %H:%M}", row.file_name)  # fmt: skip
    out.print(table)


@app.command()
def show(submission: Identifier) -> None:
    """One submission: its file, its history, what was found."""
    settings = get_settings()
    details = submissions.show(settings, submission)
    head = Table(show_header=False, box=None)
    for label, value in details.facts:
        head.add_row(label, value)
    out.print(head)
    events = Table("event", "at", "actor", "note")
    for event in details.events:
        events.add_row(*event)
    out.print(events)
    findings = Table("rule", "severity", "rows", "tested", "waiver")
    for finding in details.findings:
        findings.add_row(*finding)
    out.print(findings)


@app.command(epilog="Example: warehouse submission diff 1f0c2d3e 8a9b0c1d")
def diff(old: Identifier, new: Identifier, limit: Annotated[int, typer.Option(min=1, help="Changed rows shown.")] = 200) -> None:
    """Two versions of a return, row by row: added, removed and changed cells. Names and IDs are masked."""
    changes = submissions.diff(get_settings(), old, new)
    table = Table("trang · sheet", "", "hộ · household", "dòng · row", "cột · column", "trước · before", "sau · after")
    for change in changes[:limit]:
        place = " → ".join("-" if number is None else str(number) for number in (change.old_row, change.new_row))
        kind = " · ".join(words.strings()[f"change_{change.kind}"])
        for number, cell in enumerate(change.cells):
            head = (change.sheet, kind, change.household or "-", place) if number == 0 else ("", "", "", "")
            table.add_row(*head, cell.label, cell.old or "-", cell.new or "-")
    out.print(table)
    say(f"{len(changes)} dòng khác · rows differ" + (f", {limit} ở trên · shown" if len(changes) > limit else ""))


@app.command(epilog='Example: warehouse submission withdraw 1f0c2d3e --reason "Công văn 12/UBND: số liệu sai"')
def withdraw(
    submission: Identifier,
    reason: Annotated[str, typer.Option(help="Why; kept in the chain.")],
    actor: Annotated[str, typer.Option(help="Who asked for it.")] = "operator",
    now: NowOption = None,
) -> None:
    """Withdraw an accepted submission: it stops counting at the next build. The file and its rows stay."""
    settings = get_settings()
    with command_run(settings, "withdraw", now) as run:
        submission_id = submissions.withdraw(settings, run, submission, reason=reason, actor=actor)
    say(f"Withdrawn: {submission_id}")


@app.command()
def resubmit(submission: Identifier, now: NowOption = None) -> None:
    """Take the same bytes from the archive in again, as a new version, to be judged by today's rules."""
    settings = get_settings()
    with command_run(settings, "resubmit", now) as run:
        submission_id = submissions.resubmit(settings, run, submission)
    say(f"New version: {submission_id}. 'warehouse validate' judges it.")
