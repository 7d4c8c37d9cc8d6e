"""What is known of a value: its type, the columns that it is made from, and which kind of number it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aggregator.compile.analysis.sketch_type import common_sketch
from aggregator.compile.analysis.types import JSON, NULL, Type
from aggregator.core.graph import Derivation, Measure, Origin

NOWHERE: frozenset[Origin] = frozenset()

_AGGREGATE, _TRANSFORMATION = Derivation.AGGREGATE, Derivation.TRANSFORMATION
_NONE, _OTHER = Measure.NONE, Measure.OTHER
"""By names of their own: asking an enumeration is slow, and it would be asked for every node."""

_ADDITIVE = frozenset({Measure.COUNT, Measure.SUM})
_SHIFTABLE = frozenset({Measure.EXTREME, Measure.AVERAGE, Measure.RATIO, Measure.QUANTILE})
"""Kinds that a number keeps when a constant is added to it."""

_SCALABLE = _SHIFTABLE | {Measure.SUM, Measure.TOP}
"""Kinds that a number keeps when it is multiplied by a constant."""


class Value(NamedTuple):
    """What is known of an expression; made for every one, so it is a tuple.

    ``is_path``: the origins are the very thing, or arrays of it, so a field of the value is a field of theirs.
    ``fields`` are those of a STRUCT that was put together in the query, by their names in lower case. ``sketch`` says
    what BYTES are a sketch of, see :mod:`sketch_type`.
    """

    type: Type | None = None
    origins: frozenset[Origin] = NOWHERE
    derivation: Derivation = Derivation.TRANSFORMATION
    measure: Measure = Measure.NONE
    is_literal: bool = False
    is_path: bool = False
    fields: Mapping[str, Value] | None = None
    sketch: str = ""


NOTHING = Value()
"""A value of which nothing is known."""


class Field(NamedTuple):
    """A column of a relation; ``name`` is as it was written, empty where it has none."""

    name: str
    value: Value


def made_from(values: Iterable[Value], type_: Type | None) -> Value:
    """The value of a function or an operator."""
    origins, derivation, is_measured, is_literal = NOWHERE, _TRANSFORMATION, False, True
    for value in values:
        if value.origins:
            origins = origins | value.origins if origins else value.origins
        if value.derivation is _AGGREGATE:
            derivation = _AGGREGATE
            is_measured = is_measured or value.measure is not _NONE
        is_literal = is_literal and value.is_literal
    return Value(type_, origins, derivation, _OTHER if is_measured else _NONE, is_literal)


def origins_of(values: Iterable[Value]) -> frozenset[Origin]:
    """The columns that several values are made from."""
    found = [value.origins for value in values if value.origins]
    return found[0].union(*found[1:]) if found else NOWHERE


def field_of(value: Value, name: str) -> Value:
    """A field of a STRUCT or a part of a JSON value."""
    key = name.casefold()
    if value.fields is not None and key in value.fields:
        return value.fields[key]
    if value.type is not None and value.type.name == "JSON":
        return Value(JSON, value.origins, _no_copy(value.derivation))
    type_ = value.type.field(key) if value.type is not None else None
    if not value.is_path:
        return Value(type_, value.origins, value.derivation)
    paths = frozenset(Origin(each.table, f"{each.column}.{name}") for each in value.origins)
    return Value(type_, paths, value.derivation, is_path=True)


def element_of(value: Value, derivation: Derivation) -> Value:
    """One element of an ARRAY."""
    type_ = value.type.element if value.type is not None else None
    if value.derivation is Derivation.COPY:
        return value._replace(type=type_, derivation=derivation)
    return value._replace(type=type_)


def as_derived(value: Value, derivation: Derivation, measure: Measure, type_: Type | None) -> Value:
    """A value that a function picks out of others, such as ANY_VALUE or LAG: its fields remain what they are."""
    if derivation is not Derivation.AGGREGATE:
        derivation = _no_copy(value.derivation)
    fields = value.fields and {
        name: as_derived(each, derivation, each.measure, each.type) for name, each in value.fields.items()
    }
    sketch = value.sketch if value.sketch and type_ == value.type else ""
    return Value(type_, value.origins, derivation, measure, is_path=value.is_path, fields=fields, sketch=sketch)


def _no_copy(derivation: Derivation) -> Derivation:
    return Derivation.TRANSFORMATION if derivation is Derivation.COPY else derivation


def merged(values: list[Value], type_: Type | None) -> Value:
    """What a column of a UNION holds, made from that column of each side."""
    origins = origins_of(values)
    derivations = {value.derivation for value in values}
    measures = {value.measure for value in values if not value.is_literal and value.type != NULL}
    if Derivation.AGGREGATE in derivations:
        derivation = Derivation.AGGREGATE
    elif derivations == {Derivation.COPY}:
        derivation = Derivation.COPY
    else:
        derivation = Derivation.TRANSFORMATION
    if measures <= _ADDITIVE and len(measures) > 1:
        measure = Measure.SUM
    else:
        measure = next(iter(measures or {Measure.NONE})) if len(measures) <= 1 else Measure.OTHER
    fields = [value.fields for value in values if value.fields]
    shared: Mapping[str, Value] | None = None
    if len(fields) == len(values):
        names = [name for name in fields[0] if all(name in each for each in fields)]
        shared = {name: merged([each[name] for each in fields], fields[0][name].type) for name in names}
    is_path = all(value.is_path for value in values)
    return Value(type_, origins, derivation, measure, is_path=is_path, fields=shared, sketch=sketch_of(values))


def sketch_of(values: list[Value]) -> str:
    """What one of several values is a sketch of, if all are; NULL may be among them."""
    if not any(value.sketch for value in values):
        return ""
    return common_sketch([value.sketch for value in values if value.type != NULL])


def sum_of(measure: Measure) -> Measure:
    """Which kind of number SUM makes of another."""
    return Measure.SUM if measure in (Measure.NONE, Measure.COUNT, Measure.SUM, Measure.EXTREME) else Measure.OTHER


def added(left: Value, right: Value) -> Measure:
    """Which kind of number a sum or difference is."""
    a, b = left.measure, right.measure
    if a in _ADDITIVE and b in _ADDITIVE:
        return Measure.SUM
    if left.is_literal or right.is_literal:
        kept = b if left.is_literal else a
        return kept if kept in _SHIFTABLE else _other(left, right)
    return Measure.RATIO if a is b is Measure.RATIO else _other(left, right)


def multiplied(left: Value, right: Value) -> Measure:
    """Which kind of number a product is."""
    if left.is_literal or right.is_literal:
        return scaled((right if left.is_literal else left).measure)
    return _other(left, right)


def divided(left: Value, right: Value) -> Measure:
    """Which kind of number a quotient is."""
    if right.is_literal:
        return scaled(left.measure)
    if left.measure is not Measure.NONE and right.measure is not Measure.NONE:
        return Measure.RATIO
    return _other(left, right)


def scaled(measure: Measure) -> Measure:
    """What becomes of a number times a constant: a count of dozens is a sum, half a distinct count is neither."""
    if measure is Measure.COUNT:
        return Measure.SUM
    return measure if measure in _SCALABLE or measure is Measure.NONE else Measure.OTHER


def _other(left: Value, right: Value) -> Measure:
    is_aggregate = Derivation.AGGREGATE in (left.derivation, right.derivation)
    return Measure.OTHER if is_aggregate and (left.measure or right.measure) else Measure.NONE
