"""Builds the history that reports, trace and evidence read: nights, files, submissions, findings, events. Names are invented."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb

from ingestion.contracts import load_form
from warehouse.database import connect, copy_rows
from warehouse.events import Event, append_events
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

NAMESPACE = UUID("6f0f6a52-5d0d-4f0e-9b1e-000000000001")
FORM = "household_review"
RULES = {
    "HHR-01": ("error", "Mã hộ phải có và không trùng trong tệp.", "The household code is present and unique in the file."),
    "HHR-03": ("error", "Phân loại cuối kỳ phải khớp với điểm B1, B2.", "The closing class follows from B1 and B2."),
    "HHR-13": ("warning", "Số CCCD phải có 12 chữ số hợp lệ.", "A citizen ID has 12 valid digits."),
    "HHR-27": ("error", "Số hộ trong danh sách phải bằng Mẫu 7.1.", "The list and form 7.1 agree."),
    "HHR-41": ("info", "Xã không có hộ nghèo, hộ cận nghèo.", "A commune without poor households."),
    "CELL-NUMBER": ("error", "Ô phải là số.", "The cell must hold a number."),
    "FILE-PASSWORD": ("error", "Tệp có mật khẩu nên không mở được.", "The file has a password and cannot be opened."),
}
FAILING_COLUMNS = (
    "run_id", "sha256", "submission_id", "origin", "rule_code", "severity", "sheet", "row_number", "column_label", "cell", "value_masked",
    "reason_vi", "reason_en",
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A submission as the builder made it."""

    submission_id: UUID
    sha256: str
    commune_code: str
    period_key: str
    version: int
    file_name: str


@dataclass
class AuditBuilder:
    settings: Settings
    run: Run
    rounds: int = 0
    _versions: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def night(cls, settings: Settings, now: datetime) -> AuditBuilder:
        builder = cls(settings, start_run(settings, "nightly", injected_now=now))
        builder.rules()
        return builder

    def next_night(self, now: datetime) -> AuditBuilder:
        return AuditBuilder(self.settings, start_run(self.settings, "nightly", injected_now=now), 0, self._versions)

    def rules(self, codes: Mapping[str, tuple[str, str, str]] = RULES) -> None:
        with connect(self.settings) as conn, conn.cursor() as cursor:
            cursor.executemany(
                """
                insert into audit.rule (rule_code, rule_version, severity, owner, sheet, text_vi, text_en, resolve_vi, resolve_en, basis,
                    valid_from, definition_hash, recorded_at)
                values (%s, 1, %s, 'Sở', 'household_list', %s, %s, 'Sửa ô này.', 'Correct the cell.', 'TT 07/2021', '2021-01-01', 'x', %s)
                on conflict do nothing
                """,
                [(code, *texts, self.run.now) for code, texts in codes.items()],
            )

    # -- what came
    def file(self, name: str, *, state: str = "read", reason_code: str | None = None, content: bytes | None = None) -> str:
        """A received file, its bytes in the archive. Returns its hash."""
        content = content if content is not None else name.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.settings.archive_dir / sha256[:2] / sha256[2:4] / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        with connect(self.settings) as conn:
            conn.execute(
                "insert into audit.received_file (sha256, file_name, size_bytes, received_at, recorded_at, state, reason_code)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                (sha256, name, len(content), self.run.now, self.run.now, state, reason_code),
            )
            conn.execute(
                "insert into audit.file_outcome"
                " (run_id, sha256, path, file_name, state, rows_read, rows_refused, reason_code, seconds, recorded_at)"
                " values (%s, %s, %s, %s, %s, 10, 0, %s, 0.1, %s)",
                (self.run.run_id, sha256, name, name, state, reason_code, self.run.now),
            )
        return sha256

    def unreadable(self, name: str, code: str = "FILE-PASSWORD") -> str:
        sha256 = self.file(name, state="unreadable", reason_code=code)
        self._failing([self._finding(sha256, None, "reader", code, None, None, None, None, None)])
        with connect(self.settings) as conn:
            payload = {"findings": self._digest(conn, "reader", sha256, None)}
            append_events(conn, self.run.run_id, self.run.now, [Event("unreadable", self.run.now, "warehouse", None, sha256, payload)])
        return sha256

    def submission(
        self,
        commune_code: str,
        period_key: str = "2023",
        *,
        stage: str = "final",
        findings: Sequence[Sequence[Any]] = (),
        name: str | None = None,
    ) -> Built:
        """A read file of one commune, received. ``findings`` are the reader's: (code, sheet, row, column, cell, value)."""
        version = self._versions[commune_code, period_key] = self._versions.get((commune_code, period_key), 0) + 1
        name = name or f"{commune_code}_{period_key}_v{version}.xlsx"
        sha256 = self.file(name)
        submission_id = uuid5(NAMESPACE, f"{sha256}|{FORM}|{commune_code}|{period_key}|{version}")
        year = int(period_key[:4])
        with connect(self.settings) as conn:
            conn.execute(
                """
                insert into intake.submission (submission_id, sha256, form_code, form_version, commune_code, commune_valid_from,
                    commune_footprint_from, period_key, period_type, period_start_date, period_end_date, result_stage, version, file_name,
                    received_at, recorded_at)
                values (%s, %s, %s, '1', %s, '2004-08-31', '2004-08-31', %s, 'year', %s, %s, %s, %s, %s, %s, %s)
                """,
                (submission_id, sha256, FORM, commune_code, period_key, date(year, 1, 1), date(year, 12, 31), stage, version, name,
                 self.run.now, self.run.now),
            )  # fmt: skip
            for sheet in load_form(FORM).sheets:
                conn.execute(
                    "insert into intake.sheet (submission_id, sheet, title, header_row, rows_read, rows_refused, rows_skipped)"
                    " values (%s, %s, %s, 5, 2, 0, %s)",
                    (submission_id, sheet.name, sheet.title, Jsonb({"numbering": 1, "blank": 2})),
                )
        self._failing([self._finding(sha256, submission_id, "reader", *finding) for finding in findings])
        with connect(self.settings) as conn:
            payload = {
                "form_code": FORM, "commune_code": commune_code, "period_key": period_key, "result_stage": stage, "version": version,
                "file_name": name, "findings": self._digest(conn, "reader", sha256, None),
            }  # fmt: skip
            append_events(
                conn, self.run.run_id, self.run.now, [Event("received", self.run.now, "warehouse", submission_id, sha256, payload)]
            )
        return Built(submission_id, sha256, commune_code, period_key, version, name)

    def rows(self, built: Built, sheet: str, first_row: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Intake rows of a sheet, one after the other, and the column letters of the template."""
        contract = load_form(FORM).sheet(sheet)
        with connect(self.settings) as conn:
            for offset, row in enumerate(rows):
                copy_rows(
                    conn,
                    f"intake.{sheet}",
                    ["submission_id", "row_number", *row],
                    [[built.submission_id, first_row + offset, *row.values()]],
                )
            with conn.cursor() as cursor:
                cursor.executemany(
                    "insert into audit.column_map (submission_id, sheet, field, column_letter)"
                    " values (%s, %s, %s, %s) on conflict do nothing",
                    [(built.submission_id, sheet, column.field, letter(index)) for index, column in enumerate(contract.columns)],
                )

    def repair(self, built: Built, sheet: str, cell: str, before: str, after: str, code: str) -> None:
        with connect(self.settings) as conn:
            conn.execute(
                "insert into audit.cell_repair values (%s, %s, %s, %s, %s, %s)", (built.submission_id, sheet, cell, before, after, code)
            )

    # -- what was decided
    def validate(self, built: Sequence[Built], findings: Mapping[UUID, Sequence[Sequence[Any]]] | None = None, *, tested: int = 20) -> None:
        """One round over the given submissions; a submission with an error is returned, the others accepted."""
        self.rounds += 1
        findings = findings or {}
        counts: dict[tuple[UUID, str], int] = {}
        lines = []
        for one in built:
            for finding in findings.get(one.submission_id, ()):
                counts[one.submission_id, finding[0]] = counts.get((one.submission_id, finding[0]), 0) + 1
                lines.append(self._finding(one.sha256, one.submission_id, "rule", *finding))
        self._failing(lines)
        with connect(self.settings) as conn, conn.cursor() as cursor:
            cursor.execute(
                "insert into audit.validation_run values (%s, %s, 'accept', 'rules-1', 'reference-1', '1.24.1', %s, 0.5, %s)",
                (self.run.run_id, self.rounds, len(built), self.run.now),
            )
            for one in built:
                cursor.execute("insert into audit.validation_batch values (%s, %s, %s)", (self.run.run_id, one.submission_id, self.rounds))
                cursor.executemany(
                    "insert into audit.validation_result values (%s, %s, %s, 1, %s, %s, %s, %s)",
                    [
                        (
                            self.run.run_id,
                            one.submission_id,
                            code,
                            severity,
                            tested,
                            failed := counts.get((one.submission_id, code), 0),
                            failed == 0,
                        )
                        for code, (severity, *_) in RULES.items()
                        if code.startswith("HHR")
                    ],
                )
        with connect(self.settings) as conn:
            payload = {"round": self.rounds, "findings": self._digest(conn, "rule", None, self.rounds)}
            events = [Event("round", self.run.now, "warehouse", payload=payload)]
            for one in built:
                bad = any(RULES[finding[0]][0] == "error" for finding in findings.get(one.submission_id, ()))
                events.append(Event("validated", self.run.now, "warehouse", one.submission_id, one.sha256))
                events.append(Event("returned" if bad else "accepted", self.run.now, "warehouse", one.submission_id, one.sha256))
            append_events(conn, self.run.run_id, self.run.now, events)

    def event(self, event_type: str, built: Built, **payload: Any) -> None:
        with connect(self.settings) as conn:
            event = Event(event_type, self.run.now, "warehouse", built.submission_id, built.sha256, payload)
            append_events(conn, self.run.run_id, self.run.now, [event])

    def end(self, outcome: str = "success") -> None:
        with connect(self.settings) as conn:
            conn.execute(
                "update audit.run set ended_at = %s, outcome = %s where run_id = %s",
                (self.run.now + timedelta(minutes=5), outcome, self.run.run_id),
            )

    # -- private
    def _finding(self, sha256: str, submission_id: UUID | None, origin: str, code: str, *place: Any) -> tuple[Any, ...]:
        sheet, row, column, cell, value = place
        severity, text_vi, text_en = RULES[code]
        return (self.run.run_id, sha256, submission_id, origin, code, severity, sheet, row, column, cell, value, text_vi, text_en)

    def _failing(self, lines: Sequence[Sequence[Any]]) -> None:
        with connect(self.settings) as conn:
            copy_rows(conn, "audit.failing_row", FAILING_COLUMNS, lines)

    def _digest(self, conn: Any, origin: str, sha256: str | None, round_number: int | None) -> dict[str, Any]:
        count, digest = conn.execute(
            "select * from audit.findings_digest(%s, %s, %s, %s)", (self.run.run_id, origin, sha256, round_number)
        ).fetchone()
        return {"count": count, "sha256": digest}


def letter(index: int) -> str:
    """0 -> A, 26 -> AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text
