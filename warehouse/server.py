"""The embedded PostgreSQL server: a durable database of our own on 127.0.0.1, from the binaries of a wheel.

Used only where WAREHOUSE_URL names no server. `fsync` and `synchronous_commit` stay on: what is committed is kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from warehouse.server_account import Account, ServerError, account_for, check_reachable, find_binaries

__all__ = ["EmbeddedServer", "ServerError", "ServerInfo"]

DATABASE = "warehouse"
OWNER = "warehouse_owner"

SETTINGS = (
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "max_connections = 120",
    "shared_buffers = '256MB'",
    "work_mem = '64MB'",
    "maintenance_work_mem = '128MB'",
    "max_wal_size = '2GB'",
    "checkpoint_timeout = '15min'",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "jit = off",
)
THROW_AWAY = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass(frozen=True)
class ServerInfo:
    port: int
    user: str
    password: str
    database: str

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{self.database}"


class EmbeddedServer:
    """Start, stop and describe the server whose files are under ``home / "postgres"``.

    ``durable=False`` is for servers that tests throw away: a crash may lose what was committed.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.folder = home / "postgres"
        self.data = self.folder / "data"
        self.info_file = self.folder / "server.json"
        self.log_file = self.folder / "server.log"
        self.durable = durable

    # -- public ---------------------------------------------------------------------------------------------------
    def start(self) -> ServerInfo:
        """Create the cluster if there is none, start it if it is stopped, and return how to reach it. Idempotent."""
        if self.is_running():
            return self.info()
        self.folder.mkdir(parents=True, exist_ok=True)
        check_reachable(self.folder, self._account)
        with self._starting_alone():
            self._wait_while_it_changes()
            if self.is_running():  # another process was faster
                return self.info()
            if not (self.data / "PG_VERSION").exists() or not self.info_file.exists():
                self._create_cluster()
            info = self.info()
            if not _port_is_free(info.port):
                info = self._save(ServerInfo(_free_port(), info.user, info.password, info.database))
            self._start(info)
            self._ensure_database(info)
        return info

    def stop(self) -> bool:
        """Stop the server; True if it was running."""
        if self._process() is None:
            return False
        self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")
        return True

    def is_running(self) -> bool:
        """Does it take connections? Asked at every connection, so it starts no process."""
        found = self._process()
        return found is not None and found[1] == "ready"

    def info(self) -> ServerInfo:
        try:
            return ServerInfo(**json.loads(self.info_file.read_text()))
        except FileNotFoundError:
            raise ServerError("The embedded database has not been created. Run 'warehouse db start'.") from None
        except PermissionError:
            raise self._not_ours() from None

    # -- private --------------------------------------------------------------------------------------------------
    @cached_property
    def _account(self) -> Account | None:
        return account_for(self.data)

    @cached_property
    def _binaries(self) -> Path:
        return find_binaries(self._account, copy_to=self.folder / "install")

    def _process(self) -> tuple[int, str] | None:
        """The postmaster's pid and what it says of itself (starting, ready, stopping), or None where none lives."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except PermissionError:
            raise self._not_ours() from None
        except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):  # none, or half written
            return None
        command_line = Path(f"/proc/{pid}/cmdline")
        if Path("/proc/self").exists():
            try:
                if b"postgres" not in command_line.read_bytes():  # a number used again after a crash
                    return None
            except OSError:
                return None
        else:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return None
        return pid, lines[7].strip() if len(lines) > 7 else "starting"

    def _wait_while_it_changes(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while (found := self._process()) is not None and found[1] != "ready" and time.monotonic() < deadline:
            time.sleep(0.1)

    @contextmanager
    def _starting_alone(self) -> Iterator[None]:
        """Two processes that find the server stopped do not both start it. The lock ends with the process."""
        with (self.folder / ".starting").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _create_cluster(self) -> None:
        if (self.data / "PG_VERSION").exists():
            raise ServerError(f"{self.info_file} is missing, and with it the password of {self.data}. Put it back from a backup.")
        if self.data.exists():
            shutil.rmtree(self.data)  # a cluster whose creation was cut off
        self.data.mkdir(mode=0o700)
        self._own(self.folder)
        self._own(self.data)
        info = self._save(ServerInfo(_free_port(), OWNER, secrets.token_urlsafe(24), DATABASE))
        password_file = self.folder / ".password"
        password_file.touch(mode=0o600)
        password_file.write_text(info.password + "\n")
        self._own(password_file)
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", info.user, "--pwfile", str(password_file), "-A", "scram-sha-256",
                "-E", "UTF8", "--locale", "C", "--no-instructions",
            )  # fmt: skip
            with (self.data / "postgresql.conf").open("a") as conf:
                conf.write("\n".join(["", "# The warehouse's own settings", *SETTINGS, *(() if self.durable else THROW_AWAY), ""]))
        except BaseException:
            shutil.rmtree(self.data, ignore_errors=True)
            raise
        finally:
            password_file.unlink(missing_ok=True)

    @retry(retry=retry_if_exception_type(subprocess.CalledProcessError), stop=stop_after_delay(20), wait=wait_fixed(0.5), reraise=True)
    def _start(self, info: ServerInfo) -> None:
        # After a kill -9 orphaned backends hold the shared memory for about two seconds: try again.
        self._run(
            "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log_file), "-w", "-t", "60", "-o", f"-p {info.port}",
        )  # fmt: skip

    def _ensure_database(self, info: ServerInfo) -> None:
        import psycopg

        maintenance = f"postgresql://{info.user}:{info.password}@127.0.0.1:{info.port}/postgres"
        with psycopg.connect(maintenance, autocommit=True) as conn:
            if not conn.execute("select 1 from pg_database where datname = %s", (info.database,)).fetchone():
                conn.execute(f'create database "{info.database}"')

    def _save(self, info: ServerInfo) -> ServerInfo:
        part = self.info_file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(info)))
        part.replace(self.info_file)
        return info

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if (account := self._account) is not None:
            check_reachable(self.folder, account)
            command = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", *command]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        # pg_ctl's child keeps our pipes open, so output goes to a file.
        out = self.folder / f"{program}.out"
        with out.open("w+") as sink:
            done = subprocess.run(command, stdout=sink, stderr=subprocess.STDOUT, env=environment, cwd="/", check=False)
            sink.seek(0)
            text = sink.read()
        if done.returncode != 0:
            if "No space left" in text or "No space left" in self._newest_log():
                raise ServerError(f"No space left on the disk of {self.folder}. Free some, or move WAREHOUSE_HOME.")
            raise subprocess.CalledProcessError(done.returncode, command, output=text, stderr=text)

    def _newest_log(self) -> str:
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-5:])

    def _own(self, path: Path) -> None:
        if (account := self._account) is not None:
            os.chown(path, account.uid, account.gid)

    def _not_ours(self) -> ServerError:
        owner = self.folder.owner()
        return ServerError(
            f"The embedded database in {self.folder} was made by another user ({owner}). "
            "Run the command as the user who made it, or set WAREHOUSE_HOME to a folder of your own."
        )


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
