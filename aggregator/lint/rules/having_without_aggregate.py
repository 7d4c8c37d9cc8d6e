"""Conditions on rows stand in WHERE."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_AGGREGATING = (exp.AggFunc, exp.Anonymous, exp.AnonymousAggFunc, exp.Dot, exp.Query, exp.Window)


class HavingWithoutAggregate:
    """``HAVING`` that looks at nothing aggregated."""

    code = Code(
        "L061",
        "having-without-aggregate",
        """HAVING holds a condition on the rows themselves, not on anything aggregated.

All rows are then grouped first, and most of the groups thrown away; WHERE would have left the rows out before, and read
less. It also looks as if a total were meant. Move the condition to WHERE.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
GROUP BY flight_date, carrier
HAVING carrier <> 'UA'"""
    good = """SELECT flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE carrier <> 'UA'
GROUP BY flight_date, carrier
HAVING COUNT(*) > 10"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per HAVING, at the first of its conditions on rows."""
        for having in subject.qualified.of(exp.Having):
            select = having.parent
            group = select.args.get("group") if select is not None else None
            if group is not None and group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is not None:
                continue  # of totals, WHERE would leave out rows, and HAVING whole totals
            plain = [test for test in conjuncts(having.this) if _is_on_rows(test)]
            if plain:
                message = "HAVING looks at nothing aggregated here"
                yield Diagnostic(subject.query.place_of(plain[0]), self.code, message, "move the condition to WHERE")


def _is_on_rows(test: exp.Expr) -> bool:
    return test.find(exp.Column) is not None and test.find(*_AGGREGATING) is None
