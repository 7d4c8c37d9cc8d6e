"""What each shape of the loader accepts, as JSON Schema; a new shape has to be told of here."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

from aggregator.aggregates import KINDS
from aggregator.checks import CHECKS, Check
from aggregator.core.names import IDENTIFIER
from aggregator.core.pseudo import SUFFIXES
from aggregator.core.types import ALIASES, SCALARS
from aggregator.load.aggregates import (
    COMPLETE,
    ROLLING,
    Completeness,
    Measures,
    MeasureShape,
    TableReference,
    TargetShape,
)
from aggregator.load.amounts import Count, Number, Quantity
from aggregator.load.cases import RowsShape
from aggregator.load.exports import Pattern, Prefix
from aggregator.load.keys import KEYS
from aggregator.load.partitions import GRAIN, Gone, InputMap, Length, PartitionShape, Suffix
from aggregator.load.plain import AnyPlain
from aggregator.load.schema import COLUMN, ENGINES, LOCAL, CheckShape, Columns, EngineName, LocalShape, NullText
from aggregator.load.shapes import Choice, Field, Identifier, ListOf, MapOf, Moment, OneAtLeast, Record, Text, Truth
from aggregator.load.words import SCHEDULES, Deadline, Schedule, Type, Zone

Schema: TypeAlias = dict[str, Any]
_SCALAR = ["string", "number", "boolean"]
"""Text without quotes may be what JSON calls a number or a truth value; the loader takes it as it was written."""

_ZONE = r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}"
_CRON = r"[*0-9A-Za-z,/\-]+"
_NEEDS = {"duckdb": "path", "bigquery": "project"}
"""What an environment must say for its engine."""


@functools.singledispatch
def schema_of(shape: object) -> Schema:
    """What a shape accepts."""
    raise TypeError(f"{type(shape).__name__} has no JSON schema")


@schema_of.register(Record)
def _(shape: Record[Any]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {name: _property(shape.what, name, field) for name, field in shape.fields.items()},
        "additionalProperties": False,
    }
    required = [name for name, field in shape.fields.items() if field.required]
    if required:
        schema["required"] = required
    if shape.what == "an environment":
        schema["allOf"] = [_if_engine(engine, needed) for engine, needed in _NEEDS.items()]
    return schema


def _property(record: str, name: str, field: Field) -> Schema:
    key = KEYS[record][name]
    schema = {"description": key.about, **schema_of(field.shape)}
    if key.examples:
        schema["examples"] = list(key.examples)
    return schema


def _if_engine(engine: str, needed: str) -> Schema:
    return {
        "if": {"properties": {"engine": {"const": engine}}, "required": ["engine"]},
        "then": {"required": [needed]},
    }


@schema_of.register
def _(shape: Pattern) -> Schema:
    return pattern(rf"{shape.BUCKET.pattern}[^*]*\*[^*/]*")


@schema_of.register
def _(shape: Prefix) -> Schema:
    return pattern(rf"{shape.BUCKET.pattern.removesuffix('/')}(/[^*{{]*)?")


@schema_of.register
def _(shape: Text) -> Schema:
    return {"type": _SCALAR, "pattern": r"\S"}


@schema_of.register
def _(shape: Identifier) -> Schema:
    return pattern(IDENTIFIER.pattern)


@schema_of.register(Choice)
def _(shape: Choice[Any]) -> Schema:
    return {"enum": [*(option.value for option in shape.options), *shape.others]}


@schema_of.register
def _(shape: Number) -> Schema:
    return {"anyOf": [{"type": "number", "minimum": 0}, pattern(shape.FORM.pattern)]}


@schema_of.register
def _(shape: Quantity) -> Schema:
    return pattern(rf"[0-9]{{1,9}}(\.[0-9]{{1,6}})?\s*{_any_case(shape.units)}")


@schema_of.register
def _(shape: Count) -> Schema:
    return {"anyOf": [{"type": "number", "minimum": 0}, pattern(shape.FORM.pattern)]}


@schema_of.register
def _(shape: Truth) -> Schema:
    return {"type": "boolean"}


@schema_of.register(OneAtLeast)
def _(shape: OneAtLeast[Any]) -> Schema:
    return {**schema_of(shape.record), "minProperties": 1}


@schema_of.register
def _(shape: Moment) -> Schema:
    return pattern(shape.FORM.pattern)


@schema_of.register
def _(shape: RowsShape) -> Schema:
    """Which columns there are, and of which types, is found when the test is run."""
    select = {"type": "object", "properties": {"sql": {"type": "string"}}, "required": ["sql"]}
    listed = {"type": "array", "items": {"type": "object"}}
    return {"anyOf": [listed, pattern(r".*\.csv"), {**select, "additionalProperties": False}]}


@schema_of.register(ListOf)
def _(shape: ListOf[Any]) -> Schema:
    item = schema_of(shape.item)
    return {"anyOf": [{"type": "array", "items": item}, item]}


@schema_of.register(MapOf)
def _(shape: MapOf[Any, Any]) -> Schema:
    return {"type": "object", "propertyNames": _name(shape.key), "additionalProperties": schema_of(shape.value)}


@schema_of.register
def _(shape: Columns) -> Schema:
    short: Type | Text = Type() if shape.short == "type" else Text()
    return {
        "type": "object",
        "propertyNames": _name(shape.key),
        "additionalProperties": {"anyOf": [schema_of(short), schema_of(COLUMN)]},
        **({"minProperties": 1} if shape.short == "type" else {}),
    }


@schema_of.register
def _(shape: CheckShape) -> Schema:
    """Any name will do: whether there is such a check is found when the model is compiled."""
    known = {name: _check(check) for name, check in CHECKS.items()}
    alone = pattern(IDENTIFIER.pattern)
    return {"anyOf": [{"type": "object", "properties": known, "minProperties": 1, "maxProperties": 1}, alone]}


def _check(check: Check) -> Schema:
    """The names of a check's arguments, for completion; what they may be is found when the model is compiled."""
    return {
        "description": _first_line(check.__doc__),
        "properties": {each.name: {} for each in check.takes},
        "examples": [check.example],
    }


@schema_of.register
def _(shape: Measures) -> Schema:
    return schema_of(shape.entries)


@schema_of.register
def _(shape: MeasureShape) -> Schema:
    """Any arguments will do: what a kind of measure takes is found when the model is compiled."""
    known = {kind.word: {"description": _first_line(kind.page)} for kind in reversed(KINDS)}
    return {"type": "object", "properties": dict(reversed(known.items())), "minProperties": 1}


@schema_of.register
def _(shape: TableReference) -> Schema:
    return pattern(rf"{IDENTIFIER.pattern}\.{IDENTIFIER.pattern}")


@schema_of.register
def _(shape: TargetShape) -> Schema:
    return {"anyOf": [schema_of(GRAIN), schema_of(ROLLING)]}


@schema_of.register
def _(shape: Length) -> Schema:
    return pattern(shape.FORM.pattern)


@schema_of.register
def _(shape: Completeness) -> Schema:
    return {"enum": list(COMPLETE)}


@schema_of.register
def _(shape: PartitionShape) -> Schema:
    return schema_of(shape.record)


@schema_of.register
def _(_shape: Suffix) -> Schema:
    return {"enum": list(SUFFIXES)}


@schema_of.register
def _(shape: InputMap) -> Schema:
    length = schema_of(Length())
    long = {
        "type": "object",
        "properties": {str(reach): length for reach in shape.LONG} | {"gone": {"enum": [Gone.WORD]}},
        "additionalProperties": False,
        "minProperties": 1,
        "not": {"anyOf": [{"required": list(map(str, two))} for two in itertools.combinations(shape.LONG, 2)]},
    }
    return {"anyOf": [{"enum": list(shape.WORDS)}, long]}


@schema_of.register
def _(shape: LocalShape) -> Schema:
    return {"anyOf": [schema_of(Text()), schema_of(LOCAL)]}


@schema_of.register
def _(shape: NullText) -> Schema:
    return {"type": [*_SCALAR, "null"]}


@schema_of.register
def _(shape: EngineName) -> Schema:
    return {"enum": list(ENGINES)}


@schema_of.register
def _(shape: Zone) -> Schema:
    """Which zones there are changes from year to year; their form does not."""
    return pattern(_ZONE)


@schema_of.register
def _(shape: Deadline) -> Schema:
    return pattern(shape.FORM.format(zone=_ZONE))


@schema_of.register
def _(shape: Schedule) -> Schema:
    words = "|".join(SCHEDULES)
    return {"anyOf": [{"enum": list(SCHEDULES)}, pattern(rf"\s*(({words})|{_CRON}(\s+{_CRON}){{4}})(\s+{_ZONE})?\s*")]}


@schema_of.register
def _(shape: Type) -> Schema:
    """Nested types are only looked at from outside: a pattern can't count brackets."""
    flat, nested = _any_case((*SCALARS, *ALIASES)), _any_case(("ARRAY", "STRUCT", "RANGE"))
    return {
        "anyOf": [
            {"enum": sorted(SCALARS)},
            pattern(rf"\s*({flat}(\s*\(\s*[0-9]+\s*(,\s*[0-9]+\s*)?\))?|{nested}\s*<[\s\S]*>)\s*"),
        ]
    }


@schema_of.register
def _(shape: AnyPlain) -> Schema:
    return {}


def pattern(form: str) -> Schema:
    """Text that matches as a whole."""
    return {"type": "string", "pattern": f"^({form})$"}


def _name(shape: object) -> Schema:
    """What the names of a mapping look like; in JSON they are always text."""
    schema = schema_of(shape)
    return {"pattern": schema["pattern"]}


def _any_case(words: Iterable[str]) -> str:
    """A pattern of words in upper and lower case: JSON Schema's patterns have no flag for that."""
    letters = (
        "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in word)
        for word in sorted({word.casefold() for word in words}, key=lambda word: (-len(word), word))
    )
    return f"({'|'.join(letters)})"


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
