"""How long, and how much memory, of a process and all its children."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

SAMPLE_SECONDS = 0.05


@dataclass
class Series:
    """Repeated measurements of one thing; the middle one is what counts."""

    seconds: list[float] = field(default_factory=list)
    peak_rss_mb: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float | None:
        return max(self.peak_rss_mb) if self.peak_rss_mb else None

    def add(self, seconds: float, peak_rss_mb: float | None = None) -> None:
        self.seconds.append(seconds)
        if peak_rss_mb is not None:
            self.peak_rss_mb.append(peak_rss_mb)


@dataclass
class Watch:
    seconds: float = 0.0
    peak_rss_mb: float = 0.0


@contextmanager
def watched(pid: int | None = None) -> Iterator[Watch]:
    """Time a block and sample the resident memory of a process (this one) with all its children."""
    watch = Watch()
    done = threading.Event()
    root = psutil.Process(pid)

    def sample() -> None:
        while True:
            watch.peak_rss_mb = max(watch.peak_rss_mb, tree_rss_mb(root))
            if done.wait(SAMPLE_SECONDS):
                return

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    started = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - started
        done.set()
        sampler.join()


def tree_rss_mb(root: psutil.Process) -> float:
    """Resident memory of a process and its children; pages that two share are counted twice."""
    total = 0
    try:
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:  # it ended between the two calls
                continue
    except psutil.NoSuchProcess:
        return 0.0
    return total / 2**20


def timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def run_watched(command: Sequence[str], environment: dict[str, str], cwd: str) -> Watch:
    """Run a command to its end. Raises CalledProcessError with its output."""
    process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with watched(process.pid) as watch:
        output, _ = process.communicate()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command), output=output)
    return watch
