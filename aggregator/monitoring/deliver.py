"""Messages to those whom they are for, within a bounded time. What can't be delivered is said, and hurts nobody."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.monitoring.protocol import NotDeliveredError

if TYPE_CHECKING:
    from aggregator.core.monitoring import Monitoring
    from aggregator.monitoring.messages import Message

MOST_SECONDS = 30.0
"""How long all messages of a run may take."""


def deliver(
    monitoring: Monitoring | None, messages: Iterable[Message], environ: Mapping[str, str] = os.environ
) -> list[str]:
    """Deliver all messages by all the ways that are declared; gives why some were not, each reason once."""
    messages = list(messages)
    if monitoring is None or not messages:
        return []
    post_office = _PostOffice(monitoring, environ)
    # A daemon: whatever a server does, the process can end.
    thread = threading.Thread(target=post_office.deliver, args=[messages], name="messages", daemon=True)
    thread.start()
    thread.join(MOST_SECONDS)
    late = [f"they were not delivered within {MOST_SECONDS:g} s"] if thread.is_alive() else []
    return [*dict.fromkeys([*post_office.complaints, *late])]


class _PostOffice:
    """Sends messages one after the other; imports what it takes when there is one."""

    def __init__(self, monitoring: Monitoring, environ: Mapping[str, str]) -> None:
        self._monitoring = monitoring
        self._environ = environ
        self.complaints: list[str] = []

    def deliver(self, messages: Sequence[Message]) -> None:
        for each in messages:
            for way in (self._post, self._mail):
                try:
                    way(each)
                except NotDeliveredError as error:
                    self.complaints.append(str(error))
                except Exception as error:  # noqa: BLE001  (one message must not keep the others back)
                    self.complaints.append(f"{type(error).__name__}: {error}")

    def _post(self, message: Message) -> None:
        from aggregator.monitoring.webhook import post  # noqa: PLC0415

        variable = self._monitoring.contact(message.owner).webhook
        if variable:
            url = self._secret(variable)
            try:
                post(url, f"{message.subject}\n{message.text}")
            except NotDeliveredError as error:
                raise NotDeliveredError(f"the webhook in {variable}: {error}") from None

    def _mail(self, message: Message) -> None:
        from aggregator.monitoring.mail import send  # noqa: PLC0415

        server, contact = self._monitoring.email, self._monitoring.contact(message.owner)
        if server is None or not message.owner:
            return
        if not contact.email:
            raise NotDeliveredError(f"{message.owner} has no address for mail: say it under `owners:`")
        password = self._secret(server.password) if server.password else ""
        send(server, password, contact.email, message.subject, message.text)

    def _secret(self, variable: str) -> str:
        value = self._environ.get(variable, "")
        if not value:
            raise NotDeliveredError(f"the environment variable {variable} is not set")
        return value
