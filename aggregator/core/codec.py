"""Frozen values to JSON and back, by their type hints: for what is kept between commands.

A dataclass becomes the list of its fields, a mapping a list of pairs. Places, of which there are very many, leave out
the path of the file that the value was made from. A :class:`Document`, and the :class:`Model` within what it was
compiled to, are left out whole: whoever decodes has them.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, TypeVar, Union

from aggregator.core import (
    aggregate,
    calendar,
    declared,
    diagnostics,
    estimate,
    graph,
    learned,
    maps,
    monitoring,
    names,
    plain,
    project,
)
from aggregator.core.diagnostics import Code, Diagnostic, Document, Layer, Place, Severity, Word
from aggregator.core.names import TableName
from aggregator.core.project import Model

T = TypeVar("T")
Encoder = Callable[[Any, str], Any]
Decoder = Callable[[Any, "Context"], Any]

_PLAIN = frozenset({type(None), bool, int, float, str})
_encoders: dict[type, Encoder] = {}
_MODULES = (
    aggregate,
    calendar,
    declared,
    diagnostics,
    estimate,
    graph,
    learned,
    maps,
    monitoring,
    names,
    plain,
    project,
)
_NAMESPACE = {name: value for module in _MODULES for name, value in vars(module).items()}
"""What hints may name; modules import much of it for the type checker only."""


@dataclasses.dataclass(frozen=True)
class Context:
    """What is left out of the JSON: the file that a value was made from, its model, and the codes by their id."""

    document: Document
    model: Model | None = None
    codes: Mapping[str, Code] = dataclasses.field(default_factory=dict)


def encode(value: Any, path: str) -> Any:
    """Plain JSON for a value that was made from the file at a path."""
    type_ = type(value)
    if type_ in _PLAIN:
        return value
    write = _encoders.get(type_)
    if write is None:
        write = _encoders[type_] = _encoder(type_)
    return write(value, path)


def decode(type_: Any, value: Any, context: Context) -> Any:
    """The value of a type from its JSON."""
    return _decoder(type_)(value, context)


def encode_findings(found: Iterable[Diagnostic], path: str) -> Any:
    """Findings with the codes that they have."""
    listed = list(found)
    codes = {each.code.id: each.code for each in listed}
    return [[encode(each, path) for each in listed], [list(dataclasses.astuple(code)) for code in codes.values()]]


def decode_findings(value: Any, document: Document) -> tuple[Diagnostic, ...]:
    """The findings of :func:`encode_findings`."""
    found, codes = value
    known = (Code(id_, name, page, Layer(layer), Severity(severity)) for id_, name, page, layer, severity in codes)
    context = Context(document, codes={code.id: code for code in known})
    return tuple(decode(Diagnostic, each, context) for each in found)


def _encoder(type_: type) -> Encoder:
    known = next((write for base, write in _WRITERS if issubclass(type_, base)), None)
    if known is not None:
        return known
    if not dataclasses.is_dataclass(type_):
        raise TypeError(f"{type_.__name__} can't be kept")
    fields = tuple(field.name for field in dataclasses.fields(type_))
    if "model" in fields:
        return lambda value, path: [
            None if isinstance(each, Model) else encode(each, path)
            for each in (getattr(value, name) for name in fields)
        ]
    if len(fields) == 1:
        return lambda value, path: [encode(getattr(value, fields[0]), path)]
    items = operator.attrgetter(*fields)
    return lambda value, path: [item if type(item) in _PLAIN else encode(item, path) for item in items(value)]


def _place(place: Place, path: str) -> list[Any]:
    span = [place.line, place.column, place.end_line, place.end_column]
    return span if place.path == path else [*span, place.path]


@functools.cache
def _decoder(type_: Any) -> Decoder:
    """How to read a type. Hints are looked at once; what remains for each value is a call."""
    if type_ in _READERS:
        return _READERS[type_]
    origin = typing.get_origin(type_)
    if origin in (Union, types.UnionType):
        return _optional(typing.get_args(type_))
    if origin is not None:
        return _collection(origin, typing.get_args(type_))
    if issubclass(type_, Enum):
        members = {member.value: member for member in type_}
        return lambda value, _: members[value]
    return _record(type_)


def _collection(origin: Any, arguments: tuple[Any, ...]) -> Decoder:
    item = _decoder(arguments[0])
    if issubclass(origin, Mapping):
        values = _decoder(arguments[1])
        return lambda value, context: {item(k, context): values(v, context) for k, v in value["items"]}
    return lambda value, context: origin([item(each, context) for each in value])


def _optional(arguments: tuple[Any, ...]) -> Decoder:
    """``X | None``, or plain data."""
    others = [each for each in arguments if each is not type(None)]
    if len(others) > 1:
        return _plain
    (inner,) = map(_decoder, others)
    return lambda value, context: None if value is None else inner(value, context)


def _record(type_: type[T]) -> Decoder:
    hints = typing.get_type_hints(type_, localns=_NAMESPACE)
    decoders = [_decoder(hints[field.name]) for field in dataclasses.fields(type_)]  # type: ignore[arg-type]

    def read(values: list[Any] | None, context: Context) -> Any:
        if values is None and type_ is Model:
            return context.model
        assert values is not None  # noqa: S101
        return type_(*[decoder(value, context) for decoder, value in zip(decoders, values, strict=True)])

    return read


def _read_place(value: list[Any], context: Context) -> Place:
    path = value[4] if len(value) > 4 else context.document.path  # noqa: PLR2004
    return Place(path, value[0], value[1], value[2], value[3])


def _text(value: Any, context: Context) -> str:
    """A text; with its place, if it had one."""
    if isinstance(value, str):
        return value
    text, *place = value["word"]
    return Word(text, _read_place(place, context))


def _plain(value: Any, context: Context) -> Any:
    if isinstance(value, list):
        return [_plain(item, context) for item in value]
    if not isinstance(value, dict):
        return value
    if "word" in value:
        return _text(value, context)
    return {_plain(k, context): _plain(v, context) for k, v in value["items"]}


def _as_it_is(value: Any, _: object) -> Any:
    return value


_WRITERS: tuple[tuple[type | tuple[type, ...], Encoder], ...] = (
    (Word, lambda value, path: {"word": [str(value), *_place(value.place, path)]}),
    (StrEnum, lambda value, _: str(value)),
    (Place, _place),
    (Document, lambda _value, _path: None),
    (Code, lambda value, _: value.id),
    (TableName, lambda value, _: str(value)),
    (datetime, lambda value, _: value.isoformat()),
    (
        (tuple, list, frozenset),
        lambda value, path: [item if type(item) in _PLAIN else encode(item, path) for item in value],
    ),
    (Mapping, lambda value, path: {"items": [[encode(k, path), encode(v, path)] for k, v in value.items()]}),
)
"""Each before those that it is a special case of."""
_READERS: dict[Any, Decoder] = {
    str: _text,
    Word: _text,
    int: _as_it_is,
    float: _as_it_is,
    bool: _as_it_is,
    Place: _read_place,
    Document: lambda _, context: context.document,
    Code: lambda value, context: context.codes[value],
    TableName: lambda value, _: TableName(*value.split(".")),
    datetime: lambda value, _: datetime.fromisoformat(value),
}
