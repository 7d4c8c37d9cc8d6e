"""A table made by a join says what makes a row unique."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.project import Kind
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, only_source, place_of_item


class NoKey:
    """A table without ``key:`` whose join may repeat rows."""

    code = Code(
        "L066",
        "no-key",
        """The front matter has no `key:`, and the SELECT ends in a join that may repeat rows: nothing is known to make
a row of the other table unique.

On the day when that table has something twice, this one has it twice as well, and so has every sum that is made from
it. A key is checked before rows are published: the doubled rows stop there, and the old ones stay. It also lets the
linter see when a join with this table repeats rows (`fan-out`). Name the columns that make a row unique:
`key: [flight_date, carrier, flight, origin]`. A table of groups is unique by itself, and nothing is said of it.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """/*---
description: Flights with the name of their airline.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flights.flight_date, flights.flight, flights.origin, airlines.name
FROM staging.flights AS flights
LEFT JOIN lake.airlines AS airlines ON airlines.carrier = flights.carrier"""
    good = """/*---
description: Flights with the name of their airline.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, carrier, flight, origin]
---*/
SELECT flights.flight_date, flights.carrier, flights.flight, flights.origin, airlines.name
FROM staging.flights AS flights
LEFT JOIN lake.airlines AS airlines ON airlines.carrier = flights.carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per model, at the first such join."""
        model, scope = subject.model.model, subject.analysis.root
        if model.kind is not Kind.TABLE or model.key or scope is None or subject.relations.keys(scope):
            return
        while (inner := only_source(scope)) is not None:
            scope = inner
        if not isinstance(scope.expression, exp.Select) or scope.expression.args.get("group"):
            return
        join = next(iter(_repeating(subject, scope)), None)
        if join is not None:
            why, more = _why(subject, scope.selected_sources[join.this.alias_or_name][1], join.this.alias_or_name)
            message = f"this join may repeat rows of {model.name}, as {why}"
            advice = f"add `key:` to the front matter: it is checked before rows are published{more}"
            yield Diagnostic(place_of_item(subject.query, join.this), self.code, message, advice)


def _why(subject: Inspected, source: exp.Table | Scope, alias: str) -> tuple[str, str]:
    """Why several rows of a FROM item may fit, and what else than a key of this table would keep them from it."""
    table = subject.relations.table(source)
    if subject.relations.keys(source):
        return f"it does not use the whole key of {alias}", ""
    if table is None:
        return f"nothing makes a row of {alias} unique", ""
    return f"{table.name} has no `key:`", f"; or give {table.name} one, if the join is on what makes its rows unique"


def _repeating(subject: Inspected, scope: Scope) -> Iterator[exp.Join]:
    """The joins with a table or query of which several rows may fit."""
    bound = bound_columns(scope)
    for join in scope.expression.args.get("joins") or ():
        alias = join.this.alias_or_name
        node, source = scope.selected_sources.get(alias, (None, None))
        if source is None or not isinstance(node, (exp.Table, exp.Query)):
            continue  # an unnested array
        if not subject.relations.has_one_row(alias, source, bound):
            yield join
