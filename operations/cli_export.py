"""The command that writes a mart to a file: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from operations.console import say
from warehouse.settings import get_settings


def add_commands(app: typer.Typer) -> None:
    @app.command(epilog="Example: warehouse export fct_poverty_default --format xlsx --where period_key=2023 --out ngheo-2023.xlsx")
    def export(
        mart: Annotated[str, typer.Argument(help="A mart of the schema marts, e.g. fct_poverty_default.")],
        file_format: Annotated[str, typer.Option("--format", help="csv | parquet | xlsx")] = "csv",
        out_file: Annotated[Path | None, typer.Option("--out", help="File to write. Default: <mart>.<format> here.")] = None,
        where: Annotated[list[str] | None, typer.Option("--where", help="column=value; repeatable. Twice the same column: either.")] = None,
    ) -> None:
        """Write a published mart to a file, with its publication, its completeness and the meaning of its columns."""
        from operations.export import export as write

        done = write(get_settings(), mart, file_format=file_format, path=out_file, where=where or ())
        say(f"{done.rows} dòng · rows, công bố · publication {done.publication_id}: {done.path}")
