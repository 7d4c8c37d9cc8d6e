"""A model must not ask what time it is."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import found_in_bodies
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.protocol import Inspected

_CLOCKS = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime, exp.CurrentTime)
_IN_JAVASCRIPT = ("Date.now()", "new Date()")


class Clock:
    """``CURRENT_DATE`` and its kin."""

    code = Code(
        "L001",
        "clock",
        """The SQL reads the clock (`CURRENT_DATE`, `CURRENT_TIMESTAMP`, `CURRENT_DATETIME`, `CURRENT_TIME`).

A partition that is built again tomorrow would then come out differently, late data could not be repaired, and a
backfill would fill every day with today. Use the interval that is being built: `@start` is its first moment and
`@end` the first moment after it, both of the type of the partition column. A table that is rebuilt whole has no
interval: give it a `partition:`, or say how long its rows are good for, `volatile: 1 day`, and allow the clock.""",
        Layer.LINT,
    )
    bad = "SELECT flight_date, DATE_DIFF(CURRENT_DATE(), flight_date, DAY) AS age FROM staging.flights"
    good = "SELECT flight_date, DATE_DIFF(@end, flight_date, DAY) AS age FROM staging.flights"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        is_cut = subject.model.calendar is not None
        advice = (
            "use @start or @end" if is_cut else "partition the table, and use @start or @end; or make it `volatile:`"
        )
        for node in subject.written.of(*_CLOCKS):
            name = node.sql_name()
            message = f"{name} makes every run give another answer"
            yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
        for call, name in found_in_bodies(subject.analysis.called, _CLOCKS, _IN_JAVASCRIPT):
            message = f"{name} in {call.routine.name} makes every run give another answer"
            yield Diagnostic(
                subject.query.place_of(call.at), self.code, message, "give it @start or @end as an argument"
            )
