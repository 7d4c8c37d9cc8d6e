"""BigQuery's column types, as far as they are written in front matter."""

from __future__ import annotations

import re

from aggregator.core.names import is_identifier

SCALARS = frozenset(
    {"STRING", "BYTES", "INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL", "JSON", "GEOGRAPHY", "INTERVAL"}
    | {"DATE", "DATETIME", "TIME", "TIMESTAMP"}
)
ALIASES = {
    **dict.fromkeys(("INT", "INTEGER", "SMALLINT", "BIGINT", "TINYINT", "BYTEINT"), "INT64"),
    **dict.fromkeys(("DECIMAL",), "NUMERIC"),
    **dict.fromkeys(("BIGDECIMAL",), "BIGNUMERIC"),
    **dict.fromkeys(("BOOLEAN",), "BOOL"),
}
_SIZED = {"STRING": 1, "BYTES": 1, "NUMERIC": 2, "BIGNUMERIC": 2}
"""Types that take so many numbers in parentheses at most."""

_RANGED = frozenset({"DATE", "DATETIME", "TIMESTAMP"})
_MAX_DEPTH = 15
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[<>(),])")


def canonical_type(text: str) -> str | None:
    """A type in canonical spelling (``ARRAY<STRUCT<a STRING, b INT64>>``); None if BigQuery has no such type."""
    if text.count("<") > _MAX_DEPTH:
        return None
    tokens, end = [], 0
    while end < len(text.rstrip()):
        match = _TOKEN.match(text, end)
        if match is None:
            return None
        tokens.append(match[1])
        end = match.end()
    try:
        canonical, rest = _type(tokens)
    except (IndexError, ValueError):
        return None
    return None if rest else canonical


def _type(tokens: list[str]) -> tuple[str, list[str]]:
    name, rest = tokens[0].upper(), tokens[1:]
    name = ALIASES.get(name, name)
    if name == "ARRAY":
        element, rest = _type(_expect(rest, "<"))
        if element.startswith("ARRAY"):
            raise ValueError("BigQuery has no arrays of arrays")
        return f"ARRAY<{element}>", _expect(rest, ">")
    if name == "STRUCT":
        return _struct(_expect(rest, "<"))
    if name == "RANGE":
        element, rest = _type(_expect(rest, "<"))
        if element not in _RANGED:
            raise ValueError(element)
        return f"RANGE<{element}>", _expect(rest, ">")
    if name not in SCALARS:
        raise ValueError(name)
    return _sized(name, rest) if rest and rest[0] == "(" else (name, rest)


def _sized(name: str, tokens: list[str]) -> tuple[str, list[str]]:
    close = tokens.index(")")
    numbers = "".join(tokens[1:close]).split(",")
    if len(numbers) > _SIZED.get(name, 0) or not all(number.isdigit() for number in numbers):
        raise ValueError(name)
    return f"{name}({', '.join(numbers)})", tokens[close + 1 :]


def _struct(tokens: list[str]) -> tuple[str, list[str]]:
    fields = []
    while True:
        if not is_identifier(tokens[0]):
            raise ValueError(tokens[0])
        name, (field, rest) = tokens[0], _type(tokens[1:])
        fields.append(f"{name} {field}")
        if rest[0] == ">":
            return f"STRUCT<{', '.join(fields)}>", rest[1:]
        tokens = _expect(rest, ",")


def _expect(tokens: list[str], token: str) -> list[str]:
    if tokens[0] != token:
        raise ValueError(token)
    return tokens[1:]
