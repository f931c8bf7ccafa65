"""Commands about Airflow: airflow (a developer's machine), airflow prepare|run|healthy (a server)."""

from __future__ import annotations

from typing import Annotated

import typer

from operations.console import say
from warehouse.settings import get_settings

airflow = typer.Typer(help="Airflow: all of it on this machine, or on a server process by process.", invoke_without_command=True)


@airflow.callback()
def start(context: typer.Context) -> None:
    """Without a command: scheduler, DAG processor and web UI on 127.0.0.1; prints the address and the login. Ctrl-C stops it."""
    if context.invoked_subcommand is None:
        from operations.airflow import serve

        serve(get_settings())


@airflow.command()
def prepare() -> None:
    """On a server: Airflow's metadata database, and the login admin with the password of WAREHOUSE_AIRFLOW_PASSWORD_FILE. Idempotent."""
    from operations.airflow_server import prepare as make_ready

    say(make_ready(get_settings()))


@airflow.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: warehouse airflow run scheduler; warehouse airflow run users list",
)
def run(
    arguments: Annotated[list[str], typer.Argument(help="api-server, scheduler, dag-processor, or any other command of Airflow's.")],
) -> None:
    """On a server: become that process of Airflow, with our settings; AIRFLOW__ variables of the environment go before them."""
    from operations.airflow_server import run as become

    become(get_settings(), arguments)


@airflow.command(epilog="Example: warehouse airflow healthy scheduler")
def healthy(component: Annotated[str, typer.Argument(help="api-server | scheduler | dag-processor")]) -> None:
    """On a server: is that process well, as the api-server tells? Exit code 1 where it is not."""
    from operations.airflow_server import state

    told = state(component)
    say(f"{component}: {told}")
    raise typer.Exit(0 if told == "healthy" else 1)
