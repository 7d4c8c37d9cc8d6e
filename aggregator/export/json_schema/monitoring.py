"""What the shapes of ``monitoring:`` accept, as JSON Schema."""

from __future__ import annotations

from aggregator.export.json_schema.policies import Schema, schema_of
from aggregator.export.json_schema.shapes import pattern
from aggregator.load.monitoring import EMAIL, HostAndPort, MailAddress, MailShape, Port, TagName, Url, Variable

__all__ = ["Schema", "schema_of"]


@schema_of.register
def _(shape: Variable) -> Schema:
    return pattern(shape.FORM.pattern)


@schema_of.register
def _(shape: TagName) -> Schema:
    return pattern(shape.FORM.pattern)


@schema_of.register
def _(shape: Port) -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, pattern(shape.FORM.pattern)]}


@schema_of.register
def _(shape: HostAndPort) -> Schema:
    return {"anyOf": [{"type": "boolean"}, pattern(shape.FORM.pattern)]}


@schema_of.register
def _(shape: Url) -> Schema:
    address = pattern(shape.FORM.pattern)
    return {"anyOf": [{"type": "boolean"}, address]} if shape.may_be_true else address


@schema_of.register
def _(_shape: MailAddress) -> Schema:
    """Whether it is one is found when it is read; this is what all of them look like."""
    return pattern(r"[^\s@,;<>]+@[^\s@,;<>]+")


@schema_of.register
def _(_shape: MailShape) -> Schema:
    return schema_of(EMAIL)
