"""Values as the author of a test would write them, and rows as lines of YAML."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aggregator.analyzers.googlesql.tables import Json, Range
from aggregator.unit_tests.bind import Values

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_ ./-]*[A-Za-z0-9_./-])?")
_MEANS_ELSE = re.compile(r"(?i)null|true|false|yes|no|on|off|y|n|[0-9.]+")


def written(value: Any) -> str:
    """A value in YAML's short form, on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    write = next((write for type_, write in _WRITTEN if isinstance(value, type_)), str)
    return write(value)


def _float(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004  (exact)


def _decimal(value: decimal.Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return f"{value.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z"


def _range(value: Range) -> str:
    ends = ("UNBOUNDED" if each is None else written(each) for each in (value.start, value.end))
    return f'"[{", ".join(ends)})"'


def _text(value: str) -> str:
    is_plain = _PLAIN.fullmatch(value) and not _MEANS_ELSE.fullmatch(value)
    return value if is_plain else _quoted(value)


def _quoted(value: str) -> str:
    """A text in double quotes; what can't be seen, or would end a line, is named by its number."""
    shown = value.replace("\\", r"\\").replace('"', r"\"")
    return '"' + "".join(each if each.isprintable() else rf"\U{ord(each):08x}" for each in shown) + '"'


_WRITTEN: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (float, _float),
    (decimal.Decimal, _decimal),
    (dt.datetime, _moment),
    ((dt.date, dt.time), lambda value: str(value.isoformat())),
    (bytes, lambda value: f'"{base64.b64encode(value).decode()}"'),
    (Json, lambda value: _quoted(json.dumps(value.value, ensure_ascii=False))),
    (Range, _range),
    ((list, tuple), lambda value: f"[{', '.join(map(written, value))}]"),
    (Mapping, lambda value: f"{{{', '.join(f'{name}: {written(each)}' for name, each in value.items())}}}"),
    (str, _text),
)
"""How values of each type are written; a datetime is a date, too, so it comes before."""


def row_lines(rows: Iterable[Values], indent: int) -> list[str]:
    """A list of rows, each on as many lines as it takes; ``[]`` is for who has none."""
    return [
        line for row in rows for line in _wrapped([f"{name}: {written(each)}" for name, each in row.items()], indent)
    ]


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
