"""The administrator of a server's Airflow: made where it is missing, its password that of the secret (`warehouse airflow prepare`).

Run in an environment of operations.airflow_server; the password comes from a file, so that no process list shows it. The last line
of stdout says what was done.
"""

from __future__ import annotations

import sys
from typing import Any

from operations.airflow_environment import LOGIN
from warehouse.settings import get_settings, read_secret

ROLE = "Admin"


def ensure_admin(security: Any, password: str) -> str:
    """Make the login or set its password. Returns made, unchanged or password set; raises RuntimeError."""
    from werkzeug.security import check_password_hash

    user = security.find_user(username=LOGIN)
    if user is None:
        role = security.find_role(ROLE)
        if role is None or not security.add_user(LOGIN, "Warehouse", "Administrator", f"{LOGIN}@localhost", role, password):
            raise RuntimeError("Airflow did not add it")
        return "made"
    if check_password_hash(user.password, password):
        return "unchanged"
    if not security.reset_password(user.id, password):  # ends the sessions of the old password too
        raise RuntimeError("Airflow did not set its password")
    return "password set"


def main() -> int:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    @providers_configuration_loaded
    def work() -> str:
        password = read_secret(get_settings().airflow_password_file, "WAREHOUSE_AIRFLOW_PASSWORD_FILE")
        with get_application_builder() as builder:
            return ensure_admin(builder.sm, password)

    print(work())
    return 0


if __name__ == "__main__":
    sys.exit(main())
