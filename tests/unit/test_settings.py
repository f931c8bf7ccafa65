"""Settings come from the environment, are all listed in .env.example, and a wrong value names its variable."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from operations.airflow_environment import warehouse_variables
from operations.env_example import PATH, explanations, render
from warehouse.database import database_url
from warehouse.settings import Settings, SettingsError, get_settings, read_secret


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
        ("WAREHOUSE_SMTP_PORT", "0"),
        ("WAREHOUSE_SMTP_SECURITY", "tls"),
        ("WAREHOUSE_SMTP_TIMEOUT_SECONDS", "0"),
        ("WAREHOUSE_MAIL_FROM", "Kho dữ liệu"),
        ("WAREHOUSE_MAIL_FROM", "a@b.vn\nBcc: c@d.vn"),
        ("WAREHOUSE_MAIL_TO", "a@b.vn,nobody"),
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


SECRETS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), min_size=1)


@given(SECRETS)
def test_a_password_of_a_file_reaches_the_server_whatever_its_signs(password: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "password"
        file.write_text(password + "\n", encoding="utf-8")
        url = database_url(Settings(url=SecretStr("postgres://owner:x@host:5433/longan"), password_file=file, _env_file=None))
    found = make_url(url)
    assert (found.username, found.password, found.host, found.port, found.database) == ("owner", password, "host", 5433, "longan")
    assert conninfo_to_dict(url)["password"] == password


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "is empty"), (b"\nsecond line", "is empty"), (b"\xff\xfe", "is no UTF-8 text")],
)
def test_a_secret_that_cannot_be_read_is_named_and_never_shown(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as refused:
        database_url(Settings(url=SecretStr("postgresql://owner@host/longan"), password_file=file, _env_file=None))
    assert str(refused.value).startswith(f"WAREHOUSE_PASSWORD_FILE: {file} ")
    with pytest.raises(SettingsError, match=r"^WAREHOUSE_AIRFLOW_PASSWORD_FILE is not set"):
        read_secret(None, "WAREHOUSE_AIRFLOW_PASSWORD_FILE")


def test_a_password_without_a_login_is_told(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    with pytest.raises(SettingsError, match="WAREHOUSE_URL names no login"):
        database_url(Settings(url=SecretStr("postgresql://host/longan"), password_file=tmp_path / "password", _env_file=None))


MAIL = {"SMTP_HOST": "mail.example.vn", "MAIL_FROM": "w@example.vn", "MAIL_TO": "a@example.vn, b@example.vn,"}
LOGIN = {"SMTP_USER": "w", "SMTP_PASSWORD": "hush-hush"}


def test_the_mail_settings_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (MAIL | LOGIN).items():
        monkeypatch.setenv(f"WAREHOUSE_{name}", value)
    settings = get_settings()
    assert settings.mail_to == ("a@example.vn", "b@example.vn")
    assert (settings.smtp_port, settings.smtp_security) == (587, "starttls")
    assert "hush" not in repr(settings)
    for name, value in warehouse_variables(settings).items():  # as a task of Airflow finds them
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    assert get_settings() == settings.model_copy(update={"quiet": True})


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        (MAIL | {"MAIL_FROM": ""}, "WAREHOUSE_MAIL_FROM"),
        (MAIL | {"MAIL_TO": ""}, "WAREHOUSE_MAIL_TO"),
        (MAIL | {"SMTP_USER": "w"}, "WAREHOUSE_SMTP_PASSWORD"),
        (MAIL | {"SMTP_PASSWORD": "hush-hush"}, "WAREHOUSE_SMTP_PASSWORD"),
        (MAIL | {"SMTP_PASSWORD_FILE": "/run/secrets/hush"}, "WAREHOUSE_SMTP_PASSWORD"),
        (MAIL | {"SMTP_USER": "w", "SMTP_PASSWORD_FILE": "/run/secrets/hush", "SMTP_SECURITY": "none"}, "WAREHOUSE_SMTP_PASSWORD"),
        (MAIL | LOGIN | {"SMTP_SECURITY": "none"}, "WAREHOUSE_SMTP_PASSWORD"),
    ],
)
def test_half_a_mail_setting_is_refused(settings: dict[str, str], variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"WAREHOUSE_{name}", value)
    with pytest.raises(SettingsError, match=f"^{variable}: ") as caught:
        get_settings()
    assert "hush" not in str(caught.value)
