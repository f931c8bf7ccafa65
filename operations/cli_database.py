"""Commands about the database itself: db start|stop|status|url, init, reference load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from operations.console import CommandError, err, say
from warehouse.database import connect, database_url, url_with
from warehouse.server import EmbeddedServer
from warehouse.settings import get_settings

db = typer.Typer(help="The database: an embedded PostgreSQL, or the server that WAREHOUSE_URL names.", no_args_is_help=True)
reference = typer.Typer(help="Reference data: units, standards, targets, calendars.", no_args_is_help=True)


@db.command()
def start() -> None:
    """Start the embedded database (nothing to do where WAREHOUSE_URL names a server)."""
    settings = get_settings()
    if settings.url is not None:
        say("WAREHOUSE_URL names a server: nothing is started.")
        return
    info = EmbeddedServer(settings.home).start()
    say(f"PostgreSQL runs on 127.0.0.1:{info.port}, files in {settings.home / 'postgres'}.")


@db.command()
def stop() -> None:
    """Stop the embedded database."""
    settings = get_settings()
    say("Stopped." if EmbeddedServer(settings.home).stop() else "It was not running.")


@db.command()
def status() -> None:
    """Is the database reachable, and which version is it? Exit code 1 where it is not."""
    settings = get_settings()
    if settings.url is None and not EmbeddedServer(settings.home).is_running():
        say("The embedded database is stopped. Start it with 'warehouse db start'.")
        raise typer.Exit(1)
    with connect(settings) as conn:
        row = conn.execute("select version(), current_database(), pg_size_pretty(pg_database_size(current_database()))").fetchone()
    assert row is not None
    say(f"{row[0].split(' on ')[0]}, database {row[1]}, {row[2]}, {'your own server' if settings.url else 'embedded'}.")


@db.command(epilog='Example: psql "$(warehouse db url --role bi_reader)"')
def url(
    role: Annotated[str, typer.Option(help="owner | bi_reader | auditor | case_officer")] = "owner",
) -> None:
    """Print a connection string. It holds a password: do not paste it into a ticket."""
    from warehouse.roles import ROLES, role_name, role_passwords

    settings = get_settings()
    owner = database_url(settings)
    if role == "owner":
        print(owner)
        return
    if role not in ROLES:
        raise CommandError(f"There is no role '{role}'. Known: owner, {', '.join(ROLES)}.")
    print(url_with(owner, user=role_name(settings, role), password=role_passwords(settings)[role]))


@db.command(epilog="Example: warehouse db rotate bi_reader")
def rotate(role: Annotated[str, typer.Argument(help="bi_reader | auditor | case_officer")]) -> None:
    """Give a role a new password; 'warehouse db url --role' tells it."""
    from warehouse.roles import ROLES, existing_roles, rotate_password

    settings = get_settings()
    with connect(settings, kind="rotate") as conn:
        if role not in ROLES or role not in existing_roles(conn, settings):
            raise CommandError(f"There is no role '{role}' on the server. Known: {', '.join(ROLES)}.")
        rotate_password(conn, settings, role)
    say(f"{role} has a new password: 'warehouse db url --role {role}' tells it.")


@reference.command(epilog="Example: warehouse reference load target.csv   (docs/operations.md, 'A new target')")
def load(
    place: Annotated[Path | None, typer.Argument(help="A CSV such as target.csv, or a folder of them, in the place of ours.")] = None,
    now: Annotated[str | None, typer.Option("--now", help="Moment to record, with its zone; only in a synthetic warehouse.")] = None,
) -> None:
    """Load reference CSVs as a new version where their content changed. A faulty file is refused whole, by line."""
    from warehouse.clock import parse_now
    from warehouse.reference_data import load_reference
    from warehouse.runs import finish_run, start_run, writer_lock

    settings = get_settings()
    with writer_lock(settings, kind="reference"):
        run = start_run(settings, "reference", injected_now=parse_now(now) if now else None)
        try:
            loaded = load_reference(settings, run, place)
        except Exception as error:
            finish_run(settings, run, "failed", str(error))
            raise
        finish_run(settings, run, "success" if loaded else "nothing_new")
    say(f"New versions: {', '.join(loaded)}." if loaded else "Nothing changed.")


def add_commands(app: typer.Typer) -> None:
    @app.command(epilog="Example: warehouse init --synthetic")
    def init(
        synthetic: Annotated[bool, typer.Option("--synthetic", help="Mark the warehouse synthetic: only there is --now taken.")] = False,
        no_roles: Annotated[bool, typer.Option("--no-roles", help="Create no roles; print the SQL for your administrator.")] = False,
        now: Annotated[str | None, typer.Option("--now", help="Moment to record; only with --synthetic.")] = None,
    ) -> None:
        """Migrations, reference data, roles, empty marts. Safe to run again."""
        from warehouse.roles import roles_sql
        from warehouse.setup import init as make

        settings = get_settings()
        result = make(settings, synthetic=synthetic, roles=not no_roles, now=now)
        for warning in result.warnings:
            err.print(warning, style="yellow", markup=False)
        if no_roles:
            print(roles_sql(settings))
            return
        loaded = ", ".join(result.reference_loaded) or "unchanged"
        say(f"A {result.kind} warehouse is ready in {settings.home}. Reference data: {loaded}.")
