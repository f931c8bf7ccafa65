"""`warehouse backup` and `restore`: what comes back is what was saved, and what is not whole is refused and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from ingestion.archive import archived_path, store
from operations import backup as making
from operations import cli_backup
from operations.backup import Backup, backup
from operations.backup_files import EvidenceBroken
from operations.cli import app
from operations.console import CommandError
from operations.restore import restore
from reporting.evidence import verify
from tests.support.mart_fixtures import Template, at, build_and_publish
from warehouse import backup as database
from warehouse.database import connect, url_with
from warehouse.roles import role_passwords
from warehouse.runs import WriterBusy, writer_lock
from warehouse.settings import Settings

REPORT = "Xã Bình Hiệp: báo cáo kiểm tra"


@pytest.fixture
def saved(published: Settings, small_province: Template, tmp_path: Path) -> Iterator[Settings]:
    """The published province with the bytes of its files in the archive, and a report."""
    source = tmp_path / "bytes"
    for returns in small_province.returns.values():
        for item in returns:
            source.write_text(f"{item.commune}|{item.year}|{item.version}")  # what mart_builder takes the SHA-256 of
            assert store(published.archive_dir, source)[0] == item.sha256
    (published.reports_dir / "2023").mkdir(parents=True)
    (published.reports_dir / "2023" / "xã.html").write_text(REPORT, encoding="utf-8")
    yield published


@pytest.fixture
def empty(server_url: str, tmp_path: Path) -> Iterator[Settings]:
    """A home that does not exist yet and a database without anything."""
    name = f"r_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name}")
    yield Settings(home=tmp_path / "new", url=SecretStr(url_with(server_url, database=name)), workers=1, quiet=True, _env_file=None)
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


def facts(settings: Settings) -> dict[str, object]:
    with connect(settings) as conn:
        return database.facts(conn)


def archive_hashes(settings: Settings) -> set[str]:
    return {path.name for path in settings.archive_dir.glob("??/??/*")}


def schemas(settings: Settings) -> list[str]:
    with connect(settings) as conn:
        return database.occupied(conn)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def one_archived(made: Backup) -> Path:
    return next((made.path / "archive").glob("??/??/*"))


def test_what_is_restored_equals_what_was_saved(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    assert (made.archived, made.linked, made.problems) == (564, 0, [])
    done = restore(empty, made.path)
    assert (done.kind, done.archived, done.problems) == ("synthetic", 564, [])
    assert facts(empty) == facts(saved)
    assert archive_hashes(empty) == archive_hashes(saved)
    assert (empty.reports_dir / "2023" / "xã.html").read_text(encoding="utf-8") == REPORT
    assert verify(empty) == []


def test_the_manifest_tells_what_the_backup_holds(saved: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    manifest = json.loads((made.path / "manifest.json").read_text(encoding="utf-8"))
    with connect(saved) as conn:
        head = conn.execute("select event_id, hash from audit.submission_event order by event_id desc limit 1").fetchone()
        published = conn.execute("select hash, mart_hashes from audit.publication").fetchone()
    assert (manifest["events"]["event_id"], manifest["events"]["hash"]) == head
    assert (manifest["publication"]["hash"], manifest["publication"]["mart_hashes"]) == published
    assert (manifest["archive"]["files"], manifest["reports"]["files"], manifest["kind"]) == (564, 1, "synthetic")
    assert manifest["dump"]["size_bytes"] == (made.path / "warehouse.dump").stat().st_size
    assert (
        made.size_bytes
        == sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file() and path.parent != made.path)
        + (manifest["dump"]["size_bytes"])
    )


def test_no_password_is_in_a_backup(saved: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    assert saved.url is not None
    words = [*role_passwords(saved).values(), psycopg.conninfo.conninfo_to_dict(saved.url.get_secret_value())["password"]]
    for path in made.path.rglob("*"):
        if path.is_file() and "archive" not in path.parts:
            data = path.read_bytes()
            assert not any(str(word).encode() in data for word in words), path.name
    assert made.path.stat().st_mode & 0o077 == 0


def test_a_second_backup_links_what_the_first_holds(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    first = backup(saved, tmp_path / "backups")
    flip(rotten := one_archived(first))
    second = backup(saved, tmp_path / "backups")
    assert (second.archived, second.linked, second.problems) == (564, 564, [])  # 563 archived files and the report
    same = second.path / rotten.relative_to(first.path)
    assert same.stat().st_ino != rotten.stat().st_ino
    assert restore(empty, second.path).problems == []


def test_the_restored_marts_are_read_by_their_roles_and_go_on(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    shutil.copytree(saved.home / "dbt", empty.home / "dbt")
    done = restore(empty, backup(saved, tmp_path / "backups").path)
    assert len(done.warnings) == 1
    assert "roles.json" in done.warnings[0]  # the roles belong to the server, and this home does not know their passwords
    assert empty.url is not None
    for role, allowed, forbidden in (
        ("bi_reader", "marts.fct_poverty_default", "intake.household_list"),
        ("auditor", "audit.publication", "marts_restricted.fct_household_status"),
        ("case_officer", "marts_restricted.fct_household_status", "marts.fct_poverty"),
    ):
        url = url_with(empty.url.get_secret_value(), user=role, password=role_passwords(saved)[role])
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(f"select count(*) from {allowed}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"select count(*) from {forbidden}")
    assert build_and_publish(empty, at(empty))[1] == 2


def test_a_restore_under_another_owner_shows_that_owner_every_mart(
    saved: Settings, server_url: str, empty: Settings, tmp_path: Path
) -> None:
    assert empty.url is not None
    owner, name = f"o_{uuid4().hex[:12]}", psycopg.conninfo.conninfo_to_dict(empty.url.get_secret_value())["dbname"]
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create role {owner} login password 'x'")  # may not create roles
        conn.execute(f"alter database {name} owner to {owner}")
    other = empty.model_copy(update={"url": SecretStr(url_with(empty.url.get_secret_value(), user=owner, password="x"))})
    try:
        assert restore(other, backup(saved, tmp_path / "backups").path).problems == []
        with connect(other) as conn:
            assert conn.execute("select count(*) > 0 from marts_restricted.fct_household_status").fetchone() == (True,)
    finally:
        with psycopg.connect(empty.url.get_secret_value(), autocommit=True) as conn:
            conn.execute(f"reassign owned by {owner} to current_user")
            conn.execute(f"drop owned by {owner}")
            conn.execute(f"drop role {owner}")


def test_a_warehouse_without_a_publication_comes_back_as_it_was_and_keeps_its_kind(
    warehouse: Settings, empty: Settings, tmp_path: Path
) -> None:
    with connect(warehouse) as conn:
        conn.execute("update audit.setting set value = 'real' where name = 'kind'")
    done = restore(empty, backup(warehouse, tmp_path / "backups").path)
    assert (done.kind, done.problems) == ("real", [])
    with connect(empty) as conn:
        assert conn.execute("select count(*) from marts.fct_poverty").fetchone() == (0,)
        assert conn.execute("select has_table_privilege('bi_reader', 'marts.fct_poverty', 'select')").fetchone() == (True,)


@pytest.mark.parametrize("part", ["archive", "dump", "report", "list"])
def test_a_flipped_byte_is_named_before_anything_is_written(saved: Settings, empty: Settings, tmp_path: Path, part: str) -> None:
    made = backup(saved, tmp_path / "backups")
    path = {
        "archive": one_archived(made),
        "dump": made.path / "warehouse.dump",
        "report": made.path / "reports" / "2023" / "xã.html",
        "list": made.path / "archive.sha256",
    }[part]
    flip(path)
    with pytest.raises(EvidenceBroken) as broken:
        restore(empty, made.path)
    assert broken.value.problems == [f"{path.relative_to(made.path)}: nội dung đã bị sửa · its bytes were changed"]
    assert (schemas(empty), archive_hashes(empty)) == ([], set())


def test_a_file_missing_from_a_backup_is_named(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    (gone := one_archived(made)).unlink()
    with pytest.raises(EvidenceBroken, match=f"{gone.name}: thiếu trong bản sao lưu · is missing"):
        restore(empty, made.path)


def test_a_place_that_is_not_empty_is_refused(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    with pytest.raises(CommandError, match="is not empty: a restore overwrites nothing"):
        restore(saved, made.path)
    with pytest.raises(CommandError, match=r"The database is not empty: it has audit, blue_.*publication"):
        restore(saved.model_copy(update={"home": empty.home}), made.path)
    store(empty.archive_dir, made.path / "manifest.json")
    with pytest.raises(CommandError, match=r"new/archive is not empty"):
        restore(empty, made.path)
    assert schemas(empty) == []


def test_a_backup_cut_off_before_its_manifest_is_refused(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = backup(saved, folder)
    (made.path / "manifest.json").unlink()
    with pytest.raises(CommandError, match=r"has no manifest\.json: it is no backup, or was cut off"):
        restore(empty, made.path)
    second = backup(saved, folder)
    assert second.linked == 0  # what was cut off is not built on
    with pytest.raises(CommandError, match=f"Name one backup, the newest is .*{second.path.name}"):
        restore(empty, folder)


def damaged(manifest: dict[str, object]) -> str:
    return json.dumps({**manifest, "dump": {}})


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda _: "{", EvidenceBroken, "cannot be read"),
        (damaged, EvidenceBroken, "something is missing in it"),
        (lambda m: json.dumps({**m, "format": 2}), CommandError, "another version"),
        (lambda m: json.dumps({**m, "version": {**m["version"], "schema": "9999"}}), CommandError, "schema 9999, which this version"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_said(
    warehouse: Settings, empty: Settings, tmp_path: Path, change: Callable[[dict[str, object]], str], error: type[Exception], said: str
) -> None:
    made = backup(warehouse, tmp_path / "backups")
    path = made.path / "manifest.json"
    path.write_text(change(json.loads(path.read_text())))
    with pytest.raises(error, match=said):
        restore(empty, made.path)


def test_a_difference_after_the_restore_is_named(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    made = backup(saved, tmp_path / "backups")
    path = made.path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["publication"]["mart_hashes"]["fct_poverty"] = "0" * 64
    manifest["events"]["hash"] = "0" * 64
    path.write_text(json.dumps(manifest))
    said = restore(empty, made.path).problems
    assert len(said) == 2
    assert "events: đầu chuỗi sự kiện khác · the head of the event chain differs" in said[0]
    assert "mart fct_poverty: nội dung khác · its content differs" in said[1]


def test_a_dump_that_does_not_load_leaves_the_place_empty(
    saved: Settings, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup(saved, tmp_path / "backups")
    with connect(empty) as conn:  # in the dump's way
        conn.execute("create table public.alembic_version (version_num text)")
    with pytest.raises(CommandError, match=r"pg_restore failed: .*alembic_version"):
        restore(empty, made.path)
    assert (schemas(empty), archive_hashes(empty), list(empty.reports_dir.iterdir())) == ([], set(), [])
    with connect(empty) as conn:
        conn.execute("drop table public.alembic_version")
    assert restore(empty, made.path).problems == []


def test_broken_evidence_is_named_and_does_not_stop_the_backup(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    gone, changed = sorted(archive_hashes(saved))[:2]
    archived_path(saved.archive_dir, gone).unlink()
    flip(archived_path(saved.archive_dir, changed))
    made = backup(saved, tmp_path / "backups")
    assert made.archived == 562
    assert [text.split(":")[0] for text in made.problems] == [f"archive {gone}", f"archive {changed}"]
    said = restore(empty, made.path).problems
    assert len(said) == 2
    assert all(text.startswith("[archive]") and "is not in the archive" in text for text in said)


def test_an_earlier_backup_gives_back_what_the_archive_lost(saved: Settings, empty: Settings, tmp_path: Path) -> None:
    backup(saved, tmp_path / "backups")
    lost = min(archive_hashes(saved))
    archived_path(saved.archive_dir, lost).unlink()
    second = backup(saved, tmp_path / "backups")
    assert len(second.problems) == 1
    assert f"a good copy: {second.path}" in second.problems[0]
    assert restore(empty, second.path).problems == []


def test_nothing_half_made_is_kept(saved: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "_copy_reports", cut_off)
    with pytest.raises(OSError, match="No space left"):
        backup(saved, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_waits_for_no_writer_and_stays_out_of_itself(saved: Settings, tmp_path: Path) -> None:
    with (
        connect(saved) as other,
        pytest.raises(WriterBusy),
    ):
        other.execute("select pg_advisory_lock(7310001)")
        backup(saved, tmp_path / "backups")
    with pytest.raises(CommandError, match="which is backed up: name another folder"):
        backup(saved, saved.archive_dir / "backups")
    with writer_lock(saved, kind="test"):  # a step of a command that holds the lock
        assert backup(saved, tmp_path / "backups").problems == []


def test_a_database_that_is_no_warehouse_is_said(empty: Settings, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no warehouse"):
        backup(empty, tmp_path / "backups")


def test_the_commands_and_their_exit_codes(saved: Settings, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, folder = CliRunner(), tmp_path / "backups"
    monkeypatch.setattr(cli_backup, "get_settings", lambda: saved)
    done = runner.invoke(app, ["backup", str(folder)])
    (made,) = folder.iterdir()
    assert (done.exit_code, str(made) in done.output.replace("\n", "")) == (0, True), done.output
    monkeypatch.setattr(cli_backup, "get_settings", lambda: empty)
    shutil.copytree(made, broken := folder / "broken")
    flip(broken / "warehouse.dump")
    assert runner.invoke(app, ["restore", str(broken)]).exit_code == 2
    done = runner.invoke(app, ["restore", str(made)])
    assert done.exit_code == 0, done.output
    assert "A synthetic warehouse with 564 archived files is back" in done.output
