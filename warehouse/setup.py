"""`warehouse init`: migrations, kind of warehouse, reference data, roles, empty mart views. Idempotent."""

from __future__ import annotations

from dataclasses import dataclass, field

from warehouse import clock
from warehouse.database import connect
from warehouse.migrate import upgrade
from warehouse.reference_data import load_reference
from warehouse.roles import ensure_roles
from warehouse.runs import finish_run, start_run, writer_lock
from warehouse.settings import Settings


class SetupError(Exception):
    """The warehouse cannot be made so; the message says why."""


@dataclass
class SetupResult:
    kind: str
    reference_loaded: list[str]
    warnings: list[str] = field(default_factory=list)


def init(settings: Settings, *, synthetic: bool = False, roles: bool = True, now: str | None = None) -> SetupResult:
    """Bring a warehouse to the newest schema and reference data. ``now`` only with a synthetic one."""
    for folder in (settings.home, settings.archive_dir, settings.reports_dir, settings.logs_dir):
        folder.mkdir(parents=True, exist_ok=True)
    if settings.inbox is None:
        settings.inbox_dir.mkdir(parents=True, exist_ok=True)
    with writer_lock(settings, kind="init"):
        upgrade(settings)
        kind = _mark(settings, synthetic)
        run = start_run(settings, "reference", injected_now=clock.parse_now(now) if now else None)
        try:
            loaded = load_reference(settings, run)
            with connect(settings, run_id=run.run_id, kind="init") as conn:
                warnings = ensure_roles(conn, settings, create=roles)
            _empty_views(settings)
        except BaseException as error:
            finish_run(settings, run, "failed", str(error))
            raise
        finish_run(settings, run, "success" if loaded else "nothing_new")
    return SetupResult(kind, loaded, warnings)


def _mark(settings: Settings, synthetic: bool) -> str:
    with connect(settings) as conn:
        row = conn.execute("select value from audit.setting where name = 'kind'").fetchone()
        if row is None:
            kind = "synthetic" if synthetic else "real"
            conn.execute("insert into audit.setting (name, value) values ('kind', %s)", (kind,))
            return kind
        if synthetic and row[0] != "synthetic":
            raise SetupError("This warehouse is real: it cannot be marked synthetic afterwards. Use another WAREHOUSE_HOME.")
        return str(row[0])


def _empty_views(settings: Settings) -> None:
    """Every mart exists from the start, empty, so that a dashboard never meets a missing one."""
    from warehouse.publications import create_empty_views  # heavy: reads the dbt project

    with connect(settings) as conn:
        create_empty_views(conn, settings)
