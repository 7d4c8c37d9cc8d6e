"""Aggregates and windows where BigQuery does not allow them. sqlglot parses them anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.aggregates import is_windowed
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.query import Query

_CLAUSES = {"where": "WHERE", "group": "GROUP BY", "joins": "a join's condition", "limit": "LIMIT", "offset": "OFFSET"}
_BEFORE_WINDOWS = _CLAUSES | {"having": "HAVING"}
"""What is evaluated before windows are, by sqlglot's name of the clause."""


def placement_problems(query: Query) -> Iterator[Diagnostic]:
    """Aggregates before there are groups, windows before there are windows, and one inside the other that can't be."""
    for aggregate in query.nodes.of(exp.AggFunc):
        if not is_windowed(aggregate):
            yield from _problem(query, aggregate, "an aggregate", _CLAUSES, "filter in HAVING, or aggregate in a WITH")
    for window in query.nodes.of(exp.Window):
        advice = "filter in QUALIFY, or compute it in a WITH"
        yield from _problem(query, window, "a window function", _BEFORE_WINDOWS, advice)
    for zone in query.nodes.of(exp.AtTimeZone):
        if not isinstance(zone.parent, exp.Extract) and zone.arg_key != "format":
            message = "AT TIME ZONE stands in EXTRACT and FORMAT alone"
            advice = "DATETIME(x, zone) is the clock of a zone, TIMESTAMP(x, zone) the moment that it shows"
            yield Diagnostic(query.place_of(zone), codes.SYNTAX, message, advice)
    for qualify in query.nodes.of(exp.Qualify):
        select = qualify.parent
        parts = [qualify, *select.expressions] if isinstance(select, exp.Select) else []
        if parts and not any(part.find(exp.Window) for part in parts):
            message = "QUALIFY needs a window function, here or in the SELECT list"
            yield Diagnostic(query.place_of(qualify), codes.MISPLACED, message, "filter in WHERE or HAVING")


def _problem(query: Query, node: exp.Expr, what: str, clauses: dict[str, str], advice: str) -> Iterator[Diagnostic]:
    """Climb from a node to its SELECT, and look at what is passed on the way."""
    child, parent = node, node.parent
    while parent is not None and not isinstance(parent, (exp.Query, exp.Pivot, exp.Window)):
        if isinstance(parent, exp.AggFunc):
            break
        child, parent = parent, parent.parent
    if isinstance(parent, exp.AggFunc):
        holder = "a window function" if is_windowed(parent) else "an aggregate"
        if holder in (what, "an aggregate"):
            message = f"{what} can't stand inside {holder}"
            yield Diagnostic(query.place_of(node), codes.MISPLACED, message, "compute the inner one in a WITH")
    elif isinstance(parent, exp.Select) and child.arg_key in clauses:
        message = f"{what} can't stand in {clauses[child.arg_key]}"
        yield Diagnostic(query.place_of(node), codes.MISPLACED, message, advice)
