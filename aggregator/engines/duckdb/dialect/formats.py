"""FORMAT, whose format string is taken apart when the query is translated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

MACROS = (
    (
        "_padded(text, width, is_left) AS CASE WHEN length(text) >= width THEN text WHEN is_left THEN"
        " rpad(text, width, ' ') ELSE lpad(text, width, ' ') END"
    ),
    (
        "_or_null_text(x) AS coalesce(CASE WHEN typeof(x) = 'DOUBLE' AND printf('%g', TRY_CAST(x AS DOUBLE)) = '-0'"
        " THEN '-0.0' WHEN typeof(x) = 'DOUBLE' AND regexp_full_match(_text(x), '-?[0-9]+') THEN _text(x) || '.0'"
        " ELSE _text(x) END, 'NULL')"
    ),
)
"""Functions that the rewritten SQL calls."""

_SPECIFIER = re.compile(r"%(?P<flags>[-+ 0#']*)(?P<width>\d*)(?P<precision>\.\d+)?(?P<kind>[a-zA-Z%])|[^%]+|%")
_INTEGERS = "dixXo"
_FLOATS = "fFeEgG"


def specifiers(format_: str) -> Iterator[str]:
    """What stands for arguments, and the texts between them."""
    return (found[0] for found in _SPECIFIER.finditer(format_))


def formatted(node: exp.Expr) -> exp.Expr:
    """As ``printf`` does; sqlglot calls DuckDB's FORMAT, which knows no ``%``."""
    if not isinstance(node.this, exp.Literal):
        raise QueryError(
            "FORMAT with a format string that is not written out is not translated for the embedded engine"
        )
    waiting = list(node.expressions)
    parts: list[exp.Expr] = []
    for found in _SPECIFIER.finditer(node.this.name):
        if found["kind"] == "%":
            parts.append(exp.Literal.string("%"))
        elif found[0] == "%":
            raise QueryError("FORMAT has a % in its format string that begins nothing; for the sign itself, write %%")
        elif found["kind"] is None:
            parts.append(exp.Literal.string(found[0]))
        elif not waiting:
            raise QueryError("FORMAT has fewer arguments than its format string asks for")
        else:
            parts.append(_one(found, waiting.pop(0)))
    if waiting:
        raise QueryError("FORMAT has more arguments than its format string asks for")
    text = parts[0] if parts else exp.Literal.string("")
    for each in parts[1:]:
        text = exp.DPipe(this=text, expression=each)
    return exp.paren(text)


def _one(found: re.Match[str], value: exp.Expr) -> exp.Expr:
    flags, width, precision, kind = found["flags"], found["width"], found["precision"] or "", found["kind"]
    if kind in _INTEGERS + _FLOATS and "'" not in flags:
        as_type = "BIGINT" if kind in _INTEGERS else "DOUBLE"
        number = exp.cast(value, as_type, dialect="duckdb")
        return call("printf", exp.Literal.string(f"%{flags}{width}{precision}{'d' if kind == 'i' else kind}"), number)
    if kind == "d" and flags == "'":
        grouped = call("format", exp.Literal.string("{:,}"), exp.cast(value, "BIGINT", dialect="duckdb"))
        return _padded(grouped, width, flags)
    if kind in _FLOATS[:2] and flags == "'":
        grouped = exp.Literal.string(f"{{:,{precision or '.6'}f}}")
        return _padded(call("format", grouped, exp.cast(value, "DOUBLE", dialect="duckdb")), width, flags)
    if kind == "s" and not precision:
        return _padded(value, width, flags)
    if kind == "t" and not precision:
        return _padded(call("_or_null_text", value), width, flags)
    raise QueryError(f"{found[0]} in FORMAT is not translated for the embedded engine")


def _padded(text: exp.Expr, width: str, flags: str) -> exp.Expr:
    if not width:
        return text
    return call("_padded", text, exp.Literal.number(width), exp.convert("-" in flags))
