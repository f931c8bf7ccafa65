"""docs/findings.md from the reader's findings, docs/gate.md from the publish gate, docs/rules.md from the rule catalogue."""

from __future__ import annotations

from pathlib import Path

from expectations.gate import load_checks
from ingestion.findings import FindingType, finding_types
from reporting.docs_text import generated_from, table

LEVELS = {
    "file": "The file cannot be used: form, commune or period cannot be told, or it cannot be opened. It is *unreadable*; its bytes stay in"
    " the archive.",
    "submission": "Form, commune and period are known, but the return is not whole. It is *returned* at once; the rules are not asked.",
    "cell": "One cell. An error refuses the value and the return comes back; a warning or a note keeps it.",
}


def pages(folder: Path) -> dict[str, str]:
    """None of these pages has a hand-written part, so ``folder`` is not read."""
    del folder
    return {"findings.md": _findings(), "gate.md": _gate()}


def _findings() -> str:
    parts = [
        "# Reader findings\n",
        generated_from("ingestion/findings.yaml"),
        "What reading a file can say, before any rule is asked. Each finding is a row of `audit.failing_row` with origin `reader`, in"
        " Vietnamese and English, with its cell where it has one. `{…}` stands for a value.\n",
    ]
    for level, meaning in LEVELS.items():
        found = [finding for finding in finding_types().values() if finding.level == level]
        parts += [f"## {level.capitalize()}\n", meaning + "\n", table(("Code", "Severity", "Says", "How to resolve"), map(_line, found))]
    return "\n".join(parts)


def _line(finding: FindingType) -> tuple[str, ...]:
    return (
        f"`{finding.code}`", finding.severity, f"{finding.text_vi}<br>*{finding.text_en}*",
        f"{finding.resolve_vi}<br>*{finding.resolve_en}*",
    )  # fmt: skip


def _gate() -> str:
    lines = [(f"`{check.code}`", f"{check.text_vi}<br>*{check.text_en}*", "yes" if check.acceptable else "no") for check in load_checks()]
    return "\n".join(
        [
            "# Publish gate\n",
            generated_from("expectations/gate.yaml"),
            "What must hold in the marts of a build before readers see them. A check that fails stops the switch: the last publication"
            " stays. Where it is acceptable, `warehouse publish --accept REASON` publishes all the same, and the reason is kept in"
            " `audit.gate_result` and `audit.publication`.\n",
            table(("Check", "What must hold", "Acceptable with a reason"), lines),
        ]
    )
