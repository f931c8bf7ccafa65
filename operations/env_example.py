"""Writes `.env.example` from the settings themselves (`python -m operations.env_example`, part of `make docs`)."""

from __future__ import annotations

import ast
import inspect
import textwrap

from warehouse.settings import PROJECT_DIR, Settings

PATH = PROJECT_DIR / ".env.example"
HEAD = """\
# Every setting of the warehouse. Copy this file to .env and take the # away from the lines you change; a variable of the
# environment goes before the file. A wrong value stops every command at its start, with the variable's name (exit code 4).
"""
TAIL = """\
# Not settings of the warehouse, but looked at:
#   PYTHON                                the Python that `make install` makes .venv with
#   PG_BIN                                folder of initdb and pg_ctl, before those of the wheel
#   AIRFLOW__DATABASE__SQL_ALCHEMY_CONN   Airflow's metadata database, where it is not to be a database on the warehouse's server
# Of docker-compose.yml only, which needs the first three (WAREHOUSE_INBOX is there the folder on the server's own disk):
#   WAREHOUSE_DB_PASSWORD, WAREHOUSE_AIRFLOW_PASSWORD, WAREHOUSE_INBOX, WAREHOUSE_REPORTS, WAREHOUSE_BACKUP,
#   WAREHOUSE_AIRFLOW_ADDRESS, WAREHOUSE_AIRFLOW_PORT, WAREHOUSE_DB_PORT
"""
# Where the default is computed, or is better said with an example.
SHOWN = {
    "inbox": ".data/inbox",
    "url": "postgresql://user:password@host:5432/warehouse",
    "password_file": "/run/secrets/db_password",
    "airflow_password_file": "/run/secrets/airflow_password",
    "workers": "2",
    "role_prefix": "longan_",
    "quiet": "false",
    "smtp_host": "mail.example.vn",
    "smtp_user": "warehouse",
    "smtp_password_file": "/run/secrets/smtp_password",
    "smtp_password": "...",
    "mail_from": "warehouse@example.vn",
    "mail_to": "data@example.vn,statistics@example.vn",
}


def explanations() -> dict[str, str]:
    """The docstring under each setting."""
    body = ast.parse(textwrap.dedent(inspect.getsource(Settings))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    name = None
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found[name] = " ".join(node.value.value.split())
            name = None
    return found


def render() -> str:
    told = explanations()
    blocks = [HEAD]
    for name, field in Settings.model_fields.items():
        shown = SHOWN.get(name, field.default)
        text = textwrap.fill(told[name], 126, initial_indent="# ", subsequent_indent="# ")
        blocks.append(f"{text}\n# WAREHOUSE_{name.upper()}={shown}\n")
    return "\n".join([*blocks, TAIL])


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
