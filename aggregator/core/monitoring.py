"""Who is to hear of runs, as ``monitoring:`` in ``aggregator.yml`` declares it.

No secret is in it: only the names of environment variables that hold them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum

CONVENTIONAL = "by convention"
"""The address of a listener that is where its own environment variables say, else on this machine."""


class Security(StrEnum):
    """How a connection to a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclasses.dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and from whom it is. ``password`` is the name of an environment variable."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    security: Security = Security.STARTTLS


@dataclasses.dataclass(frozen=True)
class Contact:
    """How one owner is reached, where it is not as all others are.

    ``webhook`` is the name of an environment variable, ``email`` an address, ``datadog`` what Datadog notifies.
    """

    webhook: str = ""
    email: str = ""
    datadog: str = ""


@dataclasses.dataclass(frozen=True)
class Monitoring:
    """``monitoring:`` of an environment that has it.

    ``dogstatsd`` is a host with a port, ``opentelemetry`` an address, and each is empty where nothing is sent there.
    ``tags`` are on every metric. ``runbook`` is an address with ``{model}`` in it. ``webhook`` is the name of an
    environment variable. ``owners`` says of some how they are reached.
    """

    dogstatsd: str = ""
    opentelemetry: str = ""
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    runbook: str = ""
    webhook: str = ""
    email: MailServer | None = None
    owners: Mapping[str, Contact] = dataclasses.field(default_factory=dict)

    @property
    def has_messages(self) -> bool:
        """Whether anybody is told of failures."""
        return bool(self.webhook or self.email or any(each.webhook for each in self.owners.values()))

    def contact(self, owner: str) -> Contact:
        """How an owner is reached: by what was said of this one, else by what holds for all."""
        said = self.owners.get(owner, Contact())
        address = said.email or (owner if is_address(owner) else "")
        return Contact(said.webhook or self.webhook, address, said.datadog or (f"@{address}" if address else ""))

    def runbook_of(self, model: str) -> str:
        """Where it says what to do when a model breaks; empty where nobody wrote it."""
        return self.runbook.replace("{model}", model)


def is_address(text: str) -> bool:
    """Whether a text looks like the address of a mailbox."""
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host) and not any(each.isspace() or each in "@,;<>" for each in name + host)
