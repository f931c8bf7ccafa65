"""Databases for tests: names that come again, so that dbt, whose parse depends on the database's name, need not parse anew each time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import psycopg


def database_from(server_url: str, template: str, letter: str) -> str:
    """Copy a database; gives the copy's name: the first of ``w_1``, ``w_2``, ... that is free."""
    with psycopg.connect(server_url, autocommit=True) as conn:
        taken = {row[0] for row in conn.execute("select datname from pg_database")}
        name = next(name for number in range(1, 1000) if (name := f"{letter}_{number}") not in taken)
        conn.execute(f"create database {name} template {template}")
    return name


def share_parse(home: Path, name: str) -> None:
    """Let dbt keep its parse where the next test that has a database of this name finds it."""
    folder = _parses() / name
    folder.mkdir(exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / "dbt").symlink_to(folder)


@cache
def _parses() -> Path:
    """One folder a process: each has a server of its own."""
    return Path(tempfile.mkdtemp(prefix="warehouse-test-dbt-"))
