"""What the author of a test wrote, as a value of a BigQuery type: the type decides what a text means.

The values are those of :mod:`aggregator.analyzers.googlesql.tables`. An unquoted ``null`` is NULL in every column.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import functools
import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from sqlglot import exp

from aggregator.analyzers.googlesql.tables import Json, Range
from aggregator.core.diagnostics import Document, did_you_mean
from aggregator.load.plain import AnyPlain
from aggregator.load.report import INVALID, Invalid, Report
from aggregator.load.yaml_nodes import Mapping, Node, Scalar, Sequence
from aggregator.load.yaml_reader import read_yaml
from aggregator.unit_tests import codes

Read: TypeAlias = Callable[[Node, Report], Any]
"""Gives the value, or INVALID with the reason in the report."""

_NULLS = frozenset({"", "null", "~"})
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NOT_FINITE = {"nan": "nan", ".nan": "nan", "inf": "inf", ".inf": "inf", "infinity": "inf"}
_RANGE = re.compile(r"\[(.+?),(.+?)\)")
_NESTED = re.compile(r"\s*[\[{]")


@functools.cache
def reader(type_: str, *, partial: bool) -> Read:
    """What reads values of a type. With ``partial``, fields of a struct that are left out are not there, else NULL."""
    if not type_:
        return _untyped
    return _reader(exp.DataType.build(type_, dialect="bigquery"), type_, partial=partial)


def _reader(tree: exp.DataType, type_: str, *, partial: bool) -> Read:
    inner = tree.expressions
    if tree.this is exp.DataType.Type.ARRAY:
        return _or_null(functools.partial(_array, type_, _of(inner[0], partial=partial)))
    if tree.this is exp.DataType.Type.STRUCT and all(isinstance(each, exp.ColumnDef) for each in inner):
        fields = {each.name: _of(each.args["kind"], partial=partial) for each in inner}
        return _or_null(functools.partial(_struct, type_, fields, {} if partial else dict.fromkeys(fields)))
    kind = type_.partition("(")[0].partition("<")[0]
    if kind == "JSON":
        return _or_null(_json)
    if kind == "RANGE":
        return _or_null(functools.partial(_range, type_))
    return _or_null(functools.partial(_scalar, kind))


def _of(tree: exp.Expr, *, partial: bool) -> Read:
    assert isinstance(tree, exp.DataType)  # noqa: S101  (what is inside of a type)
    return _reader(tree, tree.sql(dialect="bigquery"), partial=partial)


def _or_null(read: Read) -> Read:
    def read_or_null(node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.plain and node.text in _NULLS:
            return None
        return read(node, report)

    return read_or_null


def _untyped(node: Node, report: Report) -> Any:
    """Of a column whose type is not known, a text is what YAML says."""
    return AnyPlain().read(node, report)


def _array(type_: str, element: Read, node: Node, report: Report) -> Any:
    if isinstance(node, Scalar) and _NESTED.match(node.text):
        return _in_a_cell(type_, functools.partial(_array, type_, element), node, report)
    if not isinstance(node, Sequence):
        return report.wrong(node, f"{type_}, such as [1, 2]")
    values = [element(each, report) for each in node.items]
    return INVALID if any(isinstance(each, Invalid) for each in values) else values


def _struct(
    type_: str,
    fields: dict[str, Read],
    unset: dict[str, None],
    node: Node,
    report: Report,
) -> Any:
    if isinstance(node, Scalar) and _NESTED.match(node.text):
        return _in_a_cell(type_, functools.partial(_struct, type_, fields, unset), node, report)
    if not isinstance(node, Mapping):
        return report.wrong(node, f"{type_}, as a mapping of its fields")
    values: dict[str, Any] = {**unset}
    for name, value in node.entries:
        known = next((each for each in fields if each.casefold() == name.text.casefold()), None)
        if known is None:
            advice = did_you_mean(name.text, fields) or f"its fields: {', '.join(fields)}"
            return report.add(name.place, codes.MISFIT, f"the struct has no field {name.text}", advice)
        values[known] = fields[known](value, report)
    return INVALID if any(isinstance(each, Invalid) for each in values.values()) else values


def _in_a_cell(type_: str, read: Read, node: Scalar, report: Report) -> Any:
    """An array or struct that stands in a cell of a CSV file, as JSON or as YAML's short form."""
    inside = Report()
    root, problems = read_yaml(Document(node.place.path, node.text), 0, len(node.text))
    value = read(root, inside) if root is not None and not isinstance(root, Scalar) else INVALID
    return report.wrong(node, type_) if problems or inside.diagnostics or isinstance(value, Invalid) else value


def _json(node: Node, report: Report) -> Json | Invalid:
    if isinstance(node, Scalar):
        try:
            return Json(json.loads(node.text))
        except ValueError:
            return Json(node.text)
    value = AnyPlain().read(node, report)
    return value if isinstance(value, Invalid) else Json(value)


def _range(type_: str, node: Node, report: Report) -> Range | Invalid:
    match = _RANGE.fullmatch(node.text.strip()) if isinstance(node, Scalar) else None
    if match is None:
        return report.wrong(node, f'{type_}, such as "[2013-01-01, 2013-02-01)"')
    read = reader(type_[len("RANGE<") : -1], partial=False)
    ends = [
        Scalar("" if each.strip().upper() == "UNBOUNDED" else each.strip(), plain=True, place=node.place)
        for each in match.groups()
    ]
    start, end = (read(each, report) for each in ends)
    return INVALID if isinstance(start, Invalid) or isinstance(end, Invalid) else Range(start, end)


def _scalar(kind: str, node: Node, report: Report) -> Any:
    if kind not in _SCALARS:
        return report.wrong(node, "nothing", f"values of type {kind} can't be given in a test; leave the column out")
    example, parse = _SCALARS[kind]
    try:
        value = parse(node.text) if isinstance(node, Scalar) else None
    except (ValueError, decimal.InvalidOperation, binascii.Error):
        value = None
    return report.wrong(node, f"{kind}, such as {example}") if value is None else value


def _float(text: str) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    sign, word = ("-", text[1:]) if text.startswith("-") else ("", text)
    return float(sign + _NOT_FINITE[word.casefold()]) if word.casefold() in _NOT_FINITE else None


def _timestamp(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text.removesuffix(" UTC"))
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _datetime(text: str) -> dt.datetime | None:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else None


_SCALARS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "INT64": ("12", lambda text: int(text) if _INTEGER.fullmatch(text) else None),
    "FLOAT64": ("0.5", _float),
    "NUMERIC": ("9.99", lambda text: decimal.Decimal(text) if _NUMBER.fullmatch(text) else None),
    "BIGNUMERIC": ("9.99", lambda text: decimal.Decimal(text) if _NUMBER.fullmatch(text) else None),
    "BOOL": ("true or false", {"true": True, "false": False}.get),
    "STRING": ("text", str),
    "BYTES": ("aGVsbG8=, in Base64", lambda text: base64.b64decode(text, validate=True)),
    "DATE": ("2013-01-31", dt.date.fromisoformat),
    "TIME": ("05:30:00", dt.time.fromisoformat),
    "DATETIME": ("2013-01-31T05:30:00", _datetime),
    "TIMESTAMP": ("2013-01-31T05:30:00Z", _timestamp),
}
