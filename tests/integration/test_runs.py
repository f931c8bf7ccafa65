"""One writer at a time; who is refused is told who writes. A killed command leaves no lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from warehouse.database import connect
from warehouse.events import GENESIS, Event, append_events
from warehouse.masking import mask
from warehouse.runs import Run, WriterBusy, close_abandoned_runs, start_run, writer_lock
from warehouse.settings import Settings

HOLD = """
import sys, time
from warehouse.runs import start_run, writer_lock
from warehouse.settings import Settings
settings = Settings(_env_file=None)
with writer_lock(settings, kind="nightly", run_id="11111111-1111-1111-1111-111111111111"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_writer(warehouse: Settings) -> subprocess.Popen[str]:
    assert warehouse.url is not None
    environment = {**os.environ, "WAREHOUSE_URL": warehouse.url.get_secret_value(), "WAREHOUSE_HOME": str(warehouse.home)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_second_writer_is_told_the_first(warehouse: Settings, other_writer: subprocess.Popen[str]) -> None:
    with pytest.raises(WriterBusy, match=r"nightly 11111111-1111-1111-1111-111111111111, for \d+ s"), writer_lock(warehouse, kind="build"):
        pass
    other_writer.kill()
    other_writer.wait()


def test_a_killed_writer_leaves_no_lock(warehouse: Settings, other_writer: subprocess.Popen[str]) -> None:
    other_writer.send_signal(signal.SIGKILL)
    other_writer.wait()
    started = time.monotonic()
    with writer_lock(warehouse, kind="build", wait_seconds=30):
        assert time.monotonic() - started < 30


def test_a_waiting_writer_gets_its_turn(warehouse: Settings, other_writer: subprocess.Popen[str]) -> None:
    other_writer.terminate()
    with writer_lock(warehouse, kind="build", wait_seconds=30):
        assert other_writer.wait(timeout=30) != 0


def test_readers_of_chunks_share(warehouse: Settings) -> None:
    with writer_lock(warehouse, kind="collect", shared=True), writer_lock(warehouse, kind="collect", shared=True):
        pass


def test_a_run_that_never_ended_is_abandoned(warehouse: Settings, conn: psycopg.Connection) -> None:
    run = start_run(warehouse, "nightly")
    assert close_abandoned_runs(warehouse) == 1
    assert conn.execute("select outcome from audit.run where run_id = %s", (run.run_id,)).fetchone() == ("abandoned",)


def test_events_from_many_sessions_make_one_chain(warehouse: Settings, run: Run) -> None:
    for number in range(3):
        with connect(warehouse) as conn:
            append_events(conn, run.run_id, run.now, [Event("test", run.now, "tester", payload={"number": number})] * 2)
    with connect(warehouse) as conn:
        rows = conn.execute("select event_id, prev_hash, hash from audit.submission_event order by event_id").fetchall()
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row[1] for row in rows] == [GENESIS, *[row[2] for row in rows[:-1]]]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(value=st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_sql_and_python_mask_alike(conn: psycopg.Connection, value: str) -> None:
    # Both call whitespace what separates words in a workbook; control separators differ between engines and never reach either.
    cleaned = " ".join(part for part in value.split() if part.isprintable())
    assert conn.execute("select audit.mask(%s)", (cleaned,)).fetchone() == (mask(cleaned),)
