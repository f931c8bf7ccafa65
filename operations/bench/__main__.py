"""`make bench`: measures what the speed section promises; a table for people, JSON in .data/bench/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from operations.bench.lines import Line, measure
from operations.bench.province import province
from operations.console import out, run_main
from warehouse.runs import code_version


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="measurements of each figure; the median counts")
    parser.add_argument("--communes", type=int, default=None, help="fewer communes than the 188, for a quick look")
    options = parser.parse_args()
    with province(communes=options.communes) as made:
        with out.status("bench") as status:
            lines = measure(made, repeat=options.repeat, say=lambda text: status.update(f"bench: {text}"))
        written = made.home / "bench.json"
        written.write_text(json.dumps(_document(lines, options), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console = out if out.is_terminal else Console(width=150)
    console.print(table(lines))
    out.print(f"JSON: {written}", soft_wrap=True)


def _document(lines: list[Line], options: argparse.Namespace) -> dict[str, object]:
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": code_version(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "airflow": version("apache-airflow"),
        "repeat": options.repeat,
        "communes": options.communes or 188,
        "lines": [line.as_json() for line in lines],
    }


def table(lines: list[Line]) -> Table:
    """Figure beside limit, and the seconds it is made of."""
    shown = Table(title="make bench: medians; ratios within one run")
    for name in ("", "figure", "limit", "", "seconds"):
        shown.add_column(name, justify="right" if name in ("figure", "limit") else "left")
    for line in lines:
        parts = ", ".join(f"{name} {value:.2f}" for name, value in line.parts.items())
        memory = f"; peak {line.peak_rss_mb:,.0f} MiB" if line.peak_rss_mb else ""
        sign = "≥" if line.at_least else "≤"
        met = "[green]ok[/]" if line.is_met else "[red]missed[/]"
        shown.add_row(line.name, f"{line.figure:,.2f} {line.unit}", f"{sign} {line.limit:,g}{_here(line)}", met, parts + memory)
    return shown


def _here(line: Line) -> str:
    """What a limit in seconds is on a machine slower than the one it was set on."""
    return "" if line.slowness == 1 else f" (here {line.allowed:,.0f})"


if __name__ == "__main__":
    run_main(main)
