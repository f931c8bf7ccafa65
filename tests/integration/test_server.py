"""The embedded PostgreSQL: starts and stops any number of times, keeps what was committed, says what is in its way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from warehouse import server_account
from warehouse.server import EmbeddedServer, ServerError, ServerInfo
from warehouse.server_account import Account, candidates, check_reachable, find_binaries


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that root's database user may enter (pytest's own temporary folders are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="warehouse-server-"))
    folder.chmod(0o755)
    yield folder
    EmbeddedServer(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _rows(info: ServerInfo) -> list[tuple[object, ...]]:
    with psycopg.connect(info.url) as conn:
        return conn.execute("select n from kept order by n").fetchall()


def test_start_and_stop_are_idempotent_and_the_rows_stay(home: Path) -> None:
    server = EmbeddedServer(home)
    assert not server.is_running()
    assert server.stop() is False
    first = server.start()
    assert EmbeddedServer(home).start() == first
    with psycopg.connect(first.url) as conn:
        conn.execute("create table kept as select 1 as n")
        assert conn.execute("show fsync").fetchone() == ("on",)
        assert conn.execute("show timezone").fetchone() == ("UTC",)
    assert server.is_running()
    assert server.stop() is True
    assert server.stop() is False
    assert not server.is_running()
    assert _rows(server.start()) == [(1,)]


def test_its_password_is_asked_for_and_its_files_are_closed(home: Path) -> None:
    server = EmbeddedServer(home)
    info = server.start()
    assert server.info_file.stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0
    assert not (server.folder / ".password").exists()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(info.url.replace(info.password, "wrong"))


def test_a_taken_port_gives_a_new_one(home: Path) -> None:
    server = EmbeddedServer(home)
    old = server.start()
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", old.port))
        other.listen()
        new = server.start()
    assert new.port != old.port
    assert (new.user, new.password) == (old.user, old.password)
    assert server.info() == new


def test_committed_rows_survive_a_killed_server(home: Path) -> None:
    server = EmbeddedServer(home)
    info = server.start()
    open_session = psycopg.connect(info.url)  # its backend is an orphan after the kill
    with psycopg.connect(info.url) as conn:
        conn.execute("create table kept as select generate_series(1, 3) as n")
    os.kill(int((server.data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    while server.is_running():
        time.sleep(0.01)
    assert _rows(server.start()) == [(1,), (2,), (3,)]
    open_session.close()


def test_a_process_number_used_again_after_a_crash_is_not_taken_for_the_server(home: Path) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n1\n\n127.0.0.1\n0 0\nready\n")
    assert not server.is_running()
    (server.data / "postmaster.pid").unlink()


def test_two_that_start_it_at_once_find_one_server(home: Path) -> None:
    found: list[ServerInfo] = []
    threads = [threading.Thread(target=lambda: found.append(EmbeddedServer(home).start())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1


def test_a_cluster_whose_making_was_cut_off_is_made_anew(home: Path) -> None:
    server = EmbeddedServer(home)
    server.data.mkdir(parents=True)
    (server.data / "half").write_text("")
    with psycopg.connect(server.start().url) as conn:
        assert conn.execute("select current_database()").fetchone() == ("warehouse",)


def test_a_closed_folder_is_named_with_the_command_that_opens_it(home: Path) -> None:
    closed = home / "closed"
    (closed / "postgres").mkdir(parents=True)
    closed.chmod(0o700)
    stranger = Account("stranger", uid=54321, gid=54321)
    with pytest.raises(ServerError, match=rf"user 'stranger' may not enter {closed}\. Run 'chmod o\+x {closed}'"):
        check_reachable(closed / "postgres", stranger)
    check_reachable(closed / "postgres", Account("owner", uid=os.getuid(), gid=os.getgid()))
    check_reachable(closed / "postgres", None)


def test_the_binaries_are_copied_where_the_database_user_cannot_reach_the_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    myself = Account("me", uid=os.getuid(), gid=os.getgid())
    monkeypatch.setattr(Account, "may_run", lambda _self, _program: False)
    copied = find_binaries(myself, copy_to=home / "install")
    assert copied.is_relative_to(home)
    assert (copied / "initdb").exists()
    assert find_binaries(myself, copy_to=home / "install") == copied
    with pytest.raises(ServerError, match=r"Run 'chmod -R o\+rX"):
        find_binaries(myself)


def test_pg_bin_comes_first_and_no_binaries_at_all_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("initdb", "pg_ctl"):
        (home / program).touch(mode=0o755)
    monkeypatch.setenv("PG_BIN", str(home))
    assert candidates()[0] == find_binaries() == home
    monkeypatch.setattr(server_account, "candidates", list)
    with pytest.raises(ServerError, match="Run 'make install'"):
        find_binaries()


def test_a_server_without_its_password_file_is_not_made_anew(home: Path) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.stop()
    server.info_file.unlink()
    with pytest.raises(ServerError, match="missing"):
        server.start()
    assert (server.data / "PG_VERSION").exists()
