"""What is known of each expression of a SELECT; on the way, its columns are put into their qualified form.

Every node that has a value gets its type.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis import functions
from aggregator.compile.analysis.aggregates import MEASURES, PICKS, WINDOW_ONLY, aggregated, is_windowed, windowed
from aggregator.compile.analysis.bodies import Bodies
from aggregator.compile.analysis.handlers import HANDLERS
from aggregator.compile.analysis.lineage import NOTHING, Value, added, as_derived, divided, made_from, multiplied
from aggregator.compile.analysis.types import set_type
from aggregator.core.graph import Measure, Origin

if TYPE_CHECKING:
    from aggregator.compile.analysis.names import Level
    from aggregator.compile.analysis.reader import Queries
    from aggregator.compile.analysis.types import Type
    from aggregator.compile.query import Query
    from aggregator.compile.routines import Routines
    from aggregator.core.diagnostics import Diagnostic

_ALGEBRA: Mapping[type[exp.Expr], Callable[[Value, Value], Measure]] = {
    exp.Add: added,
    exp.SafeAdd: added,
    exp.Sub: added,
    exp.SafeSubtract: added,
    exp.Mul: multiplied,
    exp.SafeMultiply: multiplied,
    exp.Div: divided,
    exp.SafeDivide: divided,
}
_KEEPS_MEASURE = (exp.Round, exp.Neg, exp.Nullif, exp.Ceil, exp.Floor, exp.Trunc, exp.SafeNegate)
"""Functions of one number that leave its kind as it is."""

_AROUND_AGGREGATED = (exp.Order, exp.Limit, exp.HavingMax, exp.IgnoreNulls, exp.RespectNulls)
"""What may stand between an aggregate and what it aggregates."""

_SETTING = Value()
"""In place of an argument that is no expression."""


class Expressions:
    """Reads the expressions of one query; ``queries`` reads the queries inside them.

    ``findings`` are names that are nowhere; ``remarks`` are other mistakes, which leave types and names as they are.
    ``touched`` are the columns that have been looked at, while someone asks.
    """

    def __init__(self, query: Query, parameter: Type | None, queries: Queries, routines: Routines) -> None:
        self.query = query
        self.parameter = parameter
        self.queries = queries
        self.findings: list[Diagnostic] = []
        self.remarks: list[Diagnostic] = []
        self.touched: set[Origin] | None = None
        self.uses_parameters = False
        me: Expressions = weakref.proxy(self)  # a circle would keep the trees until garbage is collected
        self.bodies = Bodies(routines, me)

    def value(self, node: exp.Expr, level: Level) -> Value:
        """What is known of an expression."""
        handler = HANDLERS.get(type(node))
        if handler is not None:
            found = handler(self, node, level)
        elif isinstance(node, exp.Window):
            found = self._window(node, level)
        elif isinstance(node, exp.AggFunc):
            found = self._ranked(node, level) if type(node) in WINDOW_ONLY else self._aggregate(node, level)
        else:
            found = self._function(node, level)
        set_type(node, found.type)
        return found

    def values(self, nodes: Iterable[object], level: Level) -> list[Value]:
        """What is known of several expressions; what is none is passed over."""
        return [self.value(node, level) for node in list(nodes) if isinstance(node, exp.Expr)]

    def window(self, node: exp.Expr, level: Level) -> Value:
        """What the rows of a window depend on."""
        parts = [*(node.args.get("partition_by") or ()), node.args.get("order"), node.args.get("spec")]
        values = self.values(parts, level)
        if node.args.get("alias") is not None:
            values.append(level.windows.get(node.alias.casefold(), NOTHING))
        return made_from(values, None)

    def _arguments(self, node: exp.Expr, level: Level) -> dict[str, Value | list[Value]]:
        found: dict[str, Value | list[Value]] = {}
        for key, child in node.args.items():
            if isinstance(child, exp.Expr):
                found[key] = self.value(child, level)
            elif type(child) is list:
                found[key] = self.values(child, level)
            elif child:
                found[key] = _SETTING
        return found

    def _function(self, node: exp.Expr, level: Level) -> Value:
        arguments = self._arguments(node, level)
        made = made_from(_flat(arguments), functions.type_of_function(node, arguments))
        this, other = arguments.get("this"), arguments.get("expression")
        if type(node) in _ALGEBRA and isinstance(this, Value) and isinstance(other, Value):
            made = made._replace(measure=_ALGEBRA[type(node)](this, other))
        elif isinstance(node, _KEEPS_MEASURE) and isinstance(this, Value):
            made = made._replace(measure=this.measure)
        return made._replace(is_literal=False) if made.is_literal and type(node) is not exp.Neg else made

    def _ranked(self, node: exp.Expr, level: Level) -> Value:
        """Functions such as RANK and LAG, which are no aggregates although sqlglot calls them so."""
        arguments = self._arguments(node, level)
        made = made_from(_flat(arguments), functions.type_of_function(node, arguments))
        this = arguments.get("this")
        if isinstance(node, PICKS) and isinstance(this, Value):
            return as_derived(this, made.derivation, Measure.OTHER if this.measure else Measure.NONE, made.type)
        return made._replace(is_literal=False)

    def _aggregate(self, node: exp.Expr, level: Level) -> Value:
        inner, beside = node.this, [child for key, child in node.args.items() if key != "this"]
        while isinstance(inner, _AROUND_AGGREGATED):
            beside += [child for key, child in inner.args.items() if key != "this"]
            inner = inner.this
        is_distinct = isinstance(inner, exp.Distinct)
        if is_distinct:
            inner, *more = inner.expressions or [None]
            beside.append(more)
        is_over_rows = not is_windowed(node)
        level.aggregates += is_over_rows
        this = self.value(inner, level) if isinstance(inner, exp.Expr) else NOTHING
        others = self.values(_spread(beside), level)
        level.aggregates -= is_over_rows
        second = others[0] if node.args.get("expression") is not None else NOTHING
        type_ = functions.type_of_function(node, {"this": this, "expression": second})
        return aggregated(type(node), this, others, type_, is_distinct=is_distinct)

    def _window(self, node: exp.Expr, level: Level) -> Value:
        inner = node.this
        while isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls)):
            inner = inner.this
        value = self.value(node.this, level)
        return windowed(value, self.window(node, level), is_aggregate=type(inner) in MEASURES)


def _spread(children: Iterable[object]) -> Iterator[object]:
    for child in children:
        if isinstance(child, list):
            yield from child
        else:
            yield child


def _flat(arguments: Mapping[str, Value | list[Value]]) -> list[Value]:
    found: list[Value] = []
    for value in arguments.values():
        if isinstance(value, Value):
            found.append(value)
        else:
            found += value
    return [value for value in found if value is not _SETTING]
