"""CAST with FORMAT: elements such as YYYY and HH24, in terms of those of FORMAT_DATE and PARSE_DATE."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from sqlglot import exp

from aggregator.engines.duckdb.dialect import elements, number_formats
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

_DATES = {"YYYY": "%E4Y", "RRRR": "%E4Y", "YY": "%y", "RR": "%y", "MM": "%m", "DDD": "%j", "DD": "%d", "D": ""}
_CLOCKS = {"HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S"}
_NAMES = {"MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a"}
_HALVES = ("A.M.", "P.M.", "AM", "PM")
_FRACTIONS = {f"FF{digits}": digits for digits in range(1, 7)}
_OFFSETS = ("TZH", "TZM")
_OF_DATES = frozenset({*_DATES, *_NAMES})
_OF_TIMES = frozenset({*_CLOCKS, *_HALVES, *_FRACTIONS})
"""Elements by what they are about, and as those of FORMAT_DATE."""

_TOKEN = re.compile(
    '"(?P<text>[^"\\\\]*)"|(?P<plain>[-./,;: ]+)|(?P<element>'
    + "|".join(map(re.escape, sorted({*_OF_DATES, *_OF_TIMES, *_OFFSETS}, key=len, reverse=True)))
    + ")|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_READ = {"YYYY": "%Y", "MM": "%m", "MON": "%b", "DD": "%d"}
_AS_TEXT = {"HEX": "hex", "BASE64": "to_base64", "UTF-8": "decode", "UTF8": "decode"}
_AS_BYTES = {"HEX": "_py_from_hex", "BASE64": "_py_from_base64", "UTF-8": "encode", "UTF8": "encode"}

_NUMBERS = frozenset({exp.DataType.Type.DOUBLE, exp.DataType.Type.DECIMAL, *exp.DataType.SIGNED_INTEGER_TYPES})
_TIMESTAMPS = frozenset({exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ})
_KINDS: dict[exp.DType, tuple[str, frozenset[str]]] = {
    exp.DataType.Type.DATE: ("DATE", _OF_DATES),
    exp.DataType.Type.TIME: ("TIME", _OF_TIMES),
    exp.DataType.Type.DATETIME: ("TIMESTAMP", _OF_DATES | _OF_TIMES),
    exp.DataType.Type.TIMESTAMP: ("TIMESTAMP", _OF_DATES | _OF_TIMES),
    **dict.fromkeys(_TIMESTAMPS, ("TIMESTAMPTZ", _OF_DATES | _OF_TIMES | frozenset(_OFFSETS))),
}


def is_of_number(format_: str) -> bool:
    """Whether a format is of numbers: no element of moments is such a digit."""
    return any(found["other"] in ("0", "9") for found in _TOKEN.finditer(format_))


def tokens(format_: str) -> Iterator[str]:
    """The elements of a format, in capitals; what is a text by itself is left out. An encoding of BYTES is one."""
    if format_.upper() in {*_AS_TEXT, *_AS_BYTES}:
        yield format_.upper()
        return
    if is_of_number(format_):
        yield from number_formats.tokens(format_)
        return
    for found in _TOKEN.finditer(format_):
        if found["element"] or found["other"]:
            yield found[0].upper()


def format_of(node: exp.Expr) -> tuple[str, exp.Expr | None]:
    """The format of a CAST, and the zone that is written after it. Raises :class:`QueryError`."""
    given = node.args.get("format")
    zone = given.args.get("zone") if isinstance(given, exp.AtTimeZone) else None
    literal = given.this if isinstance(given, exp.AtTimeZone) else given
    if not isinstance(literal, (exp.Literal, exp.RawString)):
        raise QueryError("a format string that is not written out is not translated for the embedded engine")
    return literal.name, zone


def as_text(node: exp.Expr) -> exp.Expr:
    """Moments element by element; BYTES in an encoding."""
    format_, zone = format_of(node)
    kind = kind_of(node.this)
    if kind is exp.DataType.Type.BINARY:
        text = _encoded(_AS_TEXT, format_, node.this)
        return call("lower", text) if format_.upper() == "HEX" else text
    if kind in _NUMBERS:
        return _number(node.this, format_, is_float=kind is exp.DataType.Type.DOUBLE)
    if kind not in _KINDS:
        raise QueryError("CAST with FORMAT of this type is not translated for the embedded engine; FORMAT is")
    type_, known = _KINDS[kind]
    value = exp.cast(node.this, type_, dialect="duckdb")
    zone = zone or exp.Literal.string("UTC")
    moment: exp.Expr = value
    if kind in _TIMESTAMPS:
        moment = exp.AtTimeZone(this=value, zone=zone)
    elif kind is exp.DataType.Type.TIME:
        moment = exp.maybe_parse("DATE '1970-01-01'", dialect="duckdb") + value
    parts = [_written(found, moment, value, zone, known) for found in _TOKEN.finditer(format_)]
    return exp.paren(functools.reduce(lambda one, other: exp.DPipe(this=one, expression=other), parts))


def _number(value: exp.Expr, format_: str, *, is_float: bool) -> exp.Expr:
    try:
        number_formats.read(format_)
    except ValueError:
        raise QueryError(f"the format {format_!r} of a number is not translated for the embedded engine") from None
    text = exp.Literal.string(format_)
    if is_float:
        return call("_py_float_format", exp.cast(value, "DOUBLE", dialect="duckdb"), text)
    return call("_py_exact_format", exp.cast(value, "TEXT", dialect="duckdb"), text)


def as_bytes(node: exp.Expr) -> exp.Expr:
    """A text in an encoding."""
    return _encoded(_AS_BYTES, format_of(node)[0], node.this)


def readable(format_: str) -> str:
    """The format of CAST AS DATE as one of PARSE_DATE. Raises :class:`QueryError`."""
    found = [*_TOKEN.finditer(format_)]
    elements_ = {each["element"].upper() for each in found if each["element"]}
    if not {"YYYY", "DD"} < elements_ or not elements_ & {"MM", "MON"} or elements_ - _READ.keys():
        raise QueryError("CAST AS DATE is translated for the embedded engine with FORMATs of YYYY, MM or MON, and DD")
    if any(each["other"] or each["text"] for each in found):
        raise QueryError(
            "CAST AS DATE with texts in its FORMAT is not translated for the embedded engine; PARSE_DATE is"
        )
    return "".join(_READ[each["element"].upper()] if each["element"] else each[0] for each in found)


def _encoded(by: dict[str, str], format_: str, value: exp.Expr) -> exp.Expr:
    name = by.get(format_.upper())
    if name is None:
        raise QueryError(f"FORMAT '{format_}' of BYTES is not translated for the embedded engine")
    return call(name, value)


def _written(
    found: re.Match[str], moment: exp.Expr, value: exp.Expr, zone: exp.Expr, known: frozenset[str]
) -> exp.Expr:
    if found["element"] is None:
        if found["other"]:
            raise QueryError(f"the format element {found[0]} is not translated for the embedded engine")
        return elements.text_of(found["plain"] or found["text"] or "", moment)
    element, spelt = found[0].upper(), found[0]
    if element not in known:
        raise QueryError(f"the format element {element} is not one of this type")
    if element in _NAMES or element in _HALVES:
        return _in_case(element, spelt, moment)
    if element in _FRACTIONS:
        digits = call("strftime", moment.copy(), exp.Literal.string("%f"))
        return call("left", digits, exp.convert(_FRACTIONS[element]))
    if element in _OFFSETS:
        offset = call("_offset_text", call("_minutes", value.copy(), zone.copy()), exp.Literal.string(":"))
        return call("left" if element == "TZH" else "right", offset, exp.convert(3 if element == "TZH" else 2))
    if element == "D":
        return exp.cast(call("dayofweek", moment.copy()) + 1, "VARCHAR", dialect="duckdb")
    return elements.written(exp.Literal.string((_DATES | _CLOCKS)[element]), moment, {})


def _in_case(element: str, spelt: str, moment: exp.Expr) -> exp.Expr:
    """Names are written as the element is: MONTH, Month, month."""
    text = call("strftime", moment.copy(), exp.Literal.string(_NAMES.get(element, "%p")))
    if "." in element:
        text = call("replace", text, exp.Literal.string("M"), exp.Literal.string(".M."))
    if spelt.islower():
        return call("lower", text)
    if spelt[1].isupper() or "." in element or element in _HALVES:
        return call("upper", text)
    return text
