"""Mail, handed to a server."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING

from aggregator.core.monitoring import Security
from aggregator.monitoring.protocol import NotDeliveredError

if TYPE_CHECKING:
    from aggregator.core.monitoring import MailServer

SECONDS = 10
"""How long the server may take for each answer."""


def send(server: MailServer, password: str, to: str, subject: str, text: str) -> None:
    """Hand one mail in. Raises :class:`NotDeliveredError`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = server.sender, to, " ".join(subject.split())
    mail.set_content(text)
    try:
        with _connected(server) as connection:
            if server.user:
                connection.login(server.user, password)
            connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDeliveredError(f"{server.host} takes no mail for {to}: {_answer(*error.recipients[to])}") from None
    except smtplib.SMTPResponseException as error:
        raise NotDeliveredError(f"{server.host} answered {_answer(error.smtp_code, error.smtp_error)}") from None
    except smtplib.SMTPException as error:
        raise NotDeliveredError(f"{server.host}: {error}") from None
    except OSError as error:
        raise NotDeliveredError(f"{server.host}:{server.port} can't be reached: {error.strerror or error}") from None


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security is Security.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.security is Security.STARTTLS:
        connection.starttls(context=ssl.create_default_context())
    return connection
