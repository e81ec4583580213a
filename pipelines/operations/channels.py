"""The channels of alerts: mail through an SMTP server, and a webhook.

Belongs here: carrying a finished message. Does not belong here: what it says and whether it is sent
(`pipelines.operations.alerts`). Errors never show an address's secrets.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import urlsplit

from pipelines.operations.alert_settings import AlertSettings, Email, Webhook, scrub, secret
from resources.errors import TransportError

SECONDS = 20.0
_SUBJECT_LENGTH = 150


@dataclass(frozen=True)
class Message:
    """What is told: a line, a text, and the same as data."""

    subject: str
    text: str
    data: Mapping[str, Any]


def channels_of(settings: AlertSettings) -> tuple[str, ...]:
    """The names of the channels that the settings open."""
    return tuple(name for name in ("email", "webhook") if getattr(settings, name) is not None)


def send(settings: AlertSettings, channel: str, message: Message, environ: Mapping[str, str]) -> None:
    """Send a message.

    Raises:
        ConfigurationError: a variable is not set, or the file with certificates is missing.
        TransportError: the server was not reached or did not take the message.
    """
    if channel == "email" and settings.email:
        send_mail(settings.email, message, environ)
    elif channel == "webhook" and settings.webhook:
        post(settings.webhook, message, environ)


def send_mail(email: Email, message: Message, environ: Mapping[str, str]) -> None:
    """Send a message by mail to all addresses.

    Raises:
        ConfigurationError: the password's variable is not set.
        TransportError: the server was not reached, refused the log-in, the sender or every recipient.
    """
    where = f"mail server {email.host}:{email.port}"
    password = secret(email.password_from, environ, where=where) if email.password_from else ""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())[:_SUBJECT_LENGTH]
    mail["From"] = email.sender
    mail["To"] = ", ".join(email.to)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=email.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    try:
        with _connected(email) as server:
            if email.user:
                server.login(email.user, password)
            refused = server.send_message(mail, email.sender, list(email.to))
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise TransportError(
            f"the message was not taken ({scrub(_in_words(error), environ).replace(password or chr(0), '***')})",
            where=where,
            action="look at the server and at alerts.yaml; the next check sends it again",
        ) from None
    if refused:
        raise TransportError(f"the server refused {', '.join(sorted(refused))}", where=where, action="correct `to`")


def _connected(email: Email) -> smtplib.SMTP:
    if email.security == "none":
        return smtplib.SMTP(email.host, email.port, timeout=SECONDS)
    context = ssl.create_default_context(cafile=email.ca_file)
    if email.security == "tls":
        return smtplib.SMTP_SSL(email.host, email.port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(email.host, email.port, timeout=SECONDS)
    try:
        server.starttls(context=context)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _in_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "every recipient was refused"
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return f"{error.smtp_code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
    return str(getattr(error, "strerror", None) or error)


def post(webhook: Webhook, message: Message, environ: Mapping[str, str]) -> None:
    """Post a message as JSON; `text` is what chat systems show, `alerts` is for machines. Redirects are not followed.

    Raises:
        ConfigurationError: a variable is not set.
        TransportError: the server was not reached or answered with anything but 2xx.
    """
    import requests

    url = webhook.url or secret(webhook.url_from or "", environ, where="webhook")
    headers = {name: secret(v, environ, where="webhook") for name, v in webhook.headers_from.items()}
    where = f"webhook at {urlsplit(url).hostname}"
    try:
        answer = requests.post(
            url, json=dict(message.data), headers=headers, timeout=webhook.timeout_seconds, allow_redirects=False
        )
    except (requests.RequestException, ValueError) as error:  # its text holds the address
        raise TransportError(
            f"not reached ({type(error).__name__})", where=where, action="the next check sends it again"
        ) from None
    if not 200 <= answer.status_code < 300:
        raise TransportError(
            f"answered {answer.status_code}", where=where, action="look at alerts.yaml; the next check sends it again"
        )
