"""The page of a submission and the page of an unreadable file, with the complete lists beside them as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.contracts import load_form
from reporting import queries, version_diff, words
from reporting.render import write_csv, write_page
from warehouse.database import Connection

SHOWN_ROWS = 1000
"""Failing rows that a page lists; the CSV beside it has all."""
SHOWN_REPAIRS = 60
SHOWN_CHANGES = 1000
"""Changed rows that the page of changes lists."""

CSV_HEADER = [
    "Mức / Severity", "Quy tắc / Rule", "Trang / Sheet", "Dòng / Row", "Ô / Cell", "Cột / Column", "Giá trị (đã che) / Value (masked)",
    "Lý do", "Reason", "Cách xử lý", "How to resolve", "Miễn trừ số / Waiver",
]  # fmt: skip
REPAIR_HEADER = ["Trang / Sheet", "Ô / Cell", "Trong tệp / In the file", "Đọc là / Read as", "Cách / How"]


def submission_path(row: queries.Row) -> str:
    """``submissions/household_review/2023/27694-v2.html``: a name that people can find and that never changes."""
    return f"submissions/{row['form_code']}/{row['period_key']}/{row['commune_code']}-v{row['version']}.html"


def changes_path(row: queries.Row) -> str:
    return submission_path(row).removesuffix(".html") + "-changes.html"


def file_path(sha256: str) -> str:
    return f"files/{sha256[:20]}.html"


def up(path: str) -> str:
    return "../" * path.count("/")


def share(counts: Sequence[int], total: int) -> list[int]:
    """How many rows of each rule a page shows: all where they fit, else as evenly as ``total`` allows.

    A rule with a hundred thousand rows thus never hides the others.
    """
    left, result = total, [0] * len(counts)
    for position, index in enumerate(sorted(range(len(counts)), key=counts.__getitem__)):
        result[index] = min(counts[index], left // (len(counts) - position))
        left -= result[index]
    return result


def write_submission(conn: Connection, folder: Path, row: queries.Row, group: list[queries.Row]) -> dict[str, int]:
    """Write the page and its CSVs; ``group`` holds every version of the same form, commune and period. Returns its counts."""
    path = submission_path(row)
    sheets = [sheet.name for sheet in load_form(row["form_code"]).sheets]
    validation = queries.last_validation(conn, row["submission_id"])
    where = queries.FINDINGS_OF_SUBMISSION
    values = {"id": row["submission_id"], "run": validation["run_id"] if validation else None}
    as_of = validation["recorded_at"] if validation else row["recorded_at"]
    found = _findings(conn, folder / path, row["form_code"], where, values, sheets, as_of)
    repaired = _repairs(conn, folder / path, row, sheets)
    results = queries.results(conn, row["submission_id"], validation["run_id"]) if validation else []
    in_force = next((other for other in group if other["is_in_force"]), None)
    context = {
        **found,
        **repaired,
        "up": up(path),
        "page": path,
        "s": row,
        "group": group,
        "paths": {other["submission_id"]: submission_path(other) for other in group},
        "newest": group[-1],
        "in_force": in_force,
        "changes": _changes(conn, folder, row, group),
        "results": results,
        "failed_rules": sum(1 for result in results if result["rows_failed"]),
        "validation": validation,
        "history": queries.history(conn, [other["submission_id"] for other in group]),
        "file": queries.received_file(conn, row["sha256"]),
        "sheets": sorted(
            queries.sheets_read(conn, row["submission_id"]), key=lambda sheet: words.sheet_position(row["form_code"], sheet["sheet"])
        ),
    }
    write_page(folder / path, "submission.html", context)
    return {**found["counts"], "repair": repaired["repair_total"]}


def _changes(conn: Connection, folder: Path, row: queries.Row, group: list[queries.Row]) -> dict[str, Any] | None:
    """Write the page that compares a version with the one before it; gives what the link to it says, or None of a first version."""
    before = next((other for other in reversed(group) if other["version"] < row["version"]), None)
    if before is None:
        return None
    changed = version_diff.compare(conn, before["submission_id"], row["submission_id"])
    shown = changed[:SHOWN_CHANGES]
    sheets = [(name, [change for change in shown if change.sheet == name]) for name in dict.fromkeys(change.sheet for change in shown)]
    path = changes_path(row)
    context = {
        "up": up(path), "page": path, "s": row, "before": before, "own_page": submission_path(row), "before_page": submission_path(before),
        "sheets": sheets, "shown": len(shown), "total": len(changed),
    }  # fmt: skip
    write_page(folder / path, "changes.html", context)
    return {"path": path, "old": before["version"], "total": len(changed)}


def write_file(conn: Connection, folder: Path, row: queries.Row) -> dict[str, int]:
    """The page of a file that could not be read: why, and what to do."""
    path = file_path(row["sha256"])
    found = _findings(conn, folder / path, None, queries.FINDINGS_OF_FILE, {"id": row["sha256"]}, [], row["recorded_at"])
    write_page(folder / path, "file.html", {**found, "up": up(path), "page": path, "file": row})
    counts: dict[str, int] = found["counts"]
    return counts


def _findings(
    conn: Connection, page: Path, form_code: str | None, where: str, values: dict[str, Any], sheets: list[str], as_of: datetime
) -> dict[str, Any]:
    """Findings by rule for the page, the complete list as CSV. A page without findings has no CSV."""
    counts = queries.finding_counts(conn, where, values)
    total = sum(count["failed"] for count in counts)
    texts = queries.rule_texts(conn, sorted({count["rule_code"] for count in counts}), as_of)
    empty = {"text_vi": "", "text_en": "", "resolve_vi": "", "resolve_en": "", "basis": ""}
    waivers = queries.waivers(conn, sorted({count["waiver_id"] for count in counts if count["waiver_id"] is not None}))
    groups = []
    for count, limit in zip(counts, share([count["failed"] for count in counts], SHOWN_ROWS), strict=True):
        shown = queries.findings(conn, where, values, sheets, rule_code=count["rule_code"], limit=limit)
        waiver = waivers.get(count["waiver_id"])
        groups.append({**count, **texts.get(count["rule_code"], empty), "rows": shown, "waiver": waiver})
    csv_page = page.with_name(page.stem + "-findings.csv")
    if total:
        write_csv(csv_page, CSV_HEADER, (_csv_line(form_code, row, texts) for row in queries.all_findings(conn, where, values, sheets)))
    else:
        csv_page.unlink(missing_ok=True)
    by_kind = Counter(dict.fromkeys(("error", "warning", "info", "waived"), 0))
    for count in counts:
        by_kind[count["severity"] if count["waiver_id"] is None else "waived"] += count["failed"]
    return {
        "groups": groups,
        "counts": dict(by_kind),
        "total": total,
        "shown": sum(len(group["rows"]) for group in groups),
        "csv": csv_page.name,
    }


def _csv_line(form_code: str | None, row: queries.Row, texts: dict[str, queries.Row]) -> list[object]:
    text = texts.get(row["rule_code"], {})
    return [
        "{} / {}".format(*words.strings()[f"severity_{row['severity']}"]), row["rule_code"], words.sheet_title(form_code, row["sheet"]),
        row["row_number"], row["cell"], row["column_label"], row["value_masked"], row["reason_vi"], row["reason_en"],
        text.get("resolve_vi"), text.get("resolve_en"), row["waiver_id"],
    ]  # fmt: skip


def _repairs(conn: Connection, page: Path, row: queries.Row, sheets: list[str]) -> dict[str, Any]:
    """Some repairs of each kind for the page; where there are more, all of them as CSV."""
    repairs = queries.repairs(conn, row["submission_id"], sheets)
    counts = Counter(repair["repair_code"] for repair in repairs).most_common()
    said = {code: words.known(f"repair_{code}", code) for code, _ in counts}
    quota = dict(zip([code for code, _ in counts], share([count for _, count in counts], SHOWN_REPAIRS), strict=True))
    shown = []
    for repair in repairs:
        if quota[repair["repair_code"]]:
            quota[repair["repair_code"]] -= 1
            shown.append(repair)
    csv_page = page.with_name(page.stem + "-repairs.csv")
    if len(shown) < len(repairs):
        titles = {sheet: words.sheet_title(row["form_code"], sheet) for sheet in {repair["sheet"] for repair in repairs}}
        lines = (
            [titles[repair["sheet"]], repair["cell"], repair["before_masked"], repair["after_masked"], said[repair["repair_code"]][0]]
            for repair in repairs
        )
        write_csv(csv_page, REPAIR_HEADER, lines)
    else:
        csv_page.unlink(missing_ok=True)
    return {
        "repairs": shown,
        "repair_counts": counts,
        "repair_words": {code: words.pair(*text) for code, text in said.items()},
        "repair_total": len(repairs),
        "repairs_csv": csv_page.name,
    }
