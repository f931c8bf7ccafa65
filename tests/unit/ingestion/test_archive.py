"""Archive: bytes are kept once under their hash and cannot be written over; a copy that fails leaves nothing behind."""

from __future__ import annotations

import hashlib
import os
from errno import EIO, ENOSPC
from pathlib import Path

import pytest

from ingestion.archive import BLOCK, archived_path, store

DATA = b"a workbook"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "phuong-1.xlsx"
    path.write_bytes(DATA)
    return path


def files(archive: Path) -> list[Path]:
    return sorted(path for path in archive.rglob("*") if path.is_file())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_path_of_a_hash() -> None:
    assert archived_path(Path("archive"), "abcdef01") == Path("archive/ab/cd/abcdef01")


@pytest.mark.parametrize("data", [b"", DATA, bytes(range(256)) * 16, b"x" * BLOCK, b"x" * (2 * BLOCK + 1)], ids=len)
def test_the_bytes_stand_under_their_hash(archive: Path, source: Path, data: bytes) -> None:
    source.write_bytes(data)
    digest, size = store(archive, source)
    assert (digest, size) == (sha256(data), len(data))
    assert files(archive) == [archived_path(archive, digest)]
    assert files(archive)[0].read_bytes() == source.read_bytes() == data


def test_an_archived_file_is_read_only(archive: Path, source: Path) -> None:
    source.chmod(0o664)
    store(archive, source)
    assert files(archive)[0].stat().st_mode & 0o777 == 0o444
    assert source.stat().st_mode & 0o777 == 0o664


def test_the_same_bytes_are_kept_once_and_left_untouched(archive: Path, source: Path, tmp_path: Path) -> None:
    first = store(archive, source)
    before = files(archive)[0].stat()
    again = tmp_path / "another name.xlsx"
    again.write_bytes(DATA)
    assert store(archive, again) == store(archive, source) == first
    assert len(files(archive)) == 1
    after = files(archive)[0].stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_bytes_under_the_same_name_are_kept_beside(archive: Path, source: Path) -> None:
    store(archive, source)
    source.write_bytes(DATA + b", corrected")
    store(archive, source)
    assert {path.name for path in files(archive)} == {sha256(DATA), sha256(DATA + b", corrected")}


def test_a_source_that_vanished_leaves_nothing_behind(archive: Path, source: Path) -> None:
    source.unlink()
    with pytest.raises(FileNotFoundError):
        store(archive, source)
    assert files(archive) == []


def test_a_source_that_is_a_folder_leaves_nothing_behind(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        store(archive, tmp_path)
    assert files(archive) == []


def test_a_source_that_vanishes_while_it_is_read_is_kept_whole(archive: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish(descriptor: int) -> None:
        source.unlink(missing_ok=True)

    monkeypatch.setattr(os, "fsync", vanish)
    store(archive, source)
    assert [path.read_bytes() for path in files(archive)] == [DATA]


def test_a_full_disk_leaves_nothing_behind(archive: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store(archive, source)
    assert files(archive) == []
    assert source.read_bytes() == DATA
    monkeypatch.undo()
    store(archive, source)
    assert [path.read_bytes() for path in files(archive)] == [DATA]


def test_a_copy_that_cannot_get_its_name_leaves_nothing_behind(archive: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(part: Path, target: Path) -> Path:
        raise OSError(EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="Input/output"):
        store(archive, source)
    assert files(archive) == []


def test_a_copy_has_its_name_only_once_it_is_on_the_disk(archive: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named_at_sync: list[bool] = []

    def watch(descriptor: int) -> None:
        named_at_sync.append(archived_path(archive, sha256(DATA)).exists())

    monkeypatch.setattr(os, "fsync", watch)
    store(archive, source)
    assert named_at_sync == [False, True]
