"""The command `warehouse status`: is all well? For a person, and with --json for a monitor."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from operations.console import out

HELP = (
    "Exit code 0: all is well. 1: a warning. 2: critical, or wrong usage. "
    "Codes of findings, limits and the keys of the JSON document: docs/operations.md, 'Is all well?'. Example: warehouse status --json"
)


def add_commands(app: typer.Typer) -> None:
    @app.command(epilog=HELP)
    def status(
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout and nothing else, whatever the state.")] = False,
        now: Annotated[str | None, typer.Option("--now", help="Moment to judge by, with its zone; only in a synthetic warehouse.")] = None,
    ) -> None:
        """Is all well? The last night, the publication, what is late, the disk: what is wrong and what to do. Writes nothing."""
        from operations.status import look
        from operations.status_view import document, render
        from warehouse.clock import ClockError

        try:
            told = look(now)
        except ClockError as error:
            raise typer.BadParameter(str(error)) from None
        if as_json:
            is_utf8 = out.encoding.lower().replace("-", "") == "utf8"
            out.out(json.dumps(document(told), ensure_ascii=not is_utf8, indent=2), highlight=False)
        else:
            out.print(render(told, out.width))
        raise typer.Exit(told.exit_code)
