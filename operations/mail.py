"""Sends mails over SMTP and says of each how it went. Nothing of an address, a login or a server's answer leaves this module."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.message import EmailMessage

from warehouse.settings import Settings, read_secret

# Kind of error -> the code of why a mail was not sent (watch.yaml, failures); the first that fits.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPSenderRefused, "sender"),
    (smtplib.SMTPRecipientsRefused, "recipient"),
    (smtplib.SMTPDataError, "message"),
    (smtplib.SMTPServerDisconnected, "connect"),
    (smtplib.SMTPException, "other"),
    (ssl.SSLError, "encryption"),
    (OSError, "connect"),
)


def send(settings: Settings, messages: Sequence[EmailMessage]) -> Iterator[str | None]:
    """Send each message to its one recipient, in order, over one connection: None where the server took it, else the reason's code.

    The next message is sent when the answer to the one before has been taken, so that the caller can keep it.
    """
    try:
        server = _connect(settings)
    except _NotReady as error:
        yield from [str(error)] * len(messages)
        return
    try:
        for message in messages:
            yield _send_one(server, message)
    finally:
        with suppress(smtplib.SMTPException, OSError):  # what was taken stays taken, however the server says good-bye
            server.quit()
        server.close()


class _NotReady(Exception):
    """No message can be sent; the message is the reason's code."""


def _connect(settings: Settings) -> smtplib.SMTP:
    assert settings.smtp_host is not None
    context, timeout = ssl.create_default_context(), settings.smtp_timeout_seconds
    step = "connect"
    try:
        if settings.smtp_security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout)
        try:
            if settings.smtp_security == "starttls":
                step = "encryption"
                server.starttls(context=context)
            if settings.smtp_user:
                step = "login"
                server.login(settings.smtp_user, _password(settings))
        except BaseException:
            server.close()
            raise
    except (smtplib.SMTPException, OSError) as error:
        # Some servers answer a wrong password by hanging up: what was being done says more than how it ended.
        raise _NotReady(step if isinstance(error, smtplib.SMTPException) else _reason(error)) from None
    return server


def _password(settings: Settings) -> str:
    """Of the file where one is named. Raises SettingsError where it cannot be read."""
    if settings.smtp_password is None or settings.smtp_password_file is not None:
        return read_secret(settings.smtp_password_file, "WAREHOUSE_SMTP_PASSWORD_FILE")
    return settings.smtp_password.get_secret_value()


def _send_one(server: smtplib.SMTP, message: EmailMessage) -> str | None:
    try:
        server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        return _reason(error)
    return None


def _reason(error: Exception) -> str:
    return next((code for kind, code in REASONS if isinstance(error, kind)), "other")
