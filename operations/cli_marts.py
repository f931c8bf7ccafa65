"""The steps of a night as commands of their own: collect, validate, build, publish; and trace, which walks back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from operations import asof
from operations.console import CommandError, night_progress, out, say
from warehouse.builds import COLOURS
from warehouse.clock import parse_now
from warehouse.database import connect
from warehouse.runs import Run, finish_run, start_run, writer_lock
from warehouse.settings import Settings, get_settings

NowOption = Annotated[str | None, typer.Option("--now", help="Moment to record, with its zone; only in a synthetic warehouse.")]


@contextmanager
def command_run(settings: Settings, kind: str, now: str | None) -> Iterator[Run]:
    """A run of its own under the writer's lock; closed as failed where the command raises."""
    with writer_lock(settings, kind=kind):
        run = start_run(settings, kind, injected_now=parse_now(now) if now else None)
        try:
            yield run
        except BaseException as error:
            finish_run(settings, run, "failed", f"{type(error).__name__}: {error}")
            raise
        finish_run(settings, run, "success")


def add_commands(app: typer.Typer) -> None:
    @app.command()
    def collect(now: NowOption = None) -> None:
        """Read what is new in the inbox: archive, register, parse, load."""
        from ingestion.collect import collect as read_inbox

        settings = get_settings()
        with command_run(settings, "collect", now) as run, night_progress("Thu nhận · collect", settings.quiet) as (_, on_progress):
            counts = read_inbox(settings, run, on_progress=on_progress)
        say(", ".join(f"{value} {name}" for name, value in counts.items()))

    @app.command()
    def validate(now: NowOption = None) -> None:
        """Judge every pending submission by the rules: accepted or returned."""
        from expectations.validate import validate_pending

        settings = get_settings()
        with command_run(settings, "validate", now) as run, night_progress("Kiểm tra · validate", settings.quiet) as (_, on_progress):
            counts = validate_pending(settings, run, on_progress=on_progress)
        say(", ".join(f"{value} {name}" for name, value in counts.items()))

    @app.command(epilog="Example: warehouse build --as-of 2024-01-10T22:00+07:00")
    def build(
        now: NowOption = None,
        force: Annotated[bool, typer.Option("--force", help="Build although nothing changed.")] = False,
        as_of: Annotated[
            str | None, typer.Option("--as-of", help="Build what was known at this moment (with its zone), in schemas of its own.")
        ] = None,
        as_of_publication: Annotated[int | None, typer.Option(help="The same, at the moment of a publication.")] = None,
    ) -> None:
        """Build the marts with dbt in the idle colour, and check them at the publish gate. Nothing is switched."""
        from expectations.gate import check_build
        from warehouse import builds

        settings = get_settings()
        if as_of is not None or as_of_publication is not None:
            for sentence in asof.sentences(asof.rebuild(as_of, as_of_publication, settings=settings)):
                say(sentence)
            return
        with command_run(settings, "build", now) as run:
            needed, reason = builds.needs_build(settings, run)
            if not needed and not force:
                say(f"Nothing to build: {reason}")
                return
            outcome = builds.build(settings, run)
            gate = check_build(settings, run, outcome.build_id)
        say(f"Built {outcome.nodes} nodes in {outcome.schema} in {outcome.seconds:.1f} s.")
        for result in gate.results:
            if not result.passed:
                say(f"[red]{result.check_code}[/] {result.detail_vi} · {result.detail_en}")
        say(
            "The gate passed: 'warehouse publish' switches to it."
            if gate.passed
            else "The gate refused it; 'warehouse publish --accept REASON' after a look."
        )

    @app.command(epilog="Example: warehouse publish --previous   (then: warehouse publish --resume)")
    def publish(
        previous: Annotated[
            bool, typer.Option("--previous", help="Roll back to the publication before; nights then build but do not switch.")
        ] = False,
        resume: Annotated[bool, typer.Option("--resume", help="End a rollback: nights switch again.")] = False,
        accept: Annotated[str | None, typer.Option(help="Reason to publish what the gate refused for 7.1 households. Logged.")] = None,
        now: NowOption = None,
    ) -> None:
        """Switch every mart to the newest checked build, in one transaction."""
        from expectations.gate import check_build
        from warehouse import publications

        settings = get_settings()
        with command_run(settings, "publish", now) as run:
            if previous:
                say(f"Publication {publications.rollback(settings, run)}: the marts of the publication before. 'publish --resume' ends it.")
                return
            if resume:
                say(f"Publication {publications.resume(settings, run)}: nights switch again.")
                return
            build_id = newest_build(settings)
            gate = check_build(settings, run, build_id, accept_reason=accept)
            if not gate.passed:
                raise CommandError("The gate refuses it: " + "; ".join(r.detail_en for r in gate.results if not r.passed))
            say(f"Publication {publications.publish(settings, run, build_id, accept_reason=accept)}.")

    @app.command(
        epilog="Examples: warehouse trace fct_poverty 27694 2023 poor_households; "
        "warehouse trace fct_loan_coverage 27694 2023-Q3 served --class poor"
    )
    def trace(
        mart: Annotated[str, typer.Argument(help="fct_poverty, fct_poverty_by_standard, fct_loan_coverage, fct_training_coverage")],
        area: Annotated[str, typer.Argument(help="Commune or district code, or long_an.")],
        period: Annotated[str, typer.Argument(help="2023, 2023-Q3")],
        column: Annotated[str, typer.Argument(help="poor_households")],
        counted_class: Annotated[
            str,
            typer.Option(
                "--class", help="poor, near_poor, newly_escaped, all; or a standard like 2027-2030: where the mart has a row for each."
            ),
        ] = "all",
    ) -> None:
        """Walk back from a figure: publication, submissions, file and hash, sheet, rows, cells."""
        from reporting.trace import TraceError, render
        from reporting.trace import trace as walk

        with connect(get_settings()) as conn:
            try:
                out.print(render(walk(conn, mart, area, period, column, counted_class)))
            except TraceError as error:
                raise CommandError(str(error)) from None


def newest_build(settings: Settings) -> UUID:
    """The newest build that stands and is not published. Raises CommandError where there is none."""
    with connect(settings) as conn:
        row = conn.execute(
            "select build_id from audit.build where state in ('built', 'checked') and build_schema = any(%s) "
            "order by recorded_at desc, build_id limit 1",
            (list(COLOURS),),
        ).fetchone()
    if row is None:
        raise CommandError("There is no build to publish. Run 'warehouse build'.")
    return UUID(str(row[0]))


def counts_table(title: str, rows: list[tuple[str, object]]) -> Table:
    table = Table(title=title, show_header=False)
    for label, value in rows:
        table.add_row(label, str(value))
    return table
