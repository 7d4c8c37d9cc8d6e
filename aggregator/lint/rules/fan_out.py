"""A join must not repeat the rows that are added up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, columns_in, group_expressions, outputs_of

_ADDITIVE = (exp.Sum, exp.Avg, exp.Count, exp.CountIf)


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
            repeating, arrays = _repeating(subject, scope), list(_unused_arrays(scope))
            for aggregate in _additive(scope) if repeating or arrays else ():
                summed = {column.table for column in columns_in(aggregate)}
                if len(summed) == 1:
                    of = f"{name_of(aggregate)} of {next(iter(summed))}'s rows"
                    place = subject.query.place_of(aggregate)
                    for alias in sorted(repeating - summed):
                        message = f"{of} counts some of them repeatedly: the join does not use the whole key of {alias}"
                        advice = f"join on the key of {alias}, or aggregate one side before the join"
                        yield Diagnostic(place, self.code, message, advice)
                    for array, names in arrays:
                        if summed.isdisjoint(names):
                            message = f"{of} counts each of them once per element of {array}"
                            advice = f"read the array in a subquery: (SELECT … FROM UNNEST({array}))"
                            yield Diagnostic(place, self.code, message, advice)


def _repeating(subject: Inspected, scope: Scope) -> set[str]:
    """The aliases of relations of which one row of the others may meet several."""
    relations, bound = subject.relations, bound_columns(scope)
    return {
        alias
        for alias, (_, source) in scope.selected_sources.items()
        if relations.keys(source) and not relations.has_one_row(alias, source, bound)
    }


def _unused_arrays(scope: Scope) -> Iterator[tuple[str, set[str]]]:
    """The arrays of rows that are unnested, and neither filtered nor grouped by; with the names of their elements."""
    select = scope.expression
    joins = [join for join in select.args.get("joins") or () if isinstance(join.this, exp.Unnest)]
    clauses = [select.args.get(key) for key in ("where", "qualify")] if joins else []
    clauses += [join.args.get("on") for join in select.args.get("joins") or ()] if joins else []
    clauses += group_expressions(scope) if joins else []
    used = [column for clause in clauses if clause is not None for column in clause.find_all(exp.Column)]
    for join in joins:
        array, alias = join.this.expressions[0], join.this.args.get("alias")
        names = {*(alias.columns if alias else ()), alias and alias.this, join.this.args.get("offset")}
        words = {name.name for name in names if isinstance(name, exp.Identifier)}
        owned = isinstance(array, exp.Column) and bool(array.table)
        if owned and all(column.table and column.table not in words for column in used):
            yield array.name, words | {""}


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
