"""Values as the author of a test would write them, and rows as lines of YAML."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aggregator.analyzers.googlesql.tables import Json, Range
from aggregator.unit_tests.bind import Values

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_ ./-]*[A-Za-z0-9_./-])?")
_MEANS_ELSE = re.compile(r"(?i)null|true|false|yes|no|on|off|y|n|[0-9.]+")


def written(value: Any) -> str:
    """A value in YAML's short form, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  (all digits are those of the value)
            return str(int(value))
        case decimal.Decimal():
            return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
        case dt.datetime() if value.tzinfo is not None:
            return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return f'"{base64.b64encode(value).decode()}"'
        case Json():
            return json.dumps(json.dumps(value.value, ensure_ascii=False), ensure_ascii=False)
        case Range():
            ends = ("UNBOUNDED" if each is None else written(each) for each in (value.start, value.end))
            return f'"[{", ".join(ends)})"'
        case list() | tuple():
            return f"[{', '.join(map(written, value))}]"
        case Mapping():
            return f"{{{', '.join(f'{name}: {written(each)}' for name, each in value.items())}}}"
        case str():
            is_plain = _PLAIN.fullmatch(value) and not _MEANS_ELSE.fullmatch(value)
            return value if is_plain else json.dumps(value, ensure_ascii=False)
    return str(value)


def row_lines(rows: Iterable[Values], indent: int) -> list[str]:
    """A list of rows, each on as many lines as it takes; ``[]`` is for who has none."""
    return [line for row in rows for line in _wrapped([f"{name}: {written(each)}" for name, each in row.items()], indent)]


def _wrapped(items: list[str], indent: int) -> list[str]:
    """A row, with line breaks between its values alone."""
    lines = [f"{' ' * indent}- {{"]
    for number, item in enumerate(items, start=1):
        piece = item + ("," if number < len(items) else "}")
        if len(lines[-1]) + len(piece) >= _WIDTH and number > 1:
            lines.append(" " * (indent + 3) + piece)
        else:
            lines[-1] += piece if number == 1 else f" {piece}"
    return lines if items else [f"{' ' * indent}- {{}}"]


def in_order(rows: Iterable[Values], key: Iterable[str]) -> list[Values]:
    """Rows by their key, so that writing them again gives the same text."""
    names = tuple(key)
    return sorted(rows, key=lambda row: ([written(row.get(name)) for name in names], written(row)))
