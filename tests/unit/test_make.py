"""What `make install` and `make clean` say when something is missing or worth keeping: one sentence, with the command that mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_DIR


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the scripts need, in a folder whose name has a space."""
    root = tmp_path / "a clone"
    (root / "operations").mkdir(parents=True)
    for name in ("operations/bootstrap.sh", "operations/clean.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(PROJECT_DIR / name, root / name)
    return root


def _script(tree: Path, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(["sh", f"operations/{name}", *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False)


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_does_not_suit_is_named(tree: Path) -> None:
    done = _script(tree, "bootstrap.sh", PYTHON="/no/such/python")
    assert done.returncode == 1
    assert "PYTHON=/no/such/python is not a Python 3.11, 3.12 or 3.13" in done.stderr


def test_an_old_python_alone_is_told_with_the_command(tree: Path, tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        _program(tmp_path / "bin", name, '[ "$1" = --version ] && echo Python 3.9.2; exit 1')
    done = _script(tree, "bootstrap.sh", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "(Python 3.9.2)" in done.stderr
    assert "apt-get install -y python3 python3-venv" in done.stderr


def test_a_missing_ensurepip_is_told_with_the_command(tree: Path, tmp_path: Path) -> None:
    python = _program(tmp_path / "bin", "python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    done = _script(tree, "bootstrap.sh", PYTHON=str(python))
    assert done.returncode == 1
    assert "has no ensurepip: run 'apt-get install -y python3-venv'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_too_little_space_is_told_before_anything_is_made(tree: Path, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "df", "echo Filesystem; echo disk 0 0 300000 0% /")
    done = _script(tree, "bootstrap.sh", PYTHON=sys.executable, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "2000 MB are needed for the packages and 292 MB are free" in done.stderr
    assert not (tree / ".venv").exists()


def test_clean_removes_all_state_and_says_so(tree: Path) -> None:
    (tree / ".data" / "demo").mkdir(parents=True)
    (tree / ".data" / "demo" / "story.json").write_text("{}")
    (tree / ".data" / "archive").mkdir()
    (tree / ".data" / "archive" / "file").write_text("x")
    done = _script(tree, "clean.sh")
    assert done.returncode == 0
    assert not (tree / ".data").exists()
    assert ".data/ is removed" in done.stdout
    assert "there is no .data/" in _script(tree, "clean.sh").stdout


def test_clean_asks_twice_before_it_removes_received_files(tree: Path) -> None:
    (tree / ".data" / "archive" / "ab").mkdir(parents=True)
    (tree / ".data" / "archive" / "ab" / "file").write_text("evidence")
    refused = _script(tree, "clean.sh")
    assert refused.returncode == 1
    assert "make clean SURE=yes" in refused.stderr
    assert (tree / ".data" / "archive" / "ab" / "file").exists()
    assert _script(tree, "clean.sh", "yes").returncode == 0
    assert not (tree / ".data").exists()


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    text = (PROJECT_DIR / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    packages = [block for block in text.split("\n") if block and not block.startswith((" ", "#"))]
    assert len(packages) > 200
    assert all(line.endswith(" \\") for line in packages), "every package is followed by its hashes"
    assert not any(line.startswith("dbt-core-experimental-parser") for line in packages)
