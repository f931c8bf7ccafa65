"""Does the evidence still hold? Walks the chain of events, the chain of publications, the archive and the digests.

Everything is streamed: memory does not grow with the years stored. Nothing is repaired; each fault is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from warehouse.database import Connection, connect
from warehouse.events import EVENT_FIELDS, GENESIS, chain_hash
from warehouse.settings import Settings

BLOCK = 1 << 20


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold. ``kind``: chain, publication, restatement, archive, digest, findings, file, waiver."""

    kind: str
    subject: str
    vi: str
    en: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.subject}: {self.vi} · {self.en}"


def verify(settings: Settings) -> list[Problem]:
    """Every fault found; an empty list means that chain, archive and digests hold."""
    with connect(settings, kind="verify") as conn:
        # One snapshot: a night that writes beside us is not mistaken for a fault.
        conn.execute("set transaction isolation level repeatable read read only")
        return [
            *_event_chain(conn),
            *_publication_chain(conn),
            *_restatements(conn),
            *_archive(conn, settings.archive_dir),
            *_told_files(conn),
            *_digests(conn),
            *_uncovered_findings(conn),
            *_counts(conn),
            *_waivers(conn),
        ]


def _stream(conn: Connection, name: str, statement: str) -> Iterator[dict[str, Any]]:
    with conn.cursor(name=name, row_factory=dict_row) as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(statement)


def _event_chain(conn: Connection) -> Iterator[Problem]:
    expected_id, prev = 1, GENESIS
    for row in _stream(conn, "events", "select * from audit.submission_event order by event_id"):
        subject = f"event {row['event_id']}"
        if row["event_id"] != expected_id:
            yield Problem("chain", subject, f"thiếu sự kiện {expected_id}", f"event {expected_id} is missing before it")
        if row["prev_hash"] != prev:
            yield Problem("chain", subject, "không nối với sự kiện trước", "does not follow from the event before it")
        if chain_hash(row["prev_hash"], {name: row[name] for name in EVENT_FIELDS}) != row["hash"]:
            yield Problem("chain", subject, "nội dung đã bị sửa", "its content was changed")
        expected_id, prev = row["event_id"] + 1, row["hash"]


def _publication_chain(conn: Connection) -> Iterator[Problem]:
    from warehouse.publications import publication_hash

    expected_id, prev = 1, GENESIS
    for row in _stream(conn, "publications", "select * from audit.publication order by publication_id"):
        subject = f"publication {row['publication_id']}"
        if row["publication_id"] != expected_id:
            yield Problem("publication", subject, f"thiếu công bố {expected_id}", f"publication {expected_id} is missing before it")
        if row["prev_hash"] != prev:
            yield Problem("publication", subject, "không nối với công bố trước", "does not follow from the publication before it")
        if publication_hash(row["prev_hash"], row) != row["hash"]:
            yield Problem("publication", subject, "nội dung đã bị sửa", "its content was changed")
        expected_id, prev = row["publication_id"] + 1, row["hash"]
    statement = """
        select p.publication_id, p.hash, e.payload ->> 'hash' as told
        from audit.publication as p
        left join audit.submission_event as e
            on e.event_type = 'published' and (e.payload ->> 'publication_id')::bigint = p.publication_id
        where e.event_id is null or e.payload ->> 'hash' <> p.hash
        order by p.publication_id
    """
    for row in _stream(conn, "published", statement):
        subject = f"publication {row['publication_id']}"
        if row["told"]:
            yield Problem("publication", subject, "khác với sự kiện công bố trong chuỗi", "differs from its event in the chain")
        else:
            yield Problem("publication", subject, "không có sự kiện công bố trong chuỗi", "has no event in the chain")
    statement = """
        select e.event_id, e.payload ->> 'publication_id' as publication_id
        from audit.submission_event as e
        where
            e.event_type = 'published'
            and not exists (select 1 from audit.publication as p where p.publication_id = (e.payload ->> 'publication_id')::bigint)
        order by e.event_id
    """
    for row in _stream(conn, "unpublished", statement):
        yield Problem(
            "publication", f"publication {row['publication_id']}", "đã bị xóa", f"was deleted; event {row['event_id']} tells of it"
        )


def _restatements(conn: Connection) -> Iterator[Problem]:
    """What each publication changed is what its event saw."""
    from warehouse.restatements import restated_digest

    statement = """
        select
            coalesce((e.payload ->> 'publication_id')::bigint, r.publication_id) as publication_id,
            (e.payload -> 'rows' ->> 'count')::bigint as told_count, e.payload -> 'rows' ->> 'sha256' as told_digest
        from (select * from audit.submission_event where event_type = 'restated') as e
        full join audit.restated as r on (e.payload ->> 'publication_id')::bigint = r.publication_id
        order by 1
    """
    for row in list(_stream(conn, "restatements", statement)):
        count, digest = restated_digest(conn, row["publication_id"])
        if (count, digest) != (row["told_count"], row["told_digest"]):
            yield Problem(
                "restatement", f"publication {row['publication_id']}",
                f"nhật ký số liệu điều chỉnh đã bị sửa: ghi {row['told_count']} dòng, nay có {count}",
                f"its restatement log was changed: {row['told_count']} rows then, {count} now",
            )  # fmt: skip


def _archive(conn: Connection, archive: Path) -> Iterator[Problem]:
    for row in _stream(conn, "files", "select sha256, file_name, size_bytes from audit.received_file order by sha256"):
        sha256 = row["sha256"]
        path = archive / sha256[:2] / sha256[2:4] / sha256
        subject = f"{row['file_name']} ({sha256})"
        if not path.is_file():
            yield Problem("archive", subject, "không còn trong kho lưu trữ", "is not in the archive")
        elif _sha256(path) != sha256:
            yield Problem("archive", subject, "nội dung trong kho đã bị sửa", "its bytes in the archive were changed")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _told_files(conn: Connection) -> Iterator[Problem]:
    """Each file and each submission has its event: cutting off the end of the chain does not go unseen."""
    statement = """
        select r.file_name, r.sha256
        from audit.received_file as r
        where not exists (select 1 from audit.submission_event as e where e.sha256 = r.sha256)
        order by r.sha256
    """
    for row in _stream(conn, "untold_files", statement):
        yield Problem(
            "file", f"{row['file_name']} ({row['sha256']})", "không có sự kiện nào trong chuỗi", "no event of the chain tells of it"
        )
    statement = """
        select s.submission_id, s.file_name
        from intake.submission as s
        where not exists (select 1 from audit.submission_event as e where e.submission_id = s.submission_id and e.event_type = 'received')
        order by s.submission_id
    """
    for row in _stream(conn, "untold_submissions", statement):
        yield Problem("file", f"submission {row['submission_id']}", "không có sự kiện nhận", "the chain has no event of its receipt")


def _digests(conn: Connection) -> Iterator[Problem]:
    """The failing rows of each file and round are those that the event saw."""
    statement = """
        select
            e.event_id, e.event_type, e.sha256, e.payload -> 'round' as round,
            (e.payload -> 'findings' ->> 'count')::bigint as told_count, e.payload -> 'findings' ->> 'sha256' as told_digest,
            d.row_count, d.digest
        from audit.submission_event as e
        cross join lateral audit.findings_digest(
            e.run_id,
            case when e.event_type = 'round' then 'rule' else 'reader' end,
            case when e.event_type = 'round' then null else e.sha256 end,
            case when e.event_type = 'round' then (e.payload ->> 'round')::integer end
        ) as d
        where e.payload ? 'findings'
        order by e.event_id
    """
    for row in _stream(conn, "digests", statement):
        if (row["told_count"], row["told_digest"]) != (row["row_count"], row["digest"]):
            subject = f"event {row['event_id']} ({row['event_type']})"
            yield Problem(
                "digest", subject,
                f"các dòng lỗi đã bị sửa: ghi {row['told_count']}, nay có {row['row_count']}",
                f"its failing rows were changed: {row['told_count']} then, {row['row_count']} now",
            )  # fmt: skip


def _uncovered_findings(conn: Connection) -> Iterator[Problem]:
    """Failing rows that no event covers were added afterwards."""
    statement = """
        select f.run_id, f.origin, count(*) as n
        from audit.failing_row as f
        where
            case f.origin
                when 'reader' then not exists (
                    select 1 from audit.submission_event as e
                    where e.run_id = f.run_id and e.sha256 = f.sha256 and e.payload ? 'findings'
                )
                else not exists (
                    select 1
                    from audit.validation_batch as b
                    inner join audit.submission_event as e
                        on e.run_id = b.run_id and e.event_type = 'round' and (e.payload ->> 'round')::integer = b.round
                    where b.run_id = f.run_id and b.submission_id = f.submission_id
                )
            end
        group by f.run_id, f.origin
        order by f.run_id, f.origin
    """
    for row in _stream(conn, "uncovered", statement):
        yield Problem(
            "findings", f"run {row['run_id']}", f"{row['n']} dòng lỗi ({row['origin']}) không thuộc sự kiện nào",
            f"{row['n']} failing rows ({row['origin']}) are covered by no event",
        )  # fmt: skip


def _counts(conn: Connection) -> Iterator[Problem]:
    """Rows failed by each result are the failing rows listed: all of them, whatever their number."""
    statement = """
        with listed as (
            select f.run_id, f.submission_id, f.rule_code, count(*) as n
            from audit.failing_row as f
            where f.origin = 'rule'
            group by f.run_id, f.submission_id, f.rule_code
        )

        select
            coalesce(v.run_id, l.run_id) as run_id, coalesce(v.submission_id, l.submission_id) as submission_id,
            coalesce(v.rule_code, l.rule_code) as rule_code, coalesce(v.rows_failed, 0) as told, coalesce(l.n, 0) as n
        from audit.validation_result as v
        full join listed as l on l.run_id = v.run_id and l.submission_id = v.submission_id and l.rule_code = v.rule_code
        where coalesce(v.rows_failed, 0) <> coalesce(l.n, 0)
        order by 1, 2, 3
    """
    for row in _stream(conn, "counts", statement):
        subject = f"submission {row['submission_id']}, {row['rule_code']}"
        yield Problem(
            "findings", subject, f"kết quả ghi {row['told']} dòng, danh sách có {row['n']}",
            f"the result tells of {row['told']} rows, {row['n']} are listed",
        )  # fmt: skip


def _waivers(conn: Connection) -> Iterator[Problem]:
    """Findings are marked by a waiver of their rule and return that was in force when they were judged; results say the same."""
    statement = """
        with marked as (
            select f.run_id, f.submission_id, f.rule_code, max(f.waiver_id) as waiver_id
            from audit.failing_row as f
            where f.waiver_id is not null
            group by f.run_id, f.submission_id, f.rule_code
        )

        select
            coalesce(m.rule_code, v.rule_code) as rule_code, coalesce(m.submission_id, v.submission_id) as submission_id,
            coalesce(m.waiver_id, v.waiver_id) as waiver_id,
            v.waiver_id is distinct from m.waiver_id as differs
        from marked as m
        full join (select * from audit.validation_result where waiver_id is not null) as v
            on v.run_id = m.run_id and v.submission_id = m.submission_id and v.rule_code = m.rule_code
        where v.waiver_id is distinct from m.waiver_id or not exists (
            select 1
            from audit.waiver as w
            inner join intake.submission as s using (form_code, commune_code, period_key)
            inner join audit.validation_batch as b on b.submission_id = s.submission_id and b.run_id = m.run_id
            inner join audit.validation_run as r on r.run_id = b.run_id and r.round = b.round
            where
                w.waiver_id = m.waiver_id and w.rule_code = m.rule_code and s.submission_id = m.submission_id
                and w.recorded_at <= r.recorded_at and r.recorded_at < w.lapses_at
        )
        order by 2, 1
    """
    for row in _stream(conn, "waivers", statement):
        subject = f"submission {row['submission_id']}, {row['rule_code']}, waiver {row['waiver_id']}"
        if row["differs"]:
            yield Problem("waiver", subject, "kết quả và các dòng lỗi ghi khác nhau", "the result and its failing rows tell it differently")
        else:
            yield Problem("waiver", subject, "không có hiệu lực khi kiểm tra", "was not in force when the return was judged")
