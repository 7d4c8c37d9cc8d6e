"""Queries inside a SELECT that have too many columns, or that are put together as BigQuery can't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.query import Query

_OF_ONE_COLUMN = (exp.Alias, exp.Binary, exp.Between, exp.Cast, exp.Coalesce, exp.In, exp.Not, exp.Paren)
"""What stands around a query that is a value; a query in FROM, WITH or a set operation stands in something else."""
_PIPE = "|>"
"""Behind it, one operation follows the other."""


def shape_problems(query: Query) -> Iterator[Diagnostic]:
    """Sides of set operations with different numbers of columns, and values that are several."""
    for operation in query.nodes.of(exp.SetOperation):
        yield from _uneven(query, operation)
        yield from _operator(query, operation)
    for subquery in query.nodes.of(exp.Subquery):
        parent = subquery.parent
        is_value = isinstance(parent, _OF_ONE_COLUMN) and (
            not isinstance(parent, exp.In) or subquery.arg_key == "query"
        )
        if is_value or (isinstance(parent, exp.Select) and subquery.arg_key == "expressions"):
            yield from _several(query, subquery.this)
    for array in query.nodes.of(exp.Array):
        if len(array.expressions) == 1:
            yield from _several(query, array.expressions[0])


def _several(query: Query, value: exp.Expr) -> Iterator[Diagnostic]:
    if not isinstance(value, exp.Select) or value.args.get("kind") or "operation" in value.args:
        return
    columns = value.expressions
    if len(columns) > 1 and not any(column.is_star for column in columns):
        message = f"a query that stands for one value has {len(columns)} columns"
        advice = "select one column, or SELECT AS STRUCT"
        yield Diagnostic(query.place_of(columns[1]), codes.SHAPE, message, advice)


def _uneven(query: Query, operation: exp.SetOperation) -> Iterator[Diagnostic]:
    sides = [operation.left.selects, operation.right.selects]
    if operation.args.get("by_name") or any(select.is_star for side in sides for select in side):
        return
    left, right = map(len, sides)
    if left != right:
        place = query.place_of(sides[1][0]) if sides[1] else query.place_of(operation)
        message = f"the sides of the {operation.key.upper()} have {left} and {right} columns"
        yield Diagnostic(place, codes.SHAPE, message, "give both sides the same columns in the same order")


def _operator(query: Query, operation: exp.SetOperation) -> Iterator[Diagnostic]:
    if not isinstance(operation, exp.Union) and operation.args.get("distinct") is False:
        name, place = operation.key.upper(), query.place_of(operation.right)
        yield Diagnostic(place, codes.SHAPE, f"BigQuery has no {name} ALL", f"write {name} DISTINCT")
    inner = operation.left
    if isinstance(inner, exp.SetOperation) and _kind(inner) != _kind(operation) and _PIPE not in query.text:
        message = "different set operations in a row need parentheses"
        yield Diagnostic(query.place_of(operation.right), codes.SHAPE, message, "say which comes first")


def _kind(operation: exp.SetOperation) -> tuple[str, object]:
    return operation.key, operation.args.get("distinct")
