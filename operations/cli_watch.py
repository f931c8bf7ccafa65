"""The command `warehouse watch`: deadlines near and past, nights that failed; mailed where a mail server is set."""

from __future__ import annotations

from typing import Annotated

import typer

from operations.console import CommandError, out
from warehouse.settings import get_settings


def add_commands(app: typer.Typer) -> None:
    @app.command(epilog="Example: warehouse watch   (the DAG watch_deadlines does the same every morning at 07:00)")
    def watch(
        now: Annotated[str | None, typer.Option("--now", help="Moment to judge by, with its zone; only in a synthetic warehouse.")] = None,
    ) -> None:
        """What is due soon, what is late, what stands still. Keeps it in audit.alarm, and mails what has changed."""
        from operations.watch import lines, mail_lines
        from operations.watch import watch as look

        story = look(get_settings(), now=now)
        for line in lines(story):
            out.print(line, markup=False, soft_wrap=True)
        if not story.is_told:
            raise CommandError("\n".join(mail_lines(story)))
