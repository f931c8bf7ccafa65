"""Which failures Airflow tries again, and what the log of the report task says."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import OperationalError as WrappedError

from operations.airflow_tasks import failed_steps, is_lost_connection, story_lines


class _AdminShutdown(psycopg.errors.AdminShutdown):
    sqlstate = "57P01"


def _caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (_AdminShutdown("terminating connection due to administrator command"), True),
        (psycopg.errors.CannotConnectNow("the database system is starting up"), True),
        (_caused(RuntimeError("a rule could not be run"), psycopg.OperationalError("connection lost")), True),
        (WrappedError("select 1", {}, psycopg.OperationalError("connection lost")), True),
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), False),
        (psycopg.errors.DiskFull("could not extend file"), False),
        (psycopg.errors.QueryCanceled("canceling statement due to statement timeout"), False),
        (psycopg.errors.UniqueViolation("duplicate key"), False),
        (ValueError("a defect"), False),
        (TimeoutError("not the database"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_only_a_lost_connection_is_tried_again(error: BaseException, lost: bool) -> None:
    assert is_lost_connection(error) is lost


def test_a_ring_of_causes_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert is_lost_connection(first) is False


def test_failed_steps_are_named_once_and_before_those_that_could_not_start() -> None:
    states = {"r": {"begin": "success", "collect_0": "failed", "collect_11": "failed", "validate": "upstream_failed", "report": None}}
    assert failed_steps(states, "r") == ["collect"]
    assert failed_steps({"r": {"validate": "upstream_failed"}}, "r") == ["validate"]
    assert failed_steps({"r": {"begin": "success"}}, "r") == []
    assert failed_steps({}, "r") == []


def test_the_story_says_what_came_of_the_night() -> None:
    story = {
        "files": 12, "unreadable": 2, "accepted": 8, "waived": 3, "returned": 2, "renewed": 5, "again": "Kiểm tra lại kỳ 2023-Q3",
        "lapsed": ["Miễn trừ số 7 đã hết hạn"], "publication_id": 4, "report": "index.html", "error": None,
    }  # fmt: skip
    text = "\n".join(story_lines(story))
    for part in (
        "files received: 12",
        "unreadable: 2",
        "accepted: 8",
        "under a waiver: 3",
        "returned: 2",
        "judged again: 5",
        "Kiểm tra lại kỳ 2023-Q3",
        "Miễn trừ số 7",
        "publication: 4",
        "index.html",
    ):
        assert part in text
    red = story_lines({**story, "publication_id": None, "error": "build: BuildFailed: no"})
    assert "không · none" in red[2]
    assert "build: BuildFailed: no" in red[-1]
