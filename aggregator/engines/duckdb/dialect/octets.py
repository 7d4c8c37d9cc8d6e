"""Functions of STRING when they are of BYTES, which DuckDB would take for texts: each by a function of its own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, AnyStr

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

_BYTES, _INTEGER = "BLOB", "BIGINT"


def _substring(value: bytes, begin: int, length: int) -> bytes:
    if length < 0:
        raise ValueError("Third argument in SUBSTR() cannot be negative")
    first = begin - 1 if begin > 0 else max(len(value) + begin, 0) if begin < 0 else 0
    return value[first : first + length]


def find(value: AnyStr, part: AnyStr, begin: int, occurrence: int) -> int:
    """INSTR, of texts and of BYTES: a position counted from 1, or 0; from behind, where the beginning is negative."""
    if begin == 0 or occurrence < 1:
        raise ValueError("INSTR takes a position that is not 0, and an occurrence of at least 1")
    if begin > 0:
        found = begin - 2
        for _ in range(occurrence):
            found = value.find(part, found + 1)
            if found < 0:
                return 0
        return found + 1
    end = len(value) + begin
    found = -1
    for _ in range(occurrence):
        found = value.rfind(part, 0, end + len(part)) if end >= 0 else -1
        if found < 0:
            return 0
        end = found - 1
    return found + 1


def _padded(value: bytes, length: int, fill: bytes, is_left: bool) -> bytes:  # noqa: FBT001  (DuckDB passes by position)
    if length < 0:
        raise ValueError("the length to pad to cannot be negative")
    if not fill:
        raise ValueError("the pattern to pad with cannot be empty")
    missing = length - len(value)
    if missing <= 0:
        return value[:length]
    filling = (fill * (missing // len(fill) + 1))[:missing]
    return filling + value if is_left else value + filling


def _replaced(value: bytes, part: bytes, other: bytes) -> bytes:
    return value.replace(part, other) if part else value


def _split(value: bytes, separator: bytes) -> list[bytes]:
    if not value:
        return [b""]
    return value.split(separator) if separator else [bytes([each]) for each in value]


def _repeated(value: bytes, times: int) -> bytes:
    if times < 0:
        raise ValueError("bytes are repeated a negative number of times")
    return value * times


def _from_hex(text: str) -> bytes:
    """FROM_HEX, of an odd number of digits, too."""
    return binascii.unhexlify(text.zfill(len(text) + len(text) % 2))


def _from_base64(text: str) -> bytes:
    bare = "".join(text.split()).rstrip("=")  # white space, and the signs that fill it up, may be there or not
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


PYTHON: dict[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "_py_from_hex": (_from_hex, ("VARCHAR",), _BYTES),
    "_py_from_base64": (_from_base64, ("VARCHAR",), _BYTES),
    "_py_bytes_substring": (_substring, (_BYTES, _INTEGER, _INTEGER), _BYTES),
    "_py_bytes_find": (find, (_BYTES, _BYTES, _INTEGER, _INTEGER), _INTEGER),
    "_py_bytes_padded": (_padded, (_BYTES, _INTEGER, _BYTES, "BOOLEAN"), _BYTES),
    "_py_bytes_replaced": (_replaced, (_BYTES, _BYTES, _BYTES), _BYTES),
    "_py_bytes_split": (_split, (_BYTES, _BYTES), "BLOB[]"),
    "_py_bytes_repeated": (_repeated, (_BYTES, _INTEGER), _BYTES),
    "_py_bytes_reversed": (lambda value: value[::-1], (_BYTES,), _BYTES),
    "_py_bytes_upper": (lambda value: value.upper(), (_BYTES,), _BYTES),
    "_py_bytes_lower": (lambda value: value.lower(), (_BYTES,), _BYTES),
    "_py_bytes_trimmed": (lambda value, octets: value.strip(octets), (_BYTES, _BYTES), _BYTES),
    "_py_bytes_trimmed_left": (lambda value, octets: value.lstrip(octets), (_BYTES, _BYTES), _BYTES),
    "_py_bytes_trimmed_right": (lambda value, octets: value.rstrip(octets), (_BYTES, _BYTES), _BYTES),
    "_py_bytes_codes": (list, (_BYTES,), "BIGINT[]"),
    "_py_bytes_bits": (lambda value: int.from_bytes(value).bit_count(), (_BYTES,), _INTEGER),
}
"""As in :mod:`python`."""

_ALL = exp.Literal.number(2**31)
_TRIMMED = {"LEADING": "_left", "TRAILING": "_right"}


def or_else(other: Callable[[exp.Expr], exp.Expr] | None) -> Callable[[exp.Expr], exp.Expr]:
    """A correction of a function of STRINGs, which does another thing if these are BYTES."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        value = node.args.get("this")
        if kind_of(value) is exp.DataType.Type.BINARY:
            return _typed(_OF_BYTES[type(node)](node), node)
        return other(node) if other is not None else node

    rewrite.__doc__ = other.__doc__ if other is not None else "Of BYTES, which DuckDB takes for a text."
    return rewrite


def _typed(better: exp.Expr, node: exp.Expr) -> exp.Expr:
    better._type = node.type  # noqa: SLF001  (the setter parses)
    return better


def _of(name: str, *keys: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: call(name, *(node.args[key] for key in ("this", *keys)))


def _cut(node: exp.Expr) -> exp.Expr:
    begin, length = node.args.get("start") or exp.Literal.number(1), node.args.get("length") or _ALL.copy()
    return call("_py_bytes_substring", node.this, begin, length)


def _left(node: exp.Expr) -> exp.Expr:
    return call("_py_bytes_substring", node.this, exp.Literal.number(1), node.expression)


def _right(node: exp.Expr) -> exp.Expr:
    return call(
        "_py_bytes_reversed",
        call("_py_bytes_substring", call("_py_bytes_reversed", node.this), _one(), node.expression),
    )


def _position(node: exp.Expr) -> exp.Expr:
    begin, occurrence = (node.args.get(each) or _one() for each in ("position", "occurrence"))
    return call("_py_bytes_find", node.this, node.args["substr"], begin, occurrence)


def _pad(node: exp.Expr) -> exp.Expr:
    fill = node.args.get("fill_pattern") or call("encode", exp.Literal.string(" "))
    return call("_py_bytes_padded", node.this, node.expression, fill, exp.convert(bool(node.args.get("is_left"))))


def _trim(node: exp.Expr) -> exp.Expr:
    octets = node.args.get("expression")
    if octets is None:
        raise QueryError("TRIM of BYTES takes the bytes that are cut off")
    return call(f"_py_bytes_trimmed{_TRIMMED.get(node.text('position').upper(), '')}", node.this, octets)


def _one() -> exp.Expr:
    return exp.Literal.number(1)


def _begins(node: exp.Expr) -> exp.Expr:
    name = "starts_with" if isinstance(node, exp.StartsWith) else "ends_with"
    return call(name, *(call("hex", side) for side in (node.this, node.expression)))


def _joined(parts: Sequence[exp.Expr]) -> exp.Expr:
    found = parts[0]
    for each in parts[1:]:
        found = exp.DPipe(this=found, expression=each)
    return exp.paren(found)


_OF_BYTES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Substring: _cut,
    exp.Left: _left,
    exp.Right: _right,
    exp.StrPosition: _position,
    exp.Reverse: _of("_py_bytes_reversed"),
    exp.Replace: _of("_py_bytes_replaced", "expression", "replacement"),
    exp.Repeat: _of("_py_bytes_repeated", "times"),
    exp.Pad: _pad,
    exp.Trim: _trim,
    exp.Split: _of("_py_bytes_split", "expression"),
    exp.Upper: _of("_py_bytes_upper"),
    exp.Lower: _of("_py_bytes_lower"),
    exp.ToCodePoints: _of("_py_bytes_codes"),
    exp.BitwiseCount: _of("_py_bytes_bits"),
    exp.StartsWith: _begins,
    exp.EndsWith: _begins,
}


def concatenated(node: exp.Expr) -> exp.Expr:
    """BYTES beside BYTES, of which DuckDB makes a text; numbers and moments are written as BigQuery does."""
    parts = node.expressions
    if parts and kind_of(parts[0]) is exp.DataType.Type.BINARY:
        return _joined(parts)
    for each in parts:
        if kind_of(each) not in _AS_THEY_ARE:
            each.replace(call("_text", each.copy()))
    return node


_AS_THEY_ARE = frozenset({None, exp.DType.NULL, *exp.DataType.TEXT_TYPES})
