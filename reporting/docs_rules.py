"""docs/findings.md from the reader's findings, docs/gate.md from the publish gate, docs/rules.md from the rule catalogue."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from expectations.catalogue import Rule, load_rules
from expectations.gate import load_checks
from ingestion.findings import FindingType, finding_types
from reporting.docs_text import generated_from, table
from reporting.words import sheet_position, sheet_title

DEFAULT_FORM = "household_review"
LEVELS = {
    "file": "The file cannot be used: form, commune or period cannot be told, or it cannot be opened. It is *unreadable*; its bytes stay in"
    " the archive.",
    "submission": "Form, commune and period are known, but the return is not whole. It is *returned* at once; the rules are not asked.",
    "cell": "One cell. An error refuses the value and the return comes back; a warning or a note keeps it.",
}


def pages(folder: Path) -> dict[str, str]:
    """None of these pages has a hand-written part, so ``folder`` is not read."""
    del folder
    return {"rules.md": _rules(), "findings.md": _findings(), "gate.md": _gate()}


def _rules() -> str:
    rules = load_rules()
    counts = ", ".join(f"{sum(rule.severity == severity for rule in rules)} {severity}s" for severity in ("error", "warning"))
    parts = [
        "# Rules\n",
        generated_from("expectations/rules/*.yaml"),
        "One check a rule, as data; Great Expectations runs them. An **error** returns the file; a **warning** or an **info** does not. A"
        " finding stands at the row where the remedy lies; what concerns the whole return stands on the cover. A rule passes over rows in"
        " which the reader refused a cell that it reads. [A waiver](operations.md#waivers) sets a rule aside for one return, but for those"
        " marked *no waiver*: the published marts could not hold what breaks them. The text of every version that ever judged a file is"
        " kept in `audit.rule`.\n",
        f"{len(rules)} rules: {counts}, {sum(rule.severity == 'info' for rule in rules)} infos.\n",
    ]
    in_order = sorted(rules, key=_place)
    for sheet, found in groupby(in_order, key=lambda rule: rule.sheet):
        title = sheet_title(None, sheet)
        parts += [
            f"## {title} · `{sheet}`\n",
            table(("Rule", "Severity", "Says", "How to resolve", "Basis", "Owner", "In force"), map(_rule, found)),
        ]
    return "\n".join(parts)


def _place(rule: Rule) -> tuple[bool, str, int]:
    """The cover, common to all forms, then the sheets form by form."""
    form = rule.form or DEFAULT_FORM
    return (False, "", 0) if rule.sheet == "cover" else (True, form, sheet_position(form, rule.sheet))


def _rule(rule: Rule) -> tuple[str, ...]:
    def both(vi: str, en: str) -> str:
        return f"{_filled(vi, rule)}<br>*{_filled(en, rule)}*"

    dates = f"from {rule.valid_from}" + (f" to {rule.valid_to}" if rule.valid_to else "")
    dates += f"; by {' and '.join(rule.periods)} only" if rule.periods else ""
    return (
        f"`{rule.code}`", rule.severity if rule.waivable else f"{rule.severity}, *no waiver*", both(rule.text_vi, rule.text_en),
        both(rule.resolve_vi, rule.resolve_en), rule.basis, rule.owner, dates,
    )  # fmt: skip


def _filled(text: str, rule: Rule) -> str:
    """The sentence with the rule's own numbers: thresholds are data, and the docs quote them."""
    return re.sub(r"\{(\w+)\}", lambda found: str(rule.parameters.get(found[1], "…")), text)


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
