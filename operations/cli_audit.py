"""Commands for auditors: audit verify, report, datadocs."""

from __future__ import annotations

import typer

from operations.console import BROKEN, err, say
from warehouse.settings import get_settings

audit = typer.Typer(help="Evidence: the chain of events, the archive, the digests of failing rows.", no_args_is_help=True)


@audit.command(epilog="Exit code 0: all holds. 2: something does not, and each problem is named.")
def verify() -> None:
    """Walk the event chain, the publications, the archive and the digests."""
    from reporting.evidence import verify as walk

    problems = walk(get_settings())
    for problem in problems:
        err.print(str(problem), style="red", markup=False)
    if problems:
        raise typer.Exit(BROKEN)
    say("Chuỗi sự kiện, kho lưu trữ và mã băm đều khớp · the chain, the archive and the digests hold.")


def add_commands(app: typer.Typer) -> None:
    @app.command()
    def report() -> None:
        """Write the validation reports (static HTML) again, whole."""
        from reporting.site import write_site

        say(str(write_site(get_settings())))

    @app.command()
    def datadocs() -> None:
        """Great Expectations' own Data Docs of the last night, readable offline."""
        from expectations.datadocs import write_datadocs

        say(str(write_datadocs(get_settings())))
