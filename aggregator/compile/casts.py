"""Casts between types that BigQuery does not turn into each other, where both are known for certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.types import known_type, name_of_type, type_of_node
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis
    from aggregator.compile.analysis.types import Type

_NUMBERS = frozenset({"NUMERIC", "BIGNUMERIC", "FLOAT64"})
_TIMES = frozenset({"DATE", "DATETIME", "TIMESTAMP"})
_INTO = {
    "INT64": _NUMBERS | {"BOOL", "STRING"},
    "NUMERIC": _NUMBERS | {"INT64", "STRING"},
    "BIGNUMERIC": _NUMBERS | {"INT64", "STRING"},
    "FLOAT64": _NUMBERS | {"INT64", "STRING"},
    "BOOL": frozenset({"INT64", "STRING"}),
    "STRING": _NUMBERS | _TIMES | {"INT64", "BOOL", "BYTES", "TIME", "INTERVAL", "GEOGRAPHY"},
    "BYTES": frozenset({"STRING"}),
    "DATE": _TIMES | {"STRING"},
    "DATETIME": _TIMES | {"TIME", "STRING"},
    "TIMESTAMP": _TIMES | {"TIME", "STRING"},
    "TIME": frozenset({"STRING"}),
    "INTERVAL": frozenset({"STRING"}),
    "JSON": frozenset[str](),
    "GEOGRAPHY": frozenset[str](),
    "ARRAY": frozenset[str](),
    "STRUCT": frozenset[str](),
}
"""What each type can be turned into besides itself, by the table of conversions in BigQuery's documentation."""

_TYPES = _INTO.keys()


def cast_problems(analysis: Analysis) -> Iterator[Diagnostic]:
    """Casts that fail for every value; SAFE_CAST does not save them."""
    for cast in analysis.nodes.of(exp.Cast):
        if isinstance(cast.this, exp.Array):
            continue  # ARRAY<DATE>['2024-01-01'] is no cast, and sqlglot makes one of it
        names = name_of_type(cast.this.type), name_of_type(cast.to)
        if names[1] in _INTO.get(names[0], _TYPES) or (names[0] == names[1] != "ARRAY"):
            continue
        source, target = known_type(cast.this), type_of_node(cast.to)
        if source is not None and target is not None and _is_impossible(source, target):
            message = f"{source.text} can't be cast to {target.text}"
            yield Diagnostic(analysis.query.place_of(cast.this), codes.CAST, message, _advice(source, target))


def _is_impossible(source: Type, target: Type) -> bool:
    if source.name == target.name:
        elements = source.element, target.element
        return source.name == "ARRAY" and all(elements) and len({each.name for each in elements if each}) > 1
    return target.name in _TYPES and source.name in _INTO and target.name not in _INTO[source.name]


def _advice(source: Type, target: Type) -> str:
    if source.name in ("JSON", "STRUCT", "ARRAY") and target.name == "STRING":
        return "TO_JSON_STRING makes a text of anything"
    if source.name == "ARRAY" == target.name:
        return "ARRAY(SELECT CAST(x AS ...) FROM UNNEST(...) AS x)"
    return ""
