"""Settings come from the environment, are all listed in .env.example, and a wrong value names its variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from operations.env_example import PATH, explanations, render
from warehouse.settings import Settings, SettingsError, get_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"WAREHOUSE_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    get_settings.cache_clear()


def test_env_example_is_what_the_settings_say() -> None:
    assert PATH.read_text(encoding="utf-8") == render(), "run 'make docs'"
    listed = re.findall(r"^# (WAREHOUSE_[A-Z_]+)=", render(), flags=re.MULTILINE)
    assert listed == [f"WAREHOUSE_{name.upper()}" for name in Settings.model_fields]
    assert set(explanations()) == set(Settings.model_fields)


def test_its_lines_are_values_that_the_settings_take(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"^# (WAREHOUSE_[A-Z_]+)=(.*)$", render(), flags=re.MULTILINE):
        monkeypatch.setenv(name, value)
    assert get_settings().chunk_files == Settings(_env_file=None).chunk_files


def test_a_dotenv_file_is_read_and_the_environment_goes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("WAREHOUSE_WORKERS=3\nWAREHOUSE_CHUNK_FILES=5\n")
    monkeypatch.setenv("WAREHOUSE_WORKERS", "7")
    assert (get_settings().workers, get_settings().chunk_files) == (7, 5)


def test_defaults_lie_under_one_folder(tmp_path: Path) -> None:
    settings = get_settings()
    assert settings.home == tmp_path / ".data"
    for folder in (settings.inbox_dir, settings.archive_dir, settings.reports_dir, settings.logs_dir):
        assert folder.parent == settings.home


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WAREHOUSE_URL", "mysql://somewhere/else"),
        ("WAREHOUSE_ROLE_PREFIX", "Long An"),
        ("WAREHOUSE_WORKERS", "many"),
        ("WAREHOUSE_WORKERS", "0"),
        ("WAREHOUSE_CHUNK_FILES", "0"),
        ("WAREHOUSE_SETTLE_SECONDS", "-1"),
        ("WAREHOUSE_MAX_FILE_MB", "1.5"),
        ("WAREHOUSE_MAX_UNPACKED_MB", "none"),
        ("WAREHOUSE_MAX_RATIO", "1"),
        ("WAREHOUSE_KEEP_DATADOCS", "0"),
        ("WAREHOUSE_LOCK_WAIT_SECONDS", "x"),
    ],
)
def test_a_wrong_value_names_the_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"^{variable}: ") as caught:
        get_settings()
    assert "\n" not in str(caught.value)


def test_the_url_is_not_in_an_error_or_a_printed_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", "postgres:/wrong-but-secret")
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert "secret" not in str(caught.value)
    assert "wrong" not in repr(Settings(url="postgresql://u:wrong@h/d", _env_file=None))
