"""The mails of the watch against a real SMTP server: on a change only, to each recipient what it does not know, never lost."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from operations import watch_store
from operations.cli import app
from operations.watch import Story, mail_lines, watch
from tests.support.audit_builder import AuditBuilder
from tests.support.mail_server import LOGIN, PASSWORD, Mailbox, mail_server, make_certificate
from warehouse.clock import LOCAL
from warehouse.database import connect
from warehouse.settings import Settings, get_settings

START = datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL)
A, B = "a@example.vn", "B@example.vn"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def look(warehouse: Settings) -> Callable[..., Story]:
    """Look in the morning after the n-th night, mailing through a server's port."""

    def run(day: int, port: int, *, to: tuple[str, ...] = (A,), security: str = "none", login: str | None = None, **more: Any) -> Story:
        changed = {
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": security, "mail_from": "kho@example.vn", "mail_to": to,
            "smtp_user": None if login is None else LOGIN, "smtp_password": SecretStr(login) if login else None, "smtp_timeout_seconds": 10,
            **more,
        }  # fmt: skip
        return watch(warehouse.model_copy(update=changed), now=(START + timedelta(days=day, hours=9)).isoformat())

    return run


@pytest.fixture
def night(warehouse: Settings) -> Callable[..., None]:
    def end(day: int, outcome: str = "success") -> None:
        AuditBuilder.night(warehouse, START + timedelta(days=day)).end(outcome)

    return end


@pytest.fixture
def mails(warehouse: Settings) -> Callable[[], list[tuple[Any, ...]]]:
    def query() -> list[tuple[Any, ...]]:
        with connect(warehouse) as conn:
            return conn.execute("select outcome, reason_code, begun, ended from audit.alarm_mail order by mail_id").fetchall()

    return query


def parts(message: EmailMessage) -> list[tuple[str, str, str]]:
    """(type, language, text) of each part."""
    return [(part.get_content_type(), str(part["Content-Language"]), part.get_content()) for part in message.iter_parts()]


def test_a_mail_tells_the_change_in_vietnamese_and_english(night: Any, look: Any, box: Mailbox, mails: Any) -> None:
    night(0, "failed")
    story = look(0, box.port)
    assert (story.sent, story.failures, box.recipients) == (1, (), [A])
    [message] = box.messages
    assert message.get_content_type() == "multipart/mixed"
    [(kind_vi, vi, text_vi), (kind_en, en, text_en)] = parts(message)
    assert (kind_vi, vi, kind_en, en) == ("text/plain", "vi", "text/plain", "en")
    assert str(message["Subject"]) == (
        "(GIẢ LẬP · SYNTHETIC) [Kho dữ liệu nghèo Long An] 1 cảnh báo mới, 0 đã hết · 1 new alarm(s), 0 ended"
    )
    assert all(byte < 128 for byte in message.as_bytes())  # encoded words and base64: every server takes it
    assert (str(message["From"]), str(message["To"])) == ("kho@example.vn", A)
    assert str(message["Date"]) == "Sun, 03 Jan 2021 07:00:00 +0700"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<alarm-[0-9a-f]{32}@example\.vn>", str(message["Message-ID"]))
    assert text_vi.splitlines()[:5] == [
        "Kho dữ liệu nghèo Long An, lúc 07:00 03/01/2021 (giờ Việt Nam).", "", "MỚI HOẶC NẶNG HƠN (1)", "- [NGHIÊM TRỌNG] NIGHT-FAILED",
        f"  {story.standing[0].vi}",
    ]  # fmt: skip
    assert text_en.splitlines()[2:5] == ["NEW OR WORSE (1)", "- [CRITICAL] NIGHT-FAILED", f"  {story.standing[0].en}"]
    assert mails() == [("sent", None, 1, 0)]


def test_an_unchanged_state_sends_nothing_and_an_ended_alarm_is_told_as_ended(night: Any, look: Any, box: Mailbox, mails: Any) -> None:
    night(0, "failed")
    look(0, box.port)
    assert look(0, box.port).sent == 0
    night(1)
    ended = look(1, box.port)
    assert (ended.sent, ended.standing) == (1, ())
    assert look(1, box.port).sent == 0
    [_, message] = box.messages
    assert "0 cảnh báo mới, 1 đã hết · 0 new alarm(s), 1 ended" in str(message["Subject"])
    text = parts(message)[0][2]
    assert "ĐÃ HẾT (1), nội dung như đã báo\n- [NGHIÊM TRỌNG] NIGHT-FAILED\n  Đêm bắt đầu 22:00 02/01/2021" in text
    assert "MỚI" not in text
    assert mails() == [("sent", None, 1, 0), ("sent", None, 0, 1)]


def test_what_still_stands_is_counted_not_told_again(night: Any, look: Any, box: Mailbox) -> None:
    night(0, "failed")
    look(0, box.port)
    night(34, "failed")
    look(34, box.port)
    text = parts(box.messages[1])[1][2]
    assert "- [WARNING] NO-FILES" in text
    assert "NIGHT-FAILED" not in text
    assert "1 alarm(s) told before still stand" in text


def test_without_a_mail_server_nothing_is_sent_and_that_is_said(warehouse: Settings, night: Any, mails: Any) -> None:
    night(0, "failed")
    story = watch(warehouse, now=(START + timedelta(hours=9)).isoformat())
    assert mail_lines(story)[1] == "Mail: no mail server is configured (WAREHOUSE_SMTP_HOST)."
    assert mails() == []


# -- what goes wrong
def test_a_server_that_is_down_is_tried_again_next_time(warehouse: Settings, night: Any, look: Any, mails: Any) -> None:
    night(0, "failed")
    with mail_server() as gone:
        pass
    story = look(0, gone.port)
    assert (story.sent, story.failures, story.is_told) == (0, ("connect",), False)
    assert "không gửi được tới 1 địa chỉ (máy chủ thư không trả lời" in mail_lines(story)[0]
    with mail_server() as box:
        assert look(0, box.port).sent == 1
        assert "NIGHT-FAILED" in parts(box.messages[0])[0][2]
    assert mails() == [("failed", "connect", 1, 0), ("sent", None, 1, 0)]
    with connect(warehouse) as conn:
        assert conn.execute("select mailed_at is not null from audit.alarm").fetchall() == [(True,)]


def test_an_alarm_that_nobody_was_told_of_is_not_told_as_ended(night: Any, look: Any, mails: Any) -> None:
    night(0, "failed")
    with mail_server() as gone:
        pass
    look(0, gone.port)
    night(1)
    with mail_server() as box:
        assert look(1, box.port).sent == 0
    assert mails() == [("failed", "connect", 1, 0)]


def test_a_refused_recipient_keeps_nobody_else_waiting(night: Any, look: Any, box: Mailbox, mails: Any) -> None:
    night(0, "failed")
    box.refused = {A}
    story = look(0, box.port, to=(A, B))
    assert (story.sent, story.failures, box.recipients) == (1, ("recipient",), [B])
    box.refused = set()
    assert look(0, box.port, to=(A, B)).sent == 1
    assert box.recipients == [B, A]
    assert look(0, box.port, to=(A, B)).sent == 0
    assert mails() == [("failed", "recipient", 1, 0), ("sent", None, 1, 0), ("sent", None, 1, 0)]


def test_a_new_recipient_is_told_what_stands(night: Any, look: Any, box: Mailbox) -> None:
    night(0, "failed")
    look(0, box.port)
    look(0, box.port, to=(A, B))
    assert box.recipients == [A, B]
    assert look(0, box.port, to=(A, B.lower())).sent == 0  # the same address


def test_a_refused_message(night: Any, look: Any, box: Mailbox) -> None:
    night(0, "failed")
    box.refuse_data = True
    assert look(0, box.port).failures == ("message",)


def test_a_crash_between_sending_and_keeping_sends_the_same_mail_again(
    night: Any, look: Any, box: Mailbox, mails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(0, "failed")

    def killed(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watch_store, "keep_mail", killed)
        with pytest.raises(KeyboardInterrupt):
            look(0, box.port)
    assert (len(box.messages), mails()) == (1, [])
    assert look(0, box.port).sent == 1
    first, second = box.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert mails() == [("sent", None, 1, 0)]
    night(1)
    look(1, box.port)
    night(2, "failed")
    look(2, box.port)
    assert len({str(message["Message-ID"]) for message in box.messages[1:]}) == 3, "other news is another mail"


# -- encryption and login
@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    context, certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return context


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_encrypted_and_logged_in(night: Any, look: Any, tls: ssl.SSLContext, security: str) -> None:
    night(0, "failed")
    with mail_server(tls, implicit=security == "ssl", login=True) as box:
        assert look(0, box.port, security=security, login="wrong-word").failures == ("login",)
        assert box.messages == []
        assert look(0, box.port, security=security, login=PASSWORD).sent == 1
    assert len(box.logins) == 1
    if security == "starttls":
        assert box.encrypted == [True]


def test_a_certificate_that_is_not_trusted_gets_no_password(night: Any, look: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, _ = make_certificate(tmp_path)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    night(0, "failed")
    with mail_server(context, login=True) as box:
        assert look(0, box.port, security="starttls", login=PASSWORD).failures == ("encryption",)
    assert box.logins == []


def test_a_server_without_starttls_gets_nothing(night: Any, look: Any, box: Mailbox) -> None:
    night(0, "failed")
    assert look(0, box.port, security="starttls").failures == ("encryption",)
    assert box.messages == []


def test_the_password_of_the_login_may_stand_in_a_file(
    night: Any, look: Any, warehouse: Settings, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    night(0, "failed")
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    from_file = {"smtp_password_file": tmp_path / "secret", "smtp_password": SecretStr("goes after the file")}
    with mail_server(tls, login=True) as box:
        assert look(0, box.port, security="starttls", login="", **from_file).sent == 1
    assert len(box.logins) == 1


def test_a_server_without_login_gets_no_mail(night: Any, look: Any, tls: ssl.SSLContext) -> None:
    night(0, "failed")
    with mail_server(tls) as box:
        assert look(0, box.port, security="starttls", login=PASSWORD).failures == ("login",)
    assert box.messages == []


# -- as a command
def test_the_command_fails_where_a_mail_is_not_sent(warehouse: Settings, night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as gone:
        pass
    assert warehouse.url is not None
    for name, value in {
        "HOME": warehouse.home, "URL": warehouse.url.get_secret_value(), "SMTP_HOST": "127.0.0.1", "SMTP_PORT": gone.port,
        "SMTP_SECURITY": "none", "MAIL_FROM": "kho@example.vn", "MAIL_TO": A,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WAREHOUSE_{name}", str(value))
    get_settings.cache_clear()
    night(0, "failed")
    result = CliRunner().invoke(app, ["watch", "--now", (START + timedelta(hours=9)).isoformat()])
    get_settings.cache_clear()
    assert result.exit_code == 1
    assert "Thư: không gửi được tới 1 địa chỉ" in result.stdout
    assert A not in result.stdout + str(result.exception)


def test_no_file_and_no_person_is_named(warehouse: Settings, look: Any, box: Mailbox) -> None:
    builder = AuditBuilder.night(warehouse, START)
    builder.unreadable("Hộ ông Nguyễn Văn Tám.xls")
    builder.end("failed")
    with connect(warehouse) as conn:
        conn.execute(
            "update audit.run set error = 'collect: DataError: invalid input «Nguyễn Văn Tám»' where run_id = %s", (builder.run.run_id,)
        )
    look(0, box.port)
    text = "".join(part[2] for part in parts(box.messages[0]))
    assert "FILES-UNREADABLE" in text
    assert "Tám" not in text
    with connect(warehouse) as conn:
        kept = conn.execute("select string_agg(t::text, '') from audit.alarm_seen as t").fetchone()
        addresses = conn.execute("select string_agg(t::text, '') from audit.alarm_mail as t").fetchone()
    assert kept and "Tám" not in kept[0]
    assert addresses and A not in addresses[0]
