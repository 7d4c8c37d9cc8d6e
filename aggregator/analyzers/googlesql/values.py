"""Python's values as the reference engine's, and back; :mod:`tables` has the table of types."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from zetasql.wasi._pb2.zetasql.public import type_pb2, value_pb2

from aggregator.analyzers.googlesql.tables import Interval, Json, Range
from aggregator.analyzers.googlesql.types import text_of

Value: TypeAlias = Any
"""A ``ValueProto``; what is generated has no types."""

_UNIX = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NUMERIC_SCALE, _BIGNUMERIC_SCALE = 9, 38
_NUMERIC_END, _BIGNUMERIC_END = 10**38, 2**255
"""What a number, counted in units of its last digit, stays below."""

_INT64 = range(-(2**63), 2**63)
_NEGATIVE_MONTHS, _MONTHS_SHIFT, _MONTHS = 1 << 31, 13, (1 << 18) - 1
_EXACT = decimal.Context(prec=100)


class UnfitError(Exception):
    """A value is not one of its declared type."""


class LackingError(Exception):
    """The engine has no values of this type."""


class NullElementError(Exception):
    """A result has an array with a NULL in it, which BigQuery does not write."""


def encoded(value: Any, type_: type_pb2.TypeProto) -> Value:
    """A value of ours as one of the engine's. Raises :class:`UnfitError` and :class:`LackingError`."""
    if value is None:
        return value_pb2.ValueProto()
    kind = type_.type_kind
    if kind in _NESTED:
        return _NESTED[kind][0](value, type_)
    if kind not in _SCALARS:
        raise LackingError(text_of(type_))
    try:
        found: Value | None = _SCALARS[kind][0](value)
    except (ValueError, OverflowError, TypeError, decimal.InvalidOperation):
        found = None
    if found is None:
        raise UnfitError(f"{value!r} is no {text_of(type_)}")
    return found


def decoded(value: Value, type_: type_pb2.TypeProto) -> Any:
    """A value of the engine's as one of ours. Raises :class:`NullElementError` and :class:`LackingError`."""
    kind = type_.type_kind
    if value.WhichOneof("value") is None:
        return [] if kind == type_pb2.TYPE_ARRAY else None  # a result has no NULL for an array
    if kind in _NESTED:
        return _NESTED[kind][1](value, type_)
    if kind not in _SCALARS:
        raise LackingError(text_of(type_))
    return _SCALARS[kind][1](value)


def row(values: Mapping[str, Any] | Sequence[Any], names: Sequence[str], types: Sequence[Any]) -> list[Value]:
    """The cells of a row, or the fields of a struct, whose values are given by name or in order."""
    if isinstance(values, Mapping):
        unknown = [name for name in values if name not in names]
        if unknown:
            raise UnfitError(f"there is no column {unknown[0]}")
        ordered = [values.get(name) for name in names]
    elif isinstance(values, Sequence) and not isinstance(values, str | bytes):
        ordered = list(values)
    else:
        raise UnfitError(f"{values!r} is no row")
    if len(ordered) != len(types):
        raise UnfitError(f"there are {len(ordered)} values for {len(types)} columns")
    return [encoded(value, type_) for value, type_ in zip(ordered, types, strict=True)]


def _array(value: Any, type_: type_pb2.TypeProto) -> Value:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise UnfitError(f"{value!r} is no {text_of(type_)}")
    found = value_pb2.ValueProto()
    found.array_value.SetInParent()
    found.array_value.element.extend(encoded(each, type_.array_type.element_type) for each in value)
    return found


def _from_array(value: Value, type_: type_pb2.TypeProto) -> list[Any]:
    found = [decoded(each, type_.array_type.element_type) for each in value.array_value.element]
    if any(each is None for each in found):
        raise NullElementError
    return found


def _struct(value: Any, type_: type_pb2.TypeProto) -> Value:
    found = value_pb2.ValueProto()
    found.struct_value.SetInParent()
    fields = type_.struct_type.field
    found.struct_value.field.extend(row(value, _names(fields), [each.field_type for each in fields]))
    return found


def _from_struct(value: Value, type_: type_pb2.TypeProto) -> dict[str, Any]:
    fields = type_.struct_type.field
    values = (decoded(each, field.field_type) for each, field in zip(value.struct_value.field, fields, strict=True))
    return dict(zip(_names(fields), values, strict=True))


def _names(fields: Sequence[Any]) -> list[str]:
    return [each.field_name or f"_field_{place}" for place, each in enumerate(fields, start=1)]


def _range(value: Any, type_: type_pb2.TypeProto) -> Value:
    if not isinstance(value, Range):
        raise UnfitError(f"{value!r} is no {text_of(type_)}")
    found = value_pb2.ValueProto()
    found.range_value.start.CopyFrom(encoded(value.start, type_.range_type.element_type))
    found.range_value.end.CopyFrom(encoded(value.end, type_.range_type.element_type))
    return found


def _from_range(value: Value, type_: type_pb2.TypeProto) -> Range:
    element = type_.range_type.element_type
    return Range(decoded(value.range_value.start, element), decoded(value.range_value.end, element))


def _plain(field: str, *types: type) -> tuple[Callable[[Any], Value | None], Callable[[Value], Any]]:
    """How to convert what is the same on both sides; a ``bool`` is no number."""

    def encode(value: Any) -> Value | None:
        fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        return value_pb2.ValueProto(**{field: value}) if fits else None

    return encode, lambda value: getattr(value, field)


def _int64(value: Any) -> Value | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and value in _INT64
    return value_pb2.ValueProto(int64_value=value) if fits else None


def _decimal(
    field: str, scale: int, end: int
) -> tuple[Callable[[Any], Value | None], Callable[[Value], decimal.Decimal]]:
    def encode(value: Any) -> Value | None:
        if not isinstance(value, int | decimal.Decimal) or isinstance(value, bool):
            return None
        scaled = decimal.Decimal(value).scaleb(scale, _EXACT)
        whole = int(scaled)
        if whole != scaled or abs(whole) >= end:
            return None
        size = whole.bit_length() // 8 + 1
        return value_pb2.ValueProto(**{field: whole.to_bytes(size, "little", signed=True)})

    def decode(value: Value) -> decimal.Decimal:
        whole = int.from_bytes(getattr(value, field), "little", signed=True)
        found = decimal.Decimal(whole).scaleb(-scale, _EXACT).normalize(_EXACT)
        return decimal.Decimal(int(found)) if found == int(found) else found

    return encode, decode


def _date(value: Any) -> Value | None:
    fits = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return value_pb2.ValueProto(date_value=(value - _UNIX).days) if fits else None


def _time_bits(value: dt.time | dt.datetime) -> int:
    return value.hour << 12 | value.minute << 6 | value.second


def _time(value: Any) -> Value | None:
    fits = isinstance(value, dt.time) and value.tzinfo is None
    return value_pb2.ValueProto(time_value=_time_bits(value) << 30 | value.microsecond * 1000) if fits else None


def _from_time(value: Value) -> dt.time:
    return dt.time(*_clock(value.time_value >> 30), (value.time_value & (1 << 30) - 1) // 1000)


def _clock(bits: int) -> tuple[int, int, int]:
    return bits >> 12 & 31, bits >> 6 & 63, bits & 63


def _datetime(value: Any) -> Value | None:
    if not isinstance(value, dt.datetime) or value.tzinfo is not None:
        return None
    found = value_pb2.ValueProto()
    bits = value.year << 26 | value.month << 22 | value.day << 17 | _time_bits(value)
    found.datetime_value.bit_field_datetime_seconds = bits
    found.datetime_value.nanos = value.microsecond * 1000
    return found


def _from_datetime(value: Value) -> dt.datetime:
    bits = value.datetime_value.bit_field_datetime_seconds
    day = bits >> 26, bits >> 22 & 15, bits >> 17 & 31
    return dt.datetime(*day, *_clock(bits), value.datetime_value.nanos // 1000)  # noqa: DTZ001  (a DATETIME has no zone)


def _timestamp(value: Any) -> Value | None:
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        return None
    seconds, rest = divmod((value - _EPOCH) // _MICROSECOND, 10**6)
    found = value_pb2.ValueProto()
    found.timestamp_value.seconds, found.timestamp_value.nanos = seconds, rest * 1000
    return found


def _from_timestamp(value: Value) -> dt.datetime:
    stamp = value.timestamp_value
    return _EPOCH + dt.timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def _json(value: Any) -> Value:
    bare = value.value if isinstance(value, Json) else value
    return value_pb2.ValueProto(json_value=json.dumps(bare, ensure_ascii=False, allow_nan=False))


def _interval(value: Any) -> Value | None:
    if not isinstance(value, Interval):
        return None
    months = abs(value.months) << _MONTHS_SHIFT | (_NEGATIVE_MONTHS if value.months < 0 else 0)
    parts = ((value.microseconds, 8, True), (value.days, 4, True), (months, 4, False))
    text = b"".join(number.to_bytes(size, "little", signed=signed) for number, size, signed in parts)
    return value_pb2.ValueProto(interval_value=text)


def _from_interval(value: Value) -> Interval:
    text = value.interval_value
    parts = (int.from_bytes(text[:8], "little", signed=True), int.from_bytes(text[8:12], "little", signed=True))
    bits = int.from_bytes(text[12:16], "little")
    months = bits >> _MONTHS_SHIFT & _MONTHS
    return Interval(-months if bits & _NEGATIVE_MONTHS else months, parts[1], parts[0])


_NESTED: Mapping[int, tuple[Callable[[Any, Any], Value], Callable[[Value, Any], Any]]] = {
    type_pb2.TYPE_ARRAY: (_array, _from_array),
    type_pb2.TYPE_STRUCT: (_struct, _from_struct),
    type_pb2.TYPE_RANGE: (_range, _from_range),
}
_SCALARS: Mapping[int, tuple[Callable[[Any], Value | None], Callable[[Value], Any]]] = {
    type_pb2.TYPE_INT64: (_int64, lambda value: value.int64_value),
    type_pb2.TYPE_DOUBLE: _plain("double_value", int, float),
    type_pb2.TYPE_BOOL: _plain("bool_value", bool),
    type_pb2.TYPE_STRING: _plain("string_value", str),
    type_pb2.TYPE_BYTES: _plain("bytes_value", bytes),
    type_pb2.TYPE_NUMERIC: _decimal("numeric_value", _NUMERIC_SCALE, _NUMERIC_END),
    type_pb2.TYPE_BIGNUMERIC: _decimal("bignumeric_value", _BIGNUMERIC_SCALE, _BIGNUMERIC_END),
    type_pb2.TYPE_DATE: (_date, lambda value: _UNIX + dt.timedelta(value.date_value)),
    type_pb2.TYPE_TIME: (_time, _from_time),
    type_pb2.TYPE_DATETIME: (_datetime, _from_datetime),
    type_pb2.TYPE_TIMESTAMP: (_timestamp, _from_timestamp),
    type_pb2.TYPE_JSON: (_json, lambda value: Json(json.loads(value.json_value))),
    type_pb2.TYPE_INTERVAL: (_interval, _from_interval),
}
