"""Values that are grouped, ordered or made distinct, of types for which BigQuery knows neither equal nor less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.types import name_of_type
from aggregator.compile.rows import advice_for
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis

_NEVER_EQUAL = frozenset({"JSON", "GEOGRAPHY"})
_NO_ORDER = _NEVER_EQUAL | {"ARRAY", "STRUCT"}
_NO_PARTITION = _NEVER_EQUAL | {"FLOAT64"}


def incomparable_problems(analysis: Analysis) -> Iterator[Diagnostic]:
    """GROUP BY, DISTINCT, ORDER BY, PARTITION BY, MAX and MIN of what can't be compared."""
    nodes = analysis.nodes
    for group in nodes.of(exp.Group):
        yield from _problems(analysis, group.expressions, _NEVER_EQUAL, "nothing can be grouped by")
    for distinct in nodes.of(exp.Distinct):
        parent = distinct.parent
        values = parent.expressions if isinstance(parent, exp.Select) else distinct.expressions
        yield from _problems(
            analysis, [each.unalias() for each in values], _NEVER_EQUAL, "nothing can be made distinct by"
        )
    for ordered in nodes.of(exp.Ordered):
        yield from _problems(analysis, [ordered.this], _NO_ORDER, "nothing can be ordered by")
    for window in nodes.of(exp.Window):
        yield from _problems(
            analysis, window.args.get("partition_by") or (), _NO_PARTITION, "nothing can be partitioned by"
        )
    for operation in nodes.of(exp.SetOperation):
        if operation.args.get("distinct"):
            columns = [each.unalias() for each in operation.left.selects]
            yield from _problems(analysis, columns, _NEVER_EQUAL, "nothing can be made distinct by")
    for extreme in nodes.of(exp.Max, exp.Min):
        yield from _problems(analysis, [extreme.this], _NO_ORDER, "there is no largest or smallest")


def _problems(
    analysis: Analysis, values: Iterable[exp.Expr], refused: frozenset[str], what: str
) -> Iterator[Diagnostic]:
    for value in values:
        name = name_of_type(value.type)
        if name in refused:
            message = f"{what} {name}"
            advice = advice_for(value, "take a part, or TO_JSON_STRING")
            yield Diagnostic(analysis.query.place_of(value), codes.INCOMPARABLE, message, advice)
