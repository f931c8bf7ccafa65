"""One settings object, environment first. Every setting has a WAREHOUSE_ variable; `.env.example` lists them all."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")  # ASCII, nothing that could end a header's line


class SettingsError(Exception):
    """A setting has a wrong value. The message names the variable and what is wrong with it."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path(".data")
    """Where all state lives: database, archive, reports, logs, tool homes."""
    inbox: Path | None = None
    """Folder in which the communes' files arrive. Default: <home>/inbox. Never written to."""
    url: SecretStr | None = None
    """A PostgreSQL server of your own, 15 or newer: postgresql://user:password@host:port/database. Default: the embedded one."""
    password_file: Path | None = None
    """A file that holds the password of the login in WAREHOUSE_URL, as a container gets its secrets. Goes before one in the address."""
    role_prefix: str = Field(default="", pattern=r"^[a-z_]{0,20}$")
    """Put before the role names where several warehouses share a server."""
    workers: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64)
    """Processes that read workbooks side by side."""
    chunk_files: int = Field(default=48, ge=1, le=1000)
    """Most files in one chunk of a night's collection."""
    settle_seconds: int = Field(default=2, ge=0, le=3600)
    """A file changed less than this many seconds ago is looked at twice: it may still be written."""
    max_file_mb: int = Field(default=50, ge=1, le=1024)
    """A larger file is not opened."""
    max_unpacked_mb: int = Field(default=512, ge=1, le=8192)
    """A workbook that unpacks to more is not opened."""
    max_ratio: int = Field(default=200, ge=2, le=10000)
    """A workbook whose part is packed more tightly is not opened: a zip bomb."""
    keep_datadocs: int = Field(default=3, ge=1, le=100)
    """Nights whose Great Expectations pages are kept."""
    lock_wait_seconds: int = Field(default=0, ge=0, le=86400)
    """How long a command waits for another one that writes, before it says so and stops."""
    airflow_password_file: Path | None = None
    """On a server: a file that holds the password of Airflow's login `admin`; 'warehouse airflow prepare' sets it."""
    quiet: Annotated[bool, NoDecode] = False
    """No progress bars."""
    smtp_host: str | None = None
    """Mail server for the alarms of `warehouse watch`. Without one they are told in the log and in `audit` alone."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Its port: mostly 587 with starttls, 465 with ssl, 25 with none."""
    smtp_security: Literal["starttls", "ssl", "none"] = "starttls"
    """How the connection is encrypted. The server's certificate is checked; SSL_CERT_FILE names a certificate authority of your own."""
    smtp_user: str | None = None
    """Login at the mail server, where it asks for one. Not sent over an unencrypted connection."""
    smtp_password_file: Path | None = None
    """A file that holds the password of that login, as a container gets its secrets."""
    smtp_password: SecretStr | None = Field(default=None, validate_default=True)
    """The password itself, where no file holds it."""
    smtp_timeout_seconds: int = Field(default=30, ge=1, le=600)
    """How long the mail server may take to answer."""
    mail_from: str | None = Field(default=None, validate_default=True)
    """Sender's address of the alarms."""
    mail_to: Annotated[tuple[str, ...], NoDecode] = Field(default=(), validate_default=True)
    """Addresses to which the alarms go, with commas between them. Each gets a mail of its own."""

    @field_validator("quiet", mode="before")
    @classmethod
    def _quiet(cls, value: object) -> bool:
        return str(value).strip().lower() in {"1", "true", "yes", "on"}

    @field_validator("mail_to", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("mail_from", "mail_to", mode="after")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...] | None, info: ValidationInfo) -> str | tuple[str, ...] | None:
        if not value and info.data.get("smtp_host"):
            raise ValueError("an address is needed where WAREHOUSE_SMTP_HOST is set")
        for address in (value,) if isinstance(value, str) else value or ():
            if not ADDRESS.fullmatch(address):
                raise ValueError("an address is written name@host, several with commas between them")
        return value

    @field_validator("smtp_password", mode="after")
    @classmethod
    def _with_login(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        has_password = value is not None or info.data.get("smtp_password_file") is not None
        if has_password != (info.data.get("smtp_user") is not None):
            raise ValueError("WAREHOUSE_SMTP_USER and WAREHOUSE_SMTP_PASSWORD (or WAREHOUSE_SMTP_PASSWORD_FILE) are set together")
        if has_password and info.data.get("smtp_security") == "none":
            raise ValueError("a password is not sent in the clear: set WAREHOUSE_SMTP_SECURITY to starttls or ssl")
        return value

    @field_validator("url", mode="after")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("home", "inbox", "password_file", "airflow_password_file", "smtp_password_file", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @property
    def inbox_dir(self) -> Path:
        return self.inbox or self.home / "inbox"

    @property
    def archive_dir(self) -> Path:
        return self.home / "archive"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"


def read_secret(path: Path | None, variable: str) -> str:
    """The first line of a secret's file. Raises SettingsError that names the variable, never the content."""
    if path is None:
        raise SettingsError(f"{variable} is not set: name the file that holds the password.")
    try:
        secret = path.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}.") from None
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty.")
    return secret


@cache
def get_settings() -> Settings:
    """The settings of this process. Raises SettingsError that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "WAREHOUSE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']}") from None
