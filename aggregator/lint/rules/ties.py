"""An order by which rows tie leaves the choice to the engine."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.order import (
    Window,
    fixed_columns,
    input_key,
    order_items,
    row_key,
    tells_all_apart,
    texts,
    windows,
)
from aggregator.lint.protocol import Inspected

_CHOOSING = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
_PICKING = (exp.FirstValue, exp.LastValue, exp.NthValue)
_AGGREGATES = (exp.ArrayAgg, exp.GroupConcat)


class Ties:
    """An ``ORDER BY`` that does not tell all rows apart, where it matters which comes first."""

    code = Code(
        "L014",
        "ties",
        """Rows are numbered, picked or limited by an order in which two of them may tie.

`ROW_NUMBER() OVER (PARTITION BY carrier ORDER BY flights DESC) = 1` keeps one of two origins with as many flights, and
the next build may keep the other. What makes a row unique is known here: by the `key:` of the table that is read, or by
GROUP BY. Add what is missing of it to the end of the ORDER BY; or use RANK, which gives equal rows equal numbers. This
is only said where the key is known, and where rows that tie can be told apart in the result.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, carrier, origin
FROM marts.daily_performance
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, carrier ORDER BY flights DESC) = 1"""
    good = """SELECT flight_date, carrier, origin
FROM marts.daily_performance
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, carrier ORDER BY flights DESC, origin) = 1"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per window, aggregate or LIMIT."""
        for window in windows(subject):
            if isinstance(window.function, _CHOOSING) and window.order:
                yield from self._in_window(subject, window)
        for limit in subject.qualified.of(exp.Limit):
            if isinstance(limit.parent, exp.Select) and limit.parent.args.get("order"):
                yield from self._in_limit(subject, limit.parent)
        for node in subject.qualified.of(*_AGGREGATES):
            yield from self._in_aggregate(subject, node)

    def _in_window(self, subject: Inspected, window: Window) -> Iterator[Diagnostic]:
        known = texts(window.partition) | texts(window.order) | fixed_columns(subject, window.select)
        missing = _missing(row_key(subject, window.select), known)
        is_picked = isinstance(window.function, _PICKING) and texts([window.function.this]) <= known
        if missing and not is_picked and not tells_all_apart(window.select, known):
            name = str(window.function.meta.get("bigquery_name", "the window"))
            yield self._finding(subject, window.function, name, missing)

    def _in_limit(self, subject: Inspected, select: exp.Select) -> Iterator[Diagnostic]:
        order = select.args["order"]
        known = texts([_named(select, item.this) for item in order.expressions])
        known |= fixed_columns(subject, select)
        missing = _missing(row_key(subject, select), known)
        if missing and not select.args.get("distinct") and not tells_all_apart(select, known):
            yield self._finding(subject, order, "LIMIT", missing)

    def _in_aggregate(self, subject: Inspected, node: exp.Expr) -> Iterator[Diagnostic]:
        select = node.find_ancestor(exp.Select)
        order = node.find(exp.Order)
        if select is None or order is None or order.find_ancestor(*_AGGREGATES) is not node:
            return
        group = select.args.get("group")
        known = texts(order_items(order)) | texts(group.expressions if group else []) | fixed_columns(subject, select)
        missing = _missing(input_key(subject, select), known)
        element = order.this.this if isinstance(order.this, exp.Distinct) else order.this
        columns = element.find_all(exp.Column) if isinstance(element, exp.Expr) else []
        if missing and not texts(list(columns)) <= known:
            name = "STRING_AGG" if isinstance(node, exp.GroupConcat) else "ARRAY_AGG"
            yield self._finding(subject, node, name, missing)

    def _finding(self, subject: Inspected, node: exp.Expr, name: str, missing: list[str]) -> Diagnostic:
        message = f"rows may tie in the order that {name} goes by: it leaves out {', '.join(missing)}"
        return Diagnostic(subject.query.place_of(node), self.code, message, "add it to the end of ORDER BY")


def _named(select: exp.Select, item: exp.Expr) -> exp.Expr:
    """What ORDER BY orders by: an output column, by its number or alias, or an expression."""
    if isinstance(item, exp.Literal) and item.is_int and 0 < int(item.name) <= len(select.expressions):
        selected: exp.Expr = select.expressions[int(item.name) - 1]
        return selected.unalias()
    if isinstance(item, exp.Column) and not item.table:
        return next((each.unalias() for each in select.expressions if each.alias == item.name), item)
    return item


def _missing(key: frozenset[str] | None, known: frozenset[str]) -> list[str]:
    """What of a key is not ordered by, without the tables' aliases; nothing where there is no key."""
    return sorted(each.rpartition(".")[2].strip("`") for each in (key or frozenset()) - known)
