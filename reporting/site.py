"""The validation reports: static pages under <home>/reports, readable offline and on paper.

What must be written is derived from the database: every page has a fingerprint (its last event, its validations), kept in
``pages.json``; a page whose fingerprint is unchanged is left alone. So the cost follows what changed, and a night cut off
before its reports is made good by the next one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from reporting import index_queries, night_queries, queries
from reporting.pages import file_path, submission_path, up, write_file, write_submission
from reporting.render import look_version, write_atomic, write_page
from warehouse.clock import local_date
from warehouse.database import Connection, connect
from warehouse.settings import Settings

MANIFEST = "pages.json"
SHOWN_NIGHTS = 14
WAITING = ("received", "validated", "held")

Group = list[queries.Row]


def write_site(settings: Settings, run_id: UUID | str | None = None) -> Path:
    """Write the pages that changed and the index, and return the index's path.

    ``run_id``: the night that asks; its page is written in any case. Without one every page is written again, whole.
    """
    folder = settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)
    old = _read_manifest(folder, whole=run_id is None)
    # One snapshot for all pages: a writer beside us cannot make two of them disagree.
    with connect(settings, kind="report") as conn:
        conn.execute("set transaction isolation level repeatable read read only")
        rows = index_queries.submissions(conn)
        files = index_queries.unreadable_files(conn)
        nights = index_queries.nights(conn)
        new: dict[str, Any] = {}
        for group in _groups(rows):
            fingerprint = [
                [row["version"], row["state"], row["is_in_force"], row["last_event"], row["rounds"], row["commune_name"]] for row in group
            ]
            for row in group:
                path = submission_path(row)
                new[path] = _keep(folder, old, path, fingerprint) or {
                    "of": fingerprint, "counts": write_submission(conn, folder, row, group)
                }  # fmt: skip
        for file in files:
            path = file_path(file["sha256"])
            fingerprint = [file["last_event"]]
            new[path] = _keep(folder, old, path, fingerprint) or {"of": fingerprint, "counts": write_file(conn, folder, file)}
        for night in nights:
            path = night_path(night)
            told: list[Any] = [str(night["outcome"]), night["last_event"], night["files"], night["publication_id"]]
            kept = None if str(night["run_id"]) == str(run_id) else _keep(folder, old, path, told)
            if kept is None:
                _write_night(conn, folder, night, rows, new)
            new[path] = {"of": told}
        _write_index(conn, folder, rows, files, nights, new)
    _remove_strays(folder, old, new)
    write_atomic(folder / MANIFEST, json.dumps({"look": look_version(), "pages": new}, ensure_ascii=False, indent=0, sort_keys=True))
    return folder / "index.html"


def night_path(night: queries.Row) -> str:
    return f"nights/{local_date(night['started_at'])}-{str(night['run_id'])[:8]}.html"


def _groups(rows: Iterable[queries.Row]) -> list[Group]:
    """Versions of the same form, commune and period, oldest first."""
    grouped: dict[tuple[str, str, str], Group] = defaultdict(list)
    for row in rows:
        grouped[row["form_code"], row["commune_code"], row["period_key"]].append(row)
    return list(grouped.values())


def _read_manifest(folder: Path, *, whole: bool) -> dict[str, Any]:
    """Pages written before; none counts as up to date where all are wanted, or the words or templates have changed since."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    manifest = json.loads(path.read_text(encoding="utf-8"))
    fresh = manifest["look"] == look_version() and not whole
    return manifest["pages"] if fresh else {name: {"of": None} for name in manifest["pages"]}


def _keep(folder: Path, old: dict[str, Any], path: str, fingerprint: list[Any]) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = old.get(path)
    return entry if entry and entry["of"] == fingerprint and (folder / path).exists() else None


def _remove_strays(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Pages of submissions that the database does not know (it was made anew): they must not be found by anyone."""
    for path in old.keys() - new.keys():
        page = folder / path
        for stray in (page, *(page.with_name(page.stem + end) for end in ("-findings.csv", "-repairs.csv", "-changes.html"))):
            stray.unlink(missing_ok=True)


def _write_night(conn: Connection, folder: Path, night: queries.Row, rows: list[queries.Row], pages: dict[str, Any]) -> None:
    path, run_id = night_path(night), night["run_id"]
    changed = {outcome["submission_id"]: outcome["event_type"] for outcome in night_queries.outcomes(conn, run_id)}
    errors = night_queries.error_rules(conn, run_id)
    renewed = set(night_queries.renewed(conn, run_id))
    waived: dict[UUID, list[str]] = defaultdict(list)
    for one in night_queries.waived(conn, run_id):
        waived[one["submission_id"]].append(one["rule_code"])
    of_night = [
        {**row, "outcome": changed.get(row["submission_id"]), "rules": errors.get(row["submission_id"], []), "path": submission_path(row)}
        | {"waived": waived.get(row["submission_id"], [])}
        | {"counts": pages[submission_path(row)]["counts"]}
        for row in sorted(rows, key=lambda row: (row["form_code"], row["period_key"], row["commune_code"], row["version"]))
        if row["submission_id"] in changed or row["submission_id"] in renewed
    ]
    context = {
        "up": up(path),
        "page": path,
        "night": night,
        "returned": [row for row in of_night if row["outcome"] == "returned"],
        "accepted": [row for row in of_night if row["outcome"] == "accepted"],
        "waiting": [row for row in of_night if row["outcome"] in WAITING],
        "superseded": [row for row in of_night if row["outcome"] in ("superseded", "withdrawn")],
        "unreadable": [{**file, "path": file_path(file["sha256"])} for file in night_queries.unreadable(conn, run_id)],
        "not_taken": night_queries.not_taken(conn, run_id),
        "rechecked": [row for row in of_night if row["submission_id"] in renewed],
        "again": night_queries.again(conn, run_id),
        "waivers": night_queries.waivers(conn, run_id),
        "n_waived": len(waived),
        "totals": night_queries.rule_totals(conn, run_id),
        "publication": night_queries.publication(conn, run_id),
        "gate": night_queries.gate(conn, run_id),
        "nodes": night_queries.build_nodes(conn, run_id),
        "failing_nodes": night_queries.failing_nodes(conn, run_id),
    }
    write_page(folder / path, "night.html", context)


def _write_index(
    conn: Connection, folder: Path, rows: list[queries.Row], files: list[queries.Row], nights: list[queries.Row], pages: dict[str, Any]
) -> None:
    groups = _groups(rows)
    night_of = {row["submission_id"]: "" for row in rows}
    for event in queries.rows(conn, "select submission_id, run_id from audit.submission_event where event_type = 'received'"):
        night_of[event["submission_id"]] = str(event["run_id"])
    lines = [_line(group, pages, night_of) for group in groups]
    periods = []
    for form_code, period_key in sorted(
        {(group[0]["form_code"], group[0]["period_key"]) for group in groups}, key=lambda key: (key[1], key[0]), reverse=True
    ):
        of_period = [group for group in groups if (group[0]["form_code"], group[0]["period_key"]) == (form_code, period_key)]
        expected = index_queries.expected_communes(conn, of_period[0][0]["period_end_date"])
        came = {group[0]["commune_code"] for group in of_period}
        missing = [commune for commune in expected if commune["commune_code"] not in came]
        periods.append(_period_summary(form_code, period_key, of_period, len(expected), len(missing)))
        lines += [_missing_line(form_code, period_key, commune) for commune in missing]
    lines.sort(key=lambda line: (line["form_code"], line["commune_code"]))
    lines.sort(key=lambda line: line["period_key"], reverse=True)
    context = {
        "up": "",
        "page": "index.html",
        "lines": lines,
        "periods": periods,
        "nights": [{**night, "path": night_path(night)} for night in nights],
        "shown_nights": SHOWN_NIGHTS,
        "files": [{**file, "path": file_path(file["sha256"])} for file in files],
        "districts": sorted({line["district_name"] for line in lines if line["district_name"]}),
        "states": sorted({line["state"] for line in lines}),
        "forms": sorted({line["form_code"] for line in lines}),
        "last": queries.one(conn, "select max(started_at) as moment from audit.run"),
    }
    write_page(folder / "index.html", "index.html", context)


def _line(group: Group, pages: dict[str, Any], night_of: dict[UUID, str]) -> dict[str, Any]:
    """One line of the index: the newest version, with the older ones linked and the one in force said."""
    newest = group[-1]
    return {
        **newest,
        "path": submission_path(newest),
        "counts": pages[submission_path(newest)]["counts"],
        "older": [{"version": row["version"], "state": row["state"], "path": submission_path(row)} for row in group[:-1]],
        "in_force": next((row["version"] for row in group if row["is_in_force"]), None),
        "runs": " ".join(sorted({night_of[row["submission_id"]] for row in group})),
    }


def _missing_line(form_code: str, period_key: str, commune: queries.Row) -> dict[str, Any]:
    return {
        **commune, "form_code": form_code, "period_key": period_key, "state": "missing", "path": None, "counts": None, "older": [],
        "in_force": None, "runs": "", "version": None, "result_stage": None, "received_at": None, "file_name": "",
    }  # fmt: skip


def _period_summary(form_code: str, period_key: str, groups: list[Group], expected: int, missing: int) -> dict[str, Any]:
    """Communes by what became of their return: in force, else sent back, else waiting."""
    in_force = [next((row for row in group if row["is_in_force"]), None) for group in groups]
    accepted = sum(1 for row in in_force if row)
    open_groups = [group for group, row in zip(groups, in_force, strict=True) if row is None]
    return {
        "form_code": form_code,
        "period_key": period_key,
        "expected": expected,
        "accepted": accepted,
        "provisional": sum(1 for row in in_force if row and row["result_stage"] == "provisional"),
        "returned": sum(1 for group in open_groups if group[-1]["state"] == "returned"),
        "waiting": sum(1 for group in open_groups if group[-1]["state"] in WAITING),
        "missing": missing + sum(1 for group in open_groups if group[-1]["state"] == "withdrawn"),
        "complete": 100 * accepted / expected if expected else None,
    }
