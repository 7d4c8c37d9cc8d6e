"""A join must not repeat the rows that are added up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, columns_in, outputs_of

_ADDITIVE = (exp.Sum, exp.Avg, exp.Count, exp.CountIf)


class FanOut:
    """``SUM`` of a table's column behind a join that may repeat the table's rows."""

    code = Code(
        "L043",
        "fan-out",
        """A column is summed, counted or averaged behind a join that may repeat its rows.

The join does not use the whole key of the other table, so one row may meet several there, and its number is added up
as often: a day with 100 flights, joined by airport alone with 24 hours of weather, has 2,400. Join on the whole key, or
aggregate one side first, in WITH, and join then. Only tables with a `key:`, and queries that group, are judged.""",
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
            repeating = _repeating(subject, scope)
            for aggregate in _additive(scope) if repeating else ():
                summed = {column.table for column in columns_in(aggregate)}
                for alias in sorted(repeating - summed) if len(summed) == 1 else ():
                    of = f"{name_of(aggregate)} of {next(iter(summed))}'s rows"
                    message = f"{of} counts some of them repeatedly: the join does not use the whole key of {alias}"
                    advice = f"join on the key of {alias}, or aggregate one side before the join"
                    yield Diagnostic(subject.query.place_of(aggregate), self.code, message, advice)


def _repeating(subject: Inspected, scope: Scope) -> set[str]:
    """The aliases of relations of which one row of the others may meet several."""
    relations, bound = subject.relations, bound_columns(scope)
    return {
        alias
        for alias, (_, source) in scope.selected_sources.items()
        if relations.keys(source) and not relations.has_one_row(alias, source, bound)
    }


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
