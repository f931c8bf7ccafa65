"""Commands for auditors: audit verify and restatements, report, datadocs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from operations.console import BROKEN, err, out, say
from warehouse.database import connect
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


@audit.command(epilog="Example: warehouse audit restatements --mart fct_poverty --area 27694 --column poor_households")
def restatements(
    mart: Annotated[str | None, typer.Option(help="This mart alone.")] = None,
    area: Annotated[str | None, typer.Option(help="Commune or district code, or long_an.")] = None,
    column: Annotated[str | None, typer.Option(help="This column alone.")] = None,
    publication: Annotated[int | None, typer.Option(help="What this publication changed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Figures shown, the newest first.")] = 40,
) -> None:
    """List published figures that changed: before, after, both publications, the cause and the submission."""
    with connect(get_settings()) as conn:
        rows = conn.execute(
            """
            select mart, array_to_string(key, ' '), column_name, old_value, new_value, previous_publication_id, publication_id, cause,
                left(submission_id::text, 8)
            from audit.restatement
            where (%(mart)s::text is null or mart = %(mart)s) and (%(column)s::text is null or column_name = %(column)s)
                and (%(publication)s::bigint is null or publication_id = %(publication)s)
                and (%(area)s::text is null or exists (select 1 from unnest(key) as k (part) where split_part(k.part, '@', 1) = %(area)s))
            order by publication_id desc, mart, key, column_name
            limit %(limit)s
            """,
            {"mart": mart, "area": area, "column": column, "publication": publication, "limit": limit},
        ).fetchall()
    if not rows:
        say("Không có số liệu đã công bố nào thay đổi · no published figure has changed.")
        return
    table = Table(
        "bảng · mart",
        "khóa · key",
        "cột · column",
        "trước · before",
        "sau · after",
        "lần · publications",
        "nguyên nhân · cause",
        "nộp · submission",
    )
    for name, key, field, old, new, before, after, cause, submission in rows:
        table.add_row(name, key, field, old or "-", new or "-", f"{before} → {after}", cause, submission or "-")
    out.print(table)


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
