"""The warehouses that are measured: one database of the bench's own server, laid anew from a template before each night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from operations.bench.quarters import FIRST, quarter_files
from operations.nightly import run_night
from warehouse.database import connect, url_with
from warehouse.roles import rotate_password
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings, get_settings
from warehouse.setup import init

DATABASE = "bench"
START = "2021-12-01T08:00+07:00"
NIGHTS = {2021: "2022-01-05T22:00+07:00", 2022: "2023-01-05T22:00+07:00", 2023: "2024-01-05T22:00+07:00"}
SEED = 1


class Province:
    """Workbooks of a synthetic province by year, and a warehouse that has taken in all years but the last."""

    def __init__(self, home: Path, *, communes: int | None = None) -> None:
        self.home = home
        self.server = EmbeddedServer(home)
        self.owner_url = self.server.start().url
        url = SecretStr(url_with(self.owner_url, database=DATABASE))
        self.settings = Settings(home=home / "warehouse", url=url, settle_seconds=0, quiet=True, _env_file=None)
        folder = _generate(home / "province")
        self.files = {year: sorted((folder / str(year)).iterdir())[:communes] for year in NIGHTS}
        self.quarter = quarter_files(folder)[: communes and 2 * communes]
        """Credit and training returns of the first quarter of 2023."""

    def prepare(self) -> None:
        """Make the template: 2021 and 2022 taken in and published."""
        self._create(DATABASE, None)
        shutil.rmtree(self.settings.home, ignore_errors=True)
        self.settings.inbox_dir.mkdir(parents=True)
        init(self.settings, synthetic=True, now=START)
        with connect(self.settings) as conn:  # the roles of an earlier bench are still on the server, their passwords are not here
            rotate_password(conn, self.settings, "bi_reader")
        for year in (2021, 2022):
            self.deliver(self.files[year])
            run_night(self.settings, now=NIGHTS[year])
        self._create("bench_before", DATABASE)
        self.kept = set(self._archived())

    def prepare_one_year(self) -> None:
        """A warehouse that holds the reviews of the first year alone, published."""
        self._create(DATABASE, None)
        shutil.rmtree(self.settings.home, ignore_errors=True)
        self.settings.inbox_dir.mkdir(parents=True)
        init(self.settings, synthetic=True, now=START)
        self.deliver(self.files[min(self.files)])
        run_night(self.settings, now=NIGHTS[min(NIGHTS)])

    def lay(self, files: list[Path]) -> None:
        """The warehouse as it was before the last night, with these files in its inbox."""
        self._create(DATABASE, "bench_before")
        for path in set(self._archived()) - self.kept:
            path.unlink()
        before = {path.name for year in (2021, 2022) for path in self.files[year]}
        for path in self.settings.inbox_dir.iterdir():
            if path.name not in before:
                path.unlink()
        self.deliver(files)

    def deliver(self, files: list[Path]) -> None:
        for path in files:
            shutil.copy2(path, self.settings.inbox_dir / path.name)

    def _archived(self) -> Iterator[Path]:
        return (path for path in self.settings.archive_dir.rglob("*") if path.is_file())

    def _create(self, name: str, template: str | None) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as conn:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
            conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (template,))
            conn.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template or "template0")))


@contextmanager
def province(*, communes: int | None) -> Iterator[Province]:
    """The bench's own home under .data/bench; its server is stopped at the end."""
    made = Province(get_settings().home / "bench", communes=communes)
    try:
        yield made
    finally:
        made.server.stop()


def _generate(folder: Path) -> Path:
    """The reviews of 2021 to 2023 and the first quarter's credit and training returns, written once."""
    from synthetic.generate import make, plan, plan_services, write_all

    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        reviews, services, _ = make(SEED, max(NIGHTS), [int(FIRST[:4])])
        first = [sent for sent in services if sent.quarter.key == FIRST]
        write_all(plan(folder, reviews, sorted(NIGHTS), SEED) + plan_services(folder, first, SEED))
        (folder / "complete").touch()
    return folder
