"""What may not stand in a file of the repository is found; what may is left alone."""

from __future__ import annotations

import pytest

from operations.house import forbidden_in


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see /ho" + "me/an/warehouse/notes.txt", "folder"),
        ("cd /ro" + "ot/clone", "folder"),
        ("--extra-index" + "-url=https:/" + "/mirror.example/simple", "registry"),
        ("wheel from files.python" + "hosted.org", "registry"),
        ("password = " + '"correcthorsebattery"', "password"),
        ("postgresql:/" + "/owner:Tr0ub4dor@db.example/warehouse", "password in an address"),
        ("-----BEGIN RSA PRIV" + "ATE KEY-----", "private key"),
    ],
)
def test_found(line: str, what: str) -> None:
    found = list(forbidden_in(f"first line\n{line}\n"))
    assert [number for number, _ in found] == [2]
    assert what in found[0][1]


@pytest.mark.parametrize(
    "line",
    [
        "postgresql://user:password@host:port/database",
        'url = f"postgresql://{user}:{password}@127.0.0.1:{port}/postgres"',
        "POSTGRES_PASSWORD: ${WAREHOUSE_DB_PASSWORD:?set it}",
        "the folder /usr/lib/postgresql/18/bin",
        "`.data/home` stands in for a missing HOME",
        'password=secrets.token_urlsafe(24)',
    ],
)  # fmt: skip
def test_left_alone(line: str) -> None:
    assert list(forbidden_in(line)) == []
