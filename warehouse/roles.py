"""Roles and their rights. Rights on marts follow each publication switch; the rest is granted here, idempotently.

On a server of your own where the owner may not create roles, `init --no-roles` prints this SQL for the administrator; a
role that is missing is said and its grants are skipped.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from psycopg import sql

from warehouse.database import Connection
from warehouse.settings import Settings

ROLES = ("bi_reader", "auditor", "case_officer", "warehouse_loader", "warehouse_builder")

RIGHTS: dict[str, tuple[str, ...]] = {
    "bi_reader": (
        "grant usage on schema marts to {role}",
        "alter role {role} set statement_timeout = '5min'",
        "alter role {role} set idle_in_transaction_session_timeout = '5min'",
    ),
    "auditor": (
        "grant usage on schema marts, audit to {role}",
        "grant select on all tables in schema audit to {role}",
        "alter role {role} set idle_in_transaction_session_timeout = '5min'",
    ),
    "case_officer": (
        "grant usage on schema marts_restricted to {role}",
        "alter role {role} set statement_timeout = '1min'",
        "alter role {role} set idle_in_transaction_session_timeout = '5min'",
    ),
    "warehouse_loader": (
        "grant usage on schema reference, intake, audit to {role}",
        "grant select on all tables in schema reference, intake, audit to {role}",
        "grant insert on all tables in schema intake, audit to {role}",
        "grant update (ended_at, outcome, error) on audit.run to {role}",
    ),
    "warehouse_builder": (
        "grant usage on schema reference, intake, audit to {role}",
        "grant select on all tables in schema reference, intake, audit to {role}",
        "grant insert on all tables in schema audit to {role}",
        "grant update on audit.build to {role}",
    ),
}


def role_name(settings: Settings, role: str) -> str:
    """The role's name on this server (WAREHOUSE_ROLE_PREFIX in front)."""
    return settings.role_prefix + role


def existing_roles(conn: Connection, settings: Settings) -> set[str]:
    """Which of our roles (unprefixed) exist on the server."""
    rows = conn.execute("select rolname from pg_roles where rolname = any(%s)", ([role_name(settings, r) for r in ROLES],)).fetchall()
    return {row[0].removeprefix(settings.role_prefix) for row in rows}


def passwords_file(settings: Settings) -> Path:
    return settings.home / "secrets" / "roles.json"


def role_passwords(settings: Settings) -> dict[str, str]:
    """Passwords of the login roles, made once and kept in <home>/secrets (mode 600)."""
    path = passwords_file(settings)
    if path.exists():
        return dict(json.loads(path.read_text()))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {role: secrets.token_urlsafe(18) for role in ROLES}
    _keep(path, made)
    return made


def _keep(path: Path, passwords: dict[str, str]) -> None:
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(passwords))
    part.replace(path)


def rotate_password(conn: Connection, settings: Settings, role: str) -> None:
    """A new password for a role, on the server and in <home>/secrets; its open sessions stay. Killed in between: run it again.

    The server gets the hash alone, so no log of its statements can show it.
    """
    passwords = role_passwords(settings) | {role: secrets.token_urlsafe(18)}
    name = role_name(settings, role)
    hashed = conn.pgconn.encrypt_password(passwords[role].encode(), name.encode(), b"scram-sha-256").decode()
    conn.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(name), sql.Literal(hashed)))
    conn.commit()
    _keep(passwords_file(settings), passwords)


def roles_sql(settings: Settings) -> str:
    """The statements an administrator runs where we may not: roles without passwords, then the rights."""
    lines = [f'create role "{role_name(settings, role)}" login' for role in ROLES]
    lines += [statement for role in ROLES for statement in _rights(settings, role)]
    return ";\n".join(lines) + ";\n"


def ensure_roles(conn: Connection, settings: Settings, *, create: bool = True) -> list[str]:
    """Create the roles that are missing (where we may) and grant what each needs. Returns warnings."""
    warnings: list[str] = []
    row = conn.execute("select rolsuper or rolcreaterole from pg_roles where rolname = current_user").fetchone()
    may_create = bool(row and row[0])
    present = existing_roles(conn, settings)
    for role in ROLES:
        name = role_name(settings, role)
        if role not in present and create and may_create:
            conn.execute(
                sql.SQL("create role {} login password {}").format(sql.Identifier(name), sql.Literal(role_passwords(settings)[role]))
            )
        elif role not in present:
            warnings.append(f"role {name} is missing; its rights are skipped ('warehouse init --no-roles' prints the SQL)")
            continue
        for statement in _rights(settings, role):
            if may_create or not statement.startswith("alter role"):
                conn.execute(statement)
    return warnings


def _rights(settings: Settings, role: str) -> list[str]:
    return [statement.format(role=f'"{role_name(settings, role)}"') for statement in RIGHTS[role]]
