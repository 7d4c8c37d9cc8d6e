"""What the shapes of policies, and of a few single values, accept, as JSON Schema."""

from __future__ import annotations

from aggregator.export.json_schema.shapes import Schema, pattern, schema_of
from aggregator.load.amounts import SECONDS
from aggregator.load.partitions import Gone, Lifetime
from aggregator.load.policies import ChangeShape, DurationShape, Volatility
from aggregator.load.words import Reservation

__all__ = ["Schema", "schema_of"]


@schema_of.register
def _(shape: Gone) -> Schema:
    return {"enum": [shape.WORD]}


@schema_of.register
def _(shape: ChangeShape) -> Schema:
    return pattern(shape.FORM.pattern)


@schema_of.register
def _(_shape: Lifetime) -> Schema:
    return schema_of(SECONDS)


@schema_of.register
def _(shape: Reservation) -> Schema:
    return {"anyOf": [{"const": shape.NONE}, pattern(shape.NAME.pattern)]}


@schema_of.register
def _(_shape: DurationShape) -> Schema:
    return schema_of(SECONDS)


@schema_of.register
def _(_shape: Volatility) -> Schema:
    return {"anyOf": [{"type": "boolean"}, schema_of(SECONDS)]}
