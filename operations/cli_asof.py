"""As-of builds: list them, take one away, compare two."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

import typer
from rich.table import Table

from operations.cli_marts import command_run
from operations.console import CommandError, out, say
from warehouse import asof as builds_as_of
from warehouse.clock import LOCAL
from warehouse.database import Connection, connect
from warehouse.mart_diff import Cell, build_tables, differences
from warehouse.settings import get_settings

app = typer.Typer(help="Marts as they were known at a moment ('warehouse build --as-of').", no_args_is_help=True)

BuildArgument = Annotated[str, typer.Argument(help="An as-of build (asof_...), or 'published' for what the marts show.")]


@app.command("list")
def list_() -> None:
    """List the as-of builds that stand, by the moment they speak of."""
    with connect(get_settings()) as conn:
        found = builds_as_of.standing(conn)
    if not found:
        say(builds_as_of.sentence("none_stands"))
        return
    table = Table("build", "đã biết đến · known at", "ngày · day", "mã nguồn · code", "dựng lúc · built")
    for one in found:
        table.add_row(one.schema, _local(one.knowledge_at), str(one.today), one.code_version, _local(one.built_at))
    out.print(table)


@app.command(epilog="Example: warehouse asof drop asof_20240110t150000z")
def drop(schema: Annotated[str, typer.Argument(help="Its name in 'warehouse asof list'.")]) -> None:
    """Take an as-of build away. What was published is not touched."""
    settings = get_settings()
    with command_run(settings, "asof", None) as run:
        builds_as_of.drop(settings, run, schema)
    say(builds_as_of.sentence("dropped", schema=schema))


@app.command(epilog="Example: warehouse asof diff asof_20230110t150000z published --mart fct_poverty")
def diff(
    old: BuildArgument,
    new: BuildArgument,
    mart: Annotated[str | None, typer.Option(help="This mart alone.")] = None,
    show: Annotated[int, typer.Option(min=0, help="Cells shown of each mart.")] = 10,
) -> None:
    """Compare two builds cell by cell."""
    with connect(get_settings()) as conn:
        names = [_build(conn, name) for name in (old, new)]
        cells: dict[str, list[Cell]] = defaultdict(list)
        counts: dict[str, int] = {table.name: 0 for table in build_tables() if mart in (None, table.name)}
        if not counts:
            raise CommandError(f"There is no mart '{mart}'.")
        restricted = {table.name for table in build_tables() if table.is_restricted}
        for cell in differences(conn, *names):
            if cell.mart in counts:
                counts[cell.mart] += 1
                if counts[cell.mart] <= show and cell.mart not in restricted:  # no household rows on a screen
                    cells[cell.mart].append(cell)
    for name, count in counts.items():
        say(builds_as_of.sentence("cells_differ", mart=name, count=f"{count:,}"))
        if cells[name]:
            table = Table("", "cột · column", old, new)
            for cell in cells[name]:
                table.add_row(" ".join(cell.key), cell.column, cell.old or "-", cell.new or "-")
            out.print(table)


def _build(conn: Connection, name: str) -> str:
    """The build of a name that somebody typed. Raises CommandError where there is none."""
    if name == "published":
        row = conn.execute("select build_schema from audit.publication order by publication_id desc limit 1").fetchone()
        if row is None:
            raise CommandError("Nothing is published yet.")
        return str(row[0])
    if name not in {one.schema for one in builds_as_of.standing(conn)}:
        raise builds_as_of.AsOfRefused("no_build", schema=name)
    return name


def _local(moment: object) -> str:
    return f"{moment.astimezone(LOCAL):%d/%m/%Y %H:%M:%S}"  # type: ignore[attr-defined]
