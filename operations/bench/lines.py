"""The lines of the table: each a figure with its limit, and what it is made of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import SecretStr

from operations.airflow_environment import DAG_ID, airflow_environment
from operations.bench import floors, history, machine, quarters
from operations.bench.airflow_runs import EMPTY_DAG_ID, AirflowBench, airflow_bench
from operations.bench.failing_rows import failing_rows_per_second
from operations.bench.measure import Series, run_watched, watched
from operations.bench.province import NIGHTS, Province
from warehouse.runs import start_run
from warehouse.settings import PROJECT_DIR

Say = Callable[[str], None]
QUARTER_NIGHT = "2023-04-20T22:00+07:00"
NEXT_NIGHT = "2024-01-05T23:00+07:00"  # the same day: no due date passes, nothing is built


@dataclass
class Line:
    """``figure`` against ``limit``: at most, unless ``at_least``. ``parts``: median seconds of what it is made of."""

    name: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False
    parts: dict[str, float] = field(default_factory=dict)
    peak_rss_mb: float | None = None
    slowness: float = 1
    """Of a figure in seconds or per second: how many times slower this machine is than the one its limit was set on."""

    @property
    def allowed(self) -> float:
        """The limit on this machine."""
        return self.limit / self.slowness if self.at_least else self.limit * self.slowness

    @property
    def is_met(self) -> bool:
        return self.figure >= self.allowed if self.at_least else self.figure <= self.allowed

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "allowed": self.allowed, "is_met": self.is_met}


def measure(province: Province, *, repeat: int, say: Say) -> list[Line]:
    """Every line, in the order of the table. The province's warehouse is laid anew before each night."""
    files = province.files[2023]
    machine_now = machine.Machine(province.settings.model_copy(update={"url": SecretStr(province.owner_url)}))
    say("the years before, and a first night")
    province.prepare()
    province.lay(files)
    lines, floor = _intake(province, files, repeat, say)
    say("nights on the command line")
    night_cli = _cli_nights(province, files, repeat)
    say("floors: Great Expectations, dbt")
    # The first of each pays for imports and the parse; it is left out.
    passes = [floors.great_expectations_pass(province.settings) for _ in range(repeat + 1)][1:]
    builds = [floors.dbt_build(province.settings) for _ in range(repeat + 1)][1:]
    machine_now.look()
    floor["Great Expectations pass"] = median(passes)
    floor["dbt build, warm"] = median(seconds for seconds, _ in builds)
    nodes = builds[0][1]
    say("failing rows")
    failing = median(failing_rows_per_second(province.settings) for _ in range(repeat))
    with airflow_bench(province.settings, chunks=-(-len(files) // province.settings.chunk_files)) as airflow:
        lines += _airflow_lines(province, airflow, files, floor, repeat, say)
        machine_now.look()
        lines.append(_quarter_line(province, airflow, floor["dbt build, warm"], repeat, say))
    lines += _mart_lines(province, repeat, say)
    lines += _history_lines(province, repeat, say)
    lines.append(Line("failing rows written a second", failing, 50_000, "rows/s", at_least=True))
    lines.append(Line("one dbt node", 1000 * floor["dbt build, warm"] / nodes, 60, "ms", parts={"nodes": nodes}))
    lines.append(
        Line(
            "peak memory of a night with its children", night_cli.peak or 0, 1536, "MiB",
            parts={"`warehouse nightly`": night_cli.median}, peak_rss_mb=night_cli.peak,
        )
    )  # fmt: skip
    for line in lines:
        line.slowness = machine_now.slowness if line.unit in ("s", "ms", "rows/s") else 1
    return lines


def _intake(province: Province, files: list[Path], repeat: int, say: Say) -> tuple[list[Line], dict[str, float]]:
    """Intake in this process against reading the same cells and copying the same rows."""
    from ingestion.collect import collect

    settings = province.settings.model_copy(update={"workers": 1})
    spent, reading, copying = Series(), Series(), Series()
    for turn in range(repeat):
        say(f"intake in process, {turn + 1} of {repeat}")
        province.lay(files)
        run = start_run(settings, "bench")
        with watched() as watch:
            collect(settings, run)
        spent.add(watch.seconds, watch.peak_rss_mb)
        reading.add(floors.read_workbooks(files))
        copying.add(floors.CopyFloor(settings, "2023").seconds())
    floor = {"read, byte scan": reading.median, "COPY": copying.median}
    line = Line(
        f"intake of {len(files)} workbooks / (read + scan + COPY)", spent.median / sum(floor.values()), 2.5, "x",
        parts={"intake": spent.median, **floor}, peak_rss_mb=spent.peak,
    )  # fmt: skip
    return [line], floor


def _cli_nights(province: Province, files: list[Path], repeat: int) -> Series:
    environment = airflow_environment(province.settings)
    command = [sys.executable, "-m", "operations.cli", "nightly", "--now", NIGHTS[2023]]
    series = Series()
    for _ in range(repeat):
        province.lay(files)
        watch = run_watched(command, environment, str(PROJECT_DIR))
        series.add(watch.seconds, watch.peak_rss_mb)
    return series


def _airflow_lines(
    province: Province, airflow: AirflowBench, files: list[Path], floor: dict[str, float], repeat: int, say: Say
) -> list[Line]:  # fmt: skip
    airflow.run(EMPTY_DAG_ID)  # the web server's first answers are slow
    empty, night, half, nothing = Series(), Series(), Series(), Series()
    for turn in range(repeat):
        say(f"nights under Airflow, {turn + 1} of {repeat}")
        empty.add(airflow.run(EMPTY_DAG_ID))
        province.lay(files[: len(files) // 2])
        half.add(airflow.run(DAG_ID, {"now": NIGHTS[2023]}))
        province.lay(files)
        night.add(airflow.run(DAG_ID, {"now": NIGHTS[2023]}))
        nothing.add(airflow.run(DAG_ID, {"now": NEXT_NIGHT}))
    parts = {**floor, "empty Airflow run": empty.median}
    least = sum(parts.values())
    night_parts = {"night": night.median, **parts}
    return [
        Line("the night on the files of 2023 / sum of its floors", night.median / least, 1.5, "x", parts=night_parts),
        Line("overhead of the night over its floors", night.median - least, 20, "s"),
        Line("twice the communes / once", night.median / half.median, 1.8, "x", parts={"once": half.median, "twice": night.median}),
        Line("nothing new / an empty Airflow run", nothing.median / empty.median, 1.5, "x", parts={"nothing new": nothing.median}),
    ]


def _quarter_line(province: Province, airflow: AirflowBench, build: float, repeat: int, say: Say) -> Line:
    """A night on the credit and training returns of one quarter, against its own floors."""
    night, reading, copying, passes, empty = Series(), Series(), Series(), Series(), Series()
    for turn in range(repeat):
        say(f"a quarter's night under Airflow, {turn + 1} of {repeat}")
        province.lay(province.quarter)
        empty.add(airflow.run(EMPTY_DAG_ID))
        night.add(airflow.run(DAG_ID, {"now": QUARTER_NIGHT}))
        reading.add(floors.read_workbooks(province.quarter))
        copying.add(floors.CopyFloor(province.settings, quarters.FIRST, floors.SERVICE_TABLES).seconds())
        passes.add(floors.great_expectations_pass(province.settings))
    parts = {
        "read, byte scan": reading.median, "COPY": copying.median, "Great Expectations pass": passes.median, "dbt build, warm": build,
        "empty Airflow run": empty.median,
    }  # fmt: skip
    name = f"a quarter's night on {len(province.quarter)} returns / sum of its floors"
    return Line(name, night.median / sum(parts.values()), 1.5, "x", parts={"night": night.median, **parts})


def _mart_lines(province: Province, repeat: int, say: Say) -> list[Line]:
    """Over the warehouse that the last quarter's night has left."""
    say("a reader of the marts")
    ratio, shown = quarters.slowest_reading(province.settings)
    say("builds with one quarter and with twelve on file")
    one = median(quarters.build_seconds(province.settings, repeat))
    quarters.put_twelve_quarters_on_file(province.settings)
    twelve = median(quarters.build_seconds(province.settings, repeat))
    return [
        Line("a build with 12 quarters on file / with 1", twelve / one, 1.3, "x", parts={"with 1": one, "with 12": twelve}),
        Line("p95 of a mart's query as bi_reader / on a bare table", ratio, 1.3, "x", parts=shown),
    ]


def _history_lines(province: Province, repeat: int, say: Say) -> list[Line]:
    """Over a warehouse of one year, and over the same with nine more."""
    say("a correction with one year on file and with ten")
    province.prepare_one_year()
    one = history.correction_seconds(province.settings, repeat)
    history.put_ten_years_on_file(province.settings)
    ten = history.correction_seconds(province.settings, repeat)
    say("builds as of a moment and on three maps")
    seconds = history.build_pairs(province.settings, repeat)
    as_of, maps = (seconds[a] / seconds[b] for a, b in ((history.AS_OF, history.PLAIN), (history.THREE, history.AT_TIME)))
    space = history.bytes_a_household_year(province.settings)
    return [
        Line("a correction of the first year with 10 years on file / with 1", ten / one, 1.5, "x", parts={"with 1": one, "with 10": ten}),
        Line("a build as of a moment / a plain one", as_of, 1.3, "x", parts={n: seconds[n] for n in (history.PLAIN, history.AS_OF)}),
        Line("dbt on three maps / at_time only", maps, 2, "x", parts={name: seconds[name] for name in (history.AT_TIME, history.THREE)}),
        Line("disk of ten years", space, 20_000, "bytes a household-year"),
    ]
