"""The database as one file and back: pg_dump and pg_restore, and the facts by which a restored database is known to be the same.

Passwords go to these programs through the environment, never on the command line; a dump of one database holds no roles.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.builds import COLOURS
from warehouse.database import Connection, connect, database_url
from warehouse.events import GENESIS
from warehouse.hashing import schema_hashes
from warehouse.publications import restate_views
from warehouse.roles import ensure_roles, existing_roles, passwords_file
from warehouse.runs import code_version
from warehouse.server_account import candidates
from warehouse.settings import Settings

SCHEMAS = ("reference", "intake", "audit", "marts", "marts_restricted", "publication")


class BackupError(Exception):
    """The database cannot be dumped or restored; the message says why. A restore that failed left the database as it was."""


def occupied(conn: Connection) -> list[str]:
    """Schemas of a warehouse that stand in this database; none in one that a restore may fill."""
    rows = conn.execute(
        "select nspname::text from pg_namespace where nspname = any(%s) or split_part(nspname, '_', 1) = any(%s) order by nspname",
        (list(SCHEMAS), list(COLOURS)),
    ).fetchall()
    return [row[0] for row in rows]


def dump(settings: Settings, path: Path) -> tuple[dict[str, Any], list[str]]:
    """Write the database to ``path`` (pg_dump's custom format), and return its facts and the SHA-256 of every file it tells of.

    All three are of one snapshot. Raises BackupError.
    """
    with connect(settings, kind="backup") as conn:
        conn.execute("set transaction isolation level repeatable read read only")
        if "audit" not in occupied(conn):
            raise BackupError("Đây chưa phải là kho dữ liệu · This database holds no warehouse. Run 'warehouse init'.")
        snapshot = conn.execute("select pg_export_snapshot()").fetchone()
        assert snapshot is not None
        _run(settings, "pg_dump", "--format=custom", f"--snapshot={snapshot[0]}", f"--file={path}")
        files = conn.execute("select sha256 from audit.received_file").fetchall()
        return facts(conn), [row[0] for row in files]


def facts(conn: Connection) -> dict[str, Any]:
    """What a restored database must have in common with this one: kind, head of the event chain, publication, content of its marts.

    Hashes of marts are computed from the rows, not taken from what the build recorded.
    """
    kind = conn.execute("select value from audit.setting where name = 'kind'").fetchone()
    revision = conn.execute("select version_num from public.alembic_version").fetchone()
    head = conn.execute("select event_id, hash from audit.submission_event order by event_id desc limit 1").fetchone() or (0, GENESIS)
    newest = conn.execute(
        "select publication_id, hash, build_schema from audit.publication order by publication_id desc limit 1"
    ).fetchone()
    assert kind is not None and revision is not None
    publication = None
    if newest is not None:
        hashes = schema_hashes(conn, f"{newest[2]}_marts")
        publication = {"publication_id": newest[0], "hash": newest[1], "build_schema": newest[2], "mart_hashes": hashes}
    return {
        "kind": kind[0],
        "version": {"code": code_version(), "schema": revision[0], "postgresql": conn.info.server_version},
        "events": {"event_id": head[0], "hash": head[1]},
        "publication": publication,
    }


def load_dump(settings: Settings, path: Path) -> None:
    """Fill an empty database from a dump, in one transaction. Owners and rights are those of this server. Raises BackupError."""
    _run(settings, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", str(path))


def finish(settings: Settings) -> list[str]:
    """After a dump was loaded: roles and rights, the views of the marts under this owner, the planner's statistics. Returns warnings."""
    with connect(settings, kind="restore") as conn:
        warnings = ensure_roles(conn, settings)
        restate_views(conn, settings)
        conn.execute("analyze")
        if existing_roles(conn, settings) and not passwords_file(settings).exists():
            warnings.append(
                f"Vai trò đã có sẵn trên máy chủ, mật khẩu giữ nguyên: hãy chép {passwords_file(settings)} từ nơi cũ · "
                f"The roles were on this server already and keep their passwords: copy {passwords_file(settings)} from where it was."
            )
    return warnings


def differences(settings: Settings, told: dict[str, Any]) -> list[str]:
    """What the database does not have in common with the facts of its backup; each difference named."""
    with connect(settings, kind="restore") as conn:
        conn.execute("set transaction isolation level repeatable read read only")
        found = facts(conn)
    named = [
        f"{name}: {vi} · {en} ({told[name]} → {found[name]})"
        for name, vi, en in (
            ("kind", "khác loại kho", "another kind of warehouse"),
            ("events", "đầu chuỗi sự kiện khác", "the head of the event chain differs"),
        )
        if told[name] != found[name]
    ]
    then, now = told["publication"] or {}, found["publication"] or {}
    for name in ("publication_id", "hash", "build_schema"):
        if then.get(name) != now.get(name):
            named.append(f"publication {name}: lần công bố khác · the publication differs ({then.get(name)} → {now.get(name)})")
    marts_then, marts_now = then.get("mart_hashes", {}), now.get("mart_hashes", {})
    for mart in sorted(marts_then.keys() | marts_now.keys()):
        if marts_then.get(mart) != marts_now.get(mart):
            named.append(f"mart {mart}: nội dung khác · its content differs ({marts_then.get(mart)} → {marts_now.get(mart)})")
    return named


def _run(settings: Settings, program: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL on the warehouse's database."""
    parts: dict[str, Any] = dict(conninfo_to_dict(database_url(settings)))
    environment = dict(os.environ)
    if password := parts.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    command = [str(_program(program)), f"--dbname={make_conninfo(**parts)}", "--no-password", *arguments]
    done = subprocess.run(command, env=environment | {"LC_ALL": "C"}, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()[-1:] or ["?"]
        raise BackupError(f"{program} không chạy được · {program} failed: {said[0]}")


def _program(name: str) -> Path:
    """The program of the first PostgreSQL that has it: $PG_BIN, the wheel, Debian's."""
    for folder in candidates():
        if (folder / name).exists():
            return folder / name
    raise BackupError(f"Không tìm thấy {name} · {name} is not found. Run 'make install', or name its folder in PG_BIN.")
