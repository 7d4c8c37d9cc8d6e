"""Whoever describes some columns describes all that need it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class UndescribedColumn:
    """A computed column without a description, in a model that describes others."""

    code = Code(
        "L067",
        "undescribed-column",
        """The front matter describes some of the columns, and leaves out one that this model computes.

The description is what people see in BigQuery, in Tableau and in `aggregator show`: which delays, in which unit, with
or without cancelled flights? It was most likely forgotten when the column was added. Say it under `columns:`. Columns
that are copied from an input are described there, those of a roll-up by the table that it is made from, and models that
describe no column are left alone.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """/*---
description: Delays of each day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
columns: {flights: "Scheduled flights, cancelled ones included"}
---*/
SELECT flight_date, COUNT(*) AS flights, SUM(dep_delay) AS delay FROM staging.flights GROUP BY flight_date"""
    good = """/*---
description: Delays of each day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
columns:
  flights: Scheduled flights, cancelled ones included
  delay: Sum of departure delays in minutes; early departures count as negative
---*/
SELECT flight_date, COUNT(*) AS flights, SUM(dep_delay) AS delay FROM staging.flights GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per model, at the first such column."""
        declared, root = subject.model.model, subject.analysis.root
        columns = [column for column in subject.model.columns if not column.state_of]
        if root is None or declared.rollup is not None or not any(column.description for column in columns):
            return
        bare = {column.name.casefold(): column.name for column in columns if not column.description}
        if not bare or not isinstance(root.expression, exp.Select):
            return
        dimensions = {name.casefold() for name in declared.dimensions}
        missing = [
            item
            for item in root.expression.selects
            if (name := item.alias_or_name.casefold()) in bare
            and (name not in dimensions if declared.measures else not _is_carried(item))
        ]
        if missing:
            names = [bare[item.alias_or_name.casefold()] for item in missing]
            what = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            verb = "has" if len(names) == 1 else "have"
            measure = next((each for each in declared.measures if each.name.casefold() == names[0].casefold()), None)
            written = missing[0].args.get("alias") or missing[0]
            place = measure.place if measure is not None else subject.query.place_of(written)
            advice = f"columns: {{{names[0]}: …}}"
            yield Diagnostic(place, self.code, f"{what} {verb} no description, other columns do", advice)


def _is_carried(item: exp.Expr) -> bool:
    """Whether a column is that of an input, taken over as it is or as the one value of its group."""
    inner = item.unalias()
    if isinstance(inner, (exp.Max, exp.Min, exp.AnyValue)) and isinstance(inner.this, exp.Column):
        return bool(inner.this.name.casefold() == item.alias_or_name.casefold())
    return isinstance(inner, exp.Column)
