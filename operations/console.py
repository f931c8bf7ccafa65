"""What the command line prints with, and how errors become one sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

OK, FAILED, BROKEN, BUSY, SETTINGS = 0, 1, 2, 3, 4

EXIT_CODES = """Exit codes: 0 done; 1 the command failed (the message says why); 2 wrong usage, or broken evidence in 'audit verify',
'backup' and 'restore'; 3 another command is writing; 4 a setting has a wrong value (the message names the variable).
'status': 0 well, 1 a warning, 2 critical."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

STEP_TITLES = {
    "collect": "Thu nhận · collect",
    "validate": "Kiểm tra · validate",
    "build": "Dựng bảng · build",
    "check": "Soát trước công bố · check",
    "publish": "Công bố · publish",
    "report": "Báo cáo · report",
}


def say(text: str) -> None:
    out.print(text, soft_wrap=True)  # a path or a command is not broken over two lines


@contextmanager
def night_progress(title: str, quiet: bool = False) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Progress bars of a night: gives (on_step, on_progress). Silent where nobody watches."""
    with Progress(
        SpinnerColumn(), TextColumn("[bold]{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn(),
        console=out, transient=False, disable=quiet or not out.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task(title, total=None)

        def on_step(step: str) -> None:
            progress.update(task, description=f"{title}: {STEP_TITLES.get(step, step)}", total=None, completed=0)

        def on_progress(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield on_step, on_progress


def run_main(app: Callable[[], None]) -> None:
    """Call the app; turn the errors we expect into one sentence and their exit code."""
    import psycopg

    from operations.again import PartRefused
    from operations.airflow_environment import AirflowError
    from operations.asof import AsOfDiffers
    from operations.nightly import NightFailed
    from warehouse.asof import AsOfRefused
    from warehouse.builds import BuildFailed
    from warehouse.clock import ClockError
    from warehouse.database import DatabaseError
    from warehouse.reference_data import ReferenceDataError
    from warehouse.runs import WriterBusy
    from warehouse.server import ServerError
    from warehouse.settings import SettingsError
    from warehouse.setup import SetupError

    try:
        app()
    except SettingsError as error:
        _stop(str(error), SETTINGS)
    except WriterBusy as error:
        _stop(str(error), BUSY)
    except (
        NightFailed, PartRefused, AirflowError, AsOfDiffers, AsOfRefused, BuildFailed, ClockError, DatabaseError, ReferenceDataError,
        ServerError, SetupError, CommandError,
    ) as error:  # fmt: skip
        _stop(str(error), FAILED)
    except psycopg.OperationalError as error:
        _stop(
            f"The database cannot be reached or cut the connection: {str(error).strip().splitlines()[0]}. See 'warehouse db status'.",
            FAILED,
        )
    except psycopg.ProgrammingError:  # a table, column or function that is not there
        if (behind := _behind()) is None:
            raise
        _stop(behind, FAILED)
    except OSError as error:
        if error.errno in (28, 27):  # ENOSPC, EFBIG
            _stop(
                f"No space left for {error.filename or 'a file'}: free some or move WAREHOUSE_HOME. Nothing half-written is kept.", FAILED
            )
        raise
    except KeyboardInterrupt:
        _stop("Stopped. Nothing half-done is kept; run the command again.", 130)


class CommandError(Exception):
    """A command cannot do what was asked; the message says why and what to do."""


def _behind() -> str | None:
    """In both languages: the database is not yet, or no longer, of this code. None where it is."""
    from operations.status_findings import finding
    from warehouse.database import connect
    from warehouse.migrate import revision_of_code, revision_of_database
    from warehouse.settings import get_settings

    with connect(get_settings()) as conn:
        revision, wanted = revision_of_database(conn), revision_of_code()
    if revision == wanted:
        return None
    found = finding("MIGRATIONS-BEHIND", revision=revision or "-", revision_of_code=wanted)
    return f"{found.vi}\n{found.en}"


def _stop(message: str, code: int) -> None:
    err.print(message, style="red", markup=False, soft_wrap=True)
    sys.exit(code)
