"""A join must not repeat the rows that are added up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, columns_in, group_expressions, outputs_of

_ADDITIVE = (exp.Sum, exp.Avg, exp.Count, exp.CountIf)


@dataclasses.dataclass(frozen=True)
class _Array:
    """A column of arrays in FROM: what its elements are called, no name included, and whether anything goes by them."""

    name: str
    owner: str
    names: frozenset[str]
    is_used: bool


class FanOut:
    """``SUM`` of a table's column behind a join that may repeat the table's rows."""

    code = Code(
        "L043",
        "fan-out",
        """A column is summed, counted or averaged behind a join that may repeat its rows.

The join does not use the whole key of the other table, so one row may meet several there, and its number is added up
as often: a day with 100 flights, joined by airport alone with 24 hours of weather, has 2,400. Join on the whole key, or
aggregate one side first, in WITH, and join then. Only tables with a `key:`, and queries that group, are judged.

UNNEST of an array repeats its row for each element, and drops rows whose array is empty. Of sums that have nothing to
do with the elements, nor are grouped or filtered by them, that is said too: take what is needed of the array in a
subquery, `(SELECT MAX(leg.minutes) FROM UNNEST(legs) AS leg)`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flights.flight_date, SUM(flights.distance) AS miles, MAX(weather.wind_speed_mph) AS wind
FROM staging.flights AS flights
JOIN staging.weather AS weather ON weather.observed_date = flights.flight_date AND weather.origin = flights.origin
GROUP BY flights.flight_date"""
    good = """WITH winds AS (
  SELECT observed_date, origin, MAX(wind_speed_mph) AS wind FROM staging.weather GROUP BY observed_date, origin
)
SELECT flights.flight_date, SUM(flights.distance) AS miles, MAX(winds.wind) AS wind
FROM staging.flights AS flights
JOIN winds ON winds.observed_date = flights.flight_date AND winds.origin = flights.origin
GROUP BY flights.flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per aggregate, and per join that repeats its rows."""
        for scope in subject.selects():
            if len(scope.selected_sources) < 2 or not subject.relations.aggregates(scope.expression):  # noqa: PLR2004
                continue
            repeating, arrays = _repeating(subject, scope), list(_arrays(scope))
            for aggregate in _additive(scope) if repeating or arrays else ():
                summed = {column.table for column in columns_in(aggregate)}
                if len(summed) == 1:
                    yield from _of_one(subject, aggregate, summed.pop(), repeating, arrays)


def _of_one(
    subject: Inspected, aggregate: exp.AggFunc, summed: str, repeating: set[str], arrays: list[_Array]
) -> Iterator[Diagnostic]:
    """What is wrong with an aggregate of the columns of one FROM item."""
    place = subject.query.place_of(aggregate)
    own = next((array for array in arrays if summed in array.names), None)
    of = f"{name_of(aggregate)} of {own.name if own else summed}'s rows"
    for alias in sorted(repeating - {summed, own.owner if own else ""}):
        message = f"{of} counts some of them repeatedly: the join does not use the whole key of {alias}"
        advice = f"join on the key of {alias}, or aggregate one side before the join"
        yield Diagnostic(place, FanOut.code, message, advice)
    for array in arrays if own is None else ():
        if not array.is_used:
            message = f"{of} counts each of them once per element of {array.name}"
            advice = f"read the array in a subquery: (SELECT … FROM UNNEST({array.name}))"
            yield Diagnostic(place, FanOut.code, message, advice)


def _repeating(subject: Inspected, scope: Scope) -> set[str]:
    """The aliases of relations of which one row of the others may meet several."""
    relations, bound = subject.relations, bound_columns(scope)
    return {
        alias
        for alias, (_, source) in scope.selected_sources.items()
        if relations.keys(source) and not relations.has_one_row(alias, source, bound)
    }


def _arrays(scope: Scope) -> Iterator[_Array]:
    """The columns that are unnested beside their rows."""
    joins = scope.expression.args.get("joins") or ()
    unnested = [join.this for join in joins if isinstance(join.this, exp.Unnest)]
    used = list(_deciding(scope)) if unnested else []
    for each in unnested:
        column, alias = each.expressions[0], each.args.get("alias")
        if isinstance(column, exp.Column) and column.table:
            given = [*alias.columns, alias.this] if alias is not None else []
            names = {name.name for name in (*given, each.args.get("offset")) if isinstance(name, exp.Identifier)} | {""}
            yield _Array(column.name, column.table, frozenset(names), any(other.table in names for other in used))


def _deciding(scope: Scope) -> Iterator[exp.Column]:
    """The columns by which rows are filtered, joined and grouped."""
    select = scope.expression
    clauses = [select.args.get(key) for key in ("where", "qualify")]
    clauses += [join.args.get("on") for join in select.args.get("joins") or ()]
    for clause in (*clauses, *group_expressions(scope)):
        yield from clause.find_all(exp.Column) if clause is not None else ()


def _additive(scope: Scope) -> Iterator[exp.AggFunc]:
    """The aggregates of a SELECT that count every row."""
    pending: list[exp.Expr] = outputs_of(scope)[:]
    while pending:
        node = pending.pop()
        if isinstance(node, (exp.Query, exp.Window)):
            continue
        if isinstance(node, _ADDITIVE) and not isinstance(node.this, (exp.Distinct, exp.Star)):
            yield node
        pending.extend(node.iter_expressions())
