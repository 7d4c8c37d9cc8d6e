"""Groups are distinct already."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import grouped_key


class DistinctGroups:
    """``SELECT DISTINCT`` of rows that GROUP BY has made unique."""

    code = Code(
        "L058",
        "distinct-groups",
        """`SELECT DISTINCT` stands before rows that GROUP BY has already made unique.

It changes nothing, costs one more sorting of all rows, and makes readers look for the duplicates that it seems to
remove. Mostly it hides a join that repeats rows: find that instead. Remove DISTINCT.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT DISTINCT flight_date, carrier, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date, carrier"
    good = "SELECT flight_date, carrier, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date, carrier"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SELECT."""
        for select in subject.qualified.of(exp.Select):
            distinct = select.args.get("distinct")
            if distinct is not None and not distinct.args.get("on") and grouped_key(select) is not None:
                message = "DISTINCT does nothing here: GROUP BY makes the rows unique"
                yield Diagnostic(subject.query.place_of(select.expressions[0]), self.code, message, "remove DISTINCT")
