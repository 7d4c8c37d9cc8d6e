"""BigQuery's types as text, and as the analyzer's protocol buffers."""

from __future__ import annotations

import functools
import re

from zetasql.wasi._pb2.zetasql.public import type_pb2

_TOKEN = re.compile(r"\s*(`[^`]*`|\w+(?:\([^)]*\))?|[<>,])")
_KINDS = {name.removeprefix("TYPE_"): number for name, number in type_pb2.TypeKind.items()} | {
    "FLOAT64": type_pb2.TYPE_DOUBLE
}
_NAMES = {number: name.removeprefix("TYPE_") for name, number in type_pb2.TypeKind.items()} | {
    type_pb2.TYPE_DOUBLE: "FLOAT64"
}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@functools.lru_cache(maxsize=4096)
def parsed(text: str) -> type_pb2.TypeProto:
    """The type of a text such as ``ARRAY<STRUCT<sku STRING, price NUMERIC(10, 2)>>``. Raises ValueError."""
    tokens = _tokens(text)
    try:
        found, rest = _type(tokens)
    except (IndexError, KeyError):
        raise ValueError(f"{text} is not a type") from None
    if rest:
        raise ValueError(f"{text} is not a type")
    return found


def text_of(type_: type_pb2.TypeProto) -> str:
    """A type as BigQuery's documentation writes it."""
    kind: str = _NAMES[type_.type_kind]
    if kind == "ARRAY":
        return f"ARRAY<{text_of(type_.array_type.element_type)}>"
    if kind == "RANGE":
        return f"RANGE<{text_of(type_.range_type.element_type)}>"
    if kind == "STRUCT":
        fields = (f"{_quoted(each.field_name)}{text_of(each.field_type)}" for each in type_.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return kind


def _quoted(name: str) -> str:
    if not name:
        return ""
    return f"{name} " if _IDENTIFIER.fullmatch(name) else f"`{name}` "


def _tokens(text: str) -> list[str]:
    tokens, end = [], 0
    while end < len(text.rstrip()):
        match = _TOKEN.match(text, end)
        if match is None:
            raise ValueError(f"{text} is not a type")
        tokens.append(match[1])
        end = match.end()
    return tokens


def _type(tokens: list[str]) -> tuple[type_pb2.TypeProto, list[str]]:
    """A type, and the tokens behind it. Lengths and precisions are no part of a type."""
    kind, rest = tokens[0].partition("(")[0].upper(), tokens[1:]
    found = type_pb2.TypeProto(type_kind=_KINDS[kind])
    if kind == "ARRAY":
        element, rest = _type(_after(rest, "<"))
        found.array_type.element_type.CopyFrom(element)
        return found, _after(rest, ">")
    if kind == "RANGE":
        element, rest = _type(_after(rest, "<"))
        found.range_type.element_type.CopyFrom(element)
        return found, _after(rest, ">")
    if kind == "STRUCT":
        rest = _after(rest, "<")
        while rest[0] != ">":
            rest = rest[1:] if rest[0] == "," else rest
            field = found.struct_type.field.add()
            if rest[1] not in "<>,":
                field.field_name, rest = rest[0].strip("`"), rest[1:]
            type_, rest = _type(rest)
            field.field_type.CopyFrom(type_)
        return found, rest[1:]
    return found, rest


def _after(tokens: list[str], token: str) -> list[str]:
    if tokens[0] != token:
        raise KeyError(token)
    return tokens[1:]
