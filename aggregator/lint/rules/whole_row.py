"""A column and the table that it stands in have one name."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.rows import hidden_column
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_NEEDS_AN_ORDER = (exp.Max, exp.Min, exp.Sum, exp.Avg, exp.Ordered, exp.GT, exp.GTE, exp.LT, exp.LTE)
"""What takes no row as its first operand: compiling refuses it already, and says why."""


class WholeRow:
    """``COUNT(total)`` from a table ``total`` with a column ``total``."""

    code = Code(
        "L087",
        "whole-row",
        """A name stands for a whole row, as the table is called so, and the table has a column of that name.

BigQuery takes the table's name or alias first: with `FROM marts.carrier AS carrier`, `carrier` is a STRUCT of all
columns. `COUNT(carrier)` then counts every row, also those without a carrier, and `carrier IS NULL` is never true. Say
which is meant: `carrier.carrier` for the column; or give the table another alias.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, COUNT(tailnum) AS known_planes
FROM staging.flights AS tailnum
GROUP BY flight_date"""
    good = """SELECT flight_date, COUNT(flights.tailnum) AS known_planes
FROM staging.flights AS flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per name."""
        for node in subject.qualified.of(exp.TableColumn):
            column = hidden_column(node)
            is_refused = isinstance(node.parent, _NEEDS_AN_ORDER) and node.parent.this is node
            if column and not is_refused:
                message = f"{node.name} is a whole row here, as a table is called so, and not its column {column}"
                place = subject.query.place_of(node)
                yield Diagnostic(
                    place, self.code, message, f"write {node.name}.{column}, or give the table another alias"
                )
