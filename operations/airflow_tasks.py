"""What stands between a step of the night and Airflow: what is tried again, what is not, and where the story is told.

Airflow is imported inside the functions: the rest of the command line does not pay for it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import psycopg

if TYPE_CHECKING:
    from operations.watch import Story
    from warehouse.asof import AsOfBuild

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

# SQLSTATE classes of a connection that is gone: 08 connection exception; 57P01-57P03 the server shuts down or starts.
CONNECTION_LOST = ("08", "57P0")


def is_lost_connection(error: BaseException) -> bool:
    """Was the connection to the database lost, here or in the library below (SQLAlchemy, Great Expectations, dbt)?

    Anything else fails the same way when it is tried again: a full disk, a lock not had, a defect.
    """
    for cause in _causes(error):
        if isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
            return cause.sqlstate is None or cause.sqlstate.startswith(CONNECTION_LOST)
    return False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        original = getattr(error, "orig", None)  # SQLAlchemy's wrapper
        if isinstance(original, BaseException):
            yield original
        error = error.__cause__ or error.__context__


def tried_again_when_cut_off(step: Callable[P, R]) -> Callable[P, R]:
    """Let Airflow retry a task whose connection was lost; fail it at once for any other reason, a time-out too."""

    @wraps(step)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, AirflowTaskTimeout

        try:
            return step(*args, **kwargs)
        except (AirflowFailException, AirflowSkipException):
            raise
        except AirflowTaskTimeout as error:
            raise AirflowFailException(f"The step took longer than its execution time-out: {error}") from error
        except Exception as error:
            if is_lost_connection(error):
                log.warning("The connection to the database was lost; the step is tried again.")
                raise
            raise AirflowFailException(f"{type(error).__name__}: {error}") from error

    return call


def step(minutes: int, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A task that is stopped after so many minutes, and tried again only where its connection was lost."""
    from airflow.sdk import task

    def decorate(function: Callable[..., Any]) -> Any:
        return task(execution_timeout=timedelta(minutes=minutes), **options)(tried_again_when_cut_off(function))

    return decorate


def failed_steps(states: dict[str, dict[str, str | None]], run_id: str) -> list[str]:
    """Task ids of a run that failed, from ``ti.get_task_states``, which names a mapped task ``collect_0``, ``collect_1``.

    Where none failed by itself, those that could not start.
    """
    told = states.get(run_id, {})
    for wanted in ("failed", "upstream_failed"):
        found = {re.sub(r"_\d+$", "", task) for task, state in told.items() if state == wanted}
        if found:
            return sorted(found)
    return []


def story_lines(story: dict[str, Any]) -> list[str]:
    """The night's story as an operator reads it in the log of the report task."""
    from operations.nightly import story_sentences

    published = story["publication_id"]
    lines = [
        f"Tệp mới nhận · files received: {story['files']}, không đọc được · unreadable: {story['unreadable']}",
        f"Báo cáo chấp nhận · returns accepted: {story['accepted']} (nhờ miễn trừ · under a waiver: {story['waived']}),"
        f" trả lại · returned: {story['returned']}, kiểm tra lại · judged again: {story['renewed']}",
        f"Công bố · publication: {'không · none' if published is None else published}",
        f"Báo cáo kiểm tra · validation reports: {story['report']}",
        *story_sentences(story),
    ]
    if story["error"]:
        lines.append(
            f"Đêm không thành · the night failed: {story['error']}. The last publication stands; the next night takes up what is left."
        )
    return lines


def tell(story: dict[str, Any], outlet_events: Any, asset: Any) -> dict[str, Any]:
    """Log the story, put it into the asset event, and fail the task where the night failed, so that the run is red."""
    from airflow.sdk.exceptions import AirflowFailException

    for line in story_lines(story):
        log.info(line)
    if story["error"]:
        raise AirflowFailException(story_lines(story)[-1])
    outlet_events[asset].extra = {key: value for key, value in story.items() if key not in ("report", "error")}
    return story


def tell_as_of(made: AsOfBuild) -> dict[str, Any]:
    """Log what came of a rebuild, and give its schema and what differs from the publication of its moment."""
    from operations.asof import sentences

    for line in sentences(made):
        log.info(line)
    return {"schema": made.moment.schema, "publication_id": made.moment.publication_id, "marts_differ": list(made.marts_differ)}


def tell_watch(story: Story) -> dict[str, Any]:
    """Log what the watch saw, and fail the task where a mail that was due could not be sent, so that the run is red."""
    from airflow.sdk.exceptions import AirflowFailException

    from operations.watch import lines, mail_lines

    for line in lines(story):
        log.info(line)
    if not story.is_told:
        raise AirflowFailException(" ".join(mail_lines(story)))
    return story.as_dict()
