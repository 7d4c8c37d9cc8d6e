"""``monitoring:``: who hears of runs, and how."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, ClassVar

from aggregator.core.monitoring import CONVENTIONAL, PORTS, Contact, MailServer, Monitoring, Security, is_address
from aggregator.load import codes
from aggregator.load.project_file import MonitoringDeclaration
from aggregator.load.report import Invalid, Report
from aggregator.load.shapes import Choice, Field, Identifier, ListOf, MapOf, OneAtLeast, Record, Text
from aggregator.load.yaml_nodes import Node, Scalar

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place

_MOST_PORTS = 65535


class Variable:
    """The name of an environment variable; never what is in it."""

    FORM: ClassVar = re.compile(r"[A-Z_][A-Z0-9_]*")

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The name."""
        if isinstance(node, Scalar) and self.FORM.fullmatch(node.text):
            return node.text
        if not isinstance(node, Scalar):
            return report.wrong(node, "the name of an environment variable, such as SLACK_WEBHOOK")
        message = "expected the name of an environment variable in capitals, such as SLACK_WEBHOOK"
        advice = "everyone can read this file: put what is secret into a variable, and write its name here"
        return report.add(node.place, codes.WRONG_VALUE, message, advice)


class Port:
    """The number of a port."""

    FORM: ClassVar = re.compile(r"[0-9]{1,5}")

    def read(self, node: Node, report: Report) -> int | Invalid:
        """The number."""
        found = int(node.text) if isinstance(node, Scalar) and self.FORM.fullmatch(node.text) else 0
        return found if 0 < found <= _MOST_PORTS else report.wrong(node, "the number of a port, 1 to 65535")


class HostAndPort:
    """``true`` for where environment variables say, or a host and a port."""

    FORM: ClassVar = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):([0-9]{1,5})")
    EXPECTED: ClassVar = "true, or a host and a port, such as 127.0.0.1:8125"

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The address; empty for ``false``."""
        if isinstance(node, Scalar) and node.text in ("true", "false"):
            return CONVENTIONAL if node.text == "true" else ""
        found = self.FORM.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None or not 0 < int(found[2]) <= _MOST_PORTS:
            return report.wrong(node, self.EXPECTED)
        return found[0]


@dataclasses.dataclass(frozen=True)
class Url:
    """An address of the web; with ``may_be_true``, also ``true`` for where environment variables say."""

    expected: str
    may_be_true: bool = False
    placeholders: tuple[str, ...] = ()
    FORM: ClassVar = re.compile(r"https?://[^\s/{}]+(/\S*)?")

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The address; empty for ``false``."""
        text = node.text if isinstance(node, Scalar) else ""
        if self.may_be_true and text in ("true", "false"):
            return CONVENTIONAL if text == "true" else ""
        unknown = next((each for each in re.findall(r"\{([^{}]*)\}", text) if each not in self.placeholders), None)
        if not self.FORM.fullmatch(text):
            return report.wrong(node, self.expected)
        if unknown is not None:
            known = ", ".join(f"{{{each}}}" for each in self.placeholders)
            return report.wrong(node, self.expected, f"{{{unknown}}} stands for nothing; there is {known or 'none'}")
        return text


class MailAddress:
    """The address of a mailbox."""

    EXPECTED: ClassVar = "an address such as data@example.com"

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The address."""
        if isinstance(node, Scalar) and is_address(node.text):
            return node.text
        return report.wrong(node, self.EXPECTED)


class MailShape:
    """``email:``: its keys, and whether they make sense together."""

    def read(self, node: Node, report: Report) -> MailServer | Invalid:
        """The server."""
        values = EMAIL.read(node, report)
        if isinstance(values, Invalid):
            return values
        problem = _mail_problem(values)
        if problem:
            message, advice = problem
            return report.add(node.place, codes.WRONG_VALUE, message, advice)
        values["port"] = values["port"] or PORTS[values["security"]]
        return MailServer(sender=values.pop("from"), **values)


def _mail_problem(values: dict[str, Any]) -> tuple[str, str] | None:
    if values["user"] and not values["password"]:
        return "this user has no password", "name the environment variable that has it: `password: SMTP_PASSWORD`"
    if values["password"] and not values["user"]:
        return "there is a password, and no user whose it is", "add `user:`"
    if values["password"] and values["security"] is Security.NONE:
        return "a password would be sent for everyone to read", "write `security: starttls` or `security: tls`"
    return None


EMAIL = Record(
    "email",
    {
        "host": Field(Text("the name of a mail server"), required="name the mail server: `host: smtp.example.com`"),
        "port": Field(Port()),
        "from": Field(MailAddress(), required="say who writes: `from: aggregator@example.com`"),
        "user": Field(Text("the name of a user"), default=""),
        "password": Field(Variable(), default=""),
        "security": Field(Choice(Security), default=Security.STARTTLS),
    },
    lambda values, _place: values,
)
CONTACT = OneAtLeast(
    "for example `webhook: OPS_WEBHOOK`, or `email: ops@example.com`",
    Record(
        "an owner",
        {
            "webhook": Field(Variable(), default=""),
            "email": Field(MailAddress(), default=""),
            "datadog": Field(Text("what Datadog notifies, such as @slack-ops"), default=""),
        },
        lambda values, _place: Contact(**values),
    ),
)
RUNBOOK = Url("an address such as https://wiki.example.com/runbooks/{model}", placeholders=("model",))
RESERVED_TAGS = ("env", "project", "model", "owner", "status", "severity")
"""Tags that metrics have anyway."""


class TagName:
    """The name of a tag that no metric has by itself."""

    FORM: ClassVar = re.compile(r"[a-z][a-z0-9_]*")

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The name."""
        if not isinstance(node, Scalar) or not self.FORM.fullmatch(node.text):
            return report.wrong(node, "the name of a tag: small letters, digits and underscores")
        if node.text in RESERVED_TAGS:
            message = f"metrics have a tag {node.text} of their own"
            return report.add(node.place, codes.WRONG_VALUE, message, "choose another name")
        return node.text


def _declared(values: dict[str, Any], _place: Place) -> MonitoringDeclaration:
    environments = values.pop("environments")
    return MonitoringDeclaration(environments, Monitoring(**values))


MONITORING = Record(
    "monitoring",
    {
        "environments": Field(
            ListOf(Identifier("the name of an environment")),
            required="say which environments are monitored: `environments: [prod]`",
        ),
        "dogstatsd": Field(HostAndPort(), default=""),
        "opentelemetry": Field(
            Url("true, or an address such as https://otel.example.com:4318/v1/metrics", may_be_true=True), default=""
        ),
        "tags": Field(MapOf(TagName(), Text("the value of a tag"), "a mapping of tags to values"), default={}),
        "runbook": Field(RUNBOOK, default=""),
        "webhook": Field(Variable(), default=""),
        "email": Field(MailShape()),
        "owners": Field(MapOf(Text("an owner, as models name them"), CONTACT, "a mapping of owners"), default={}),
    },
    _declared,
)
