"""A table that will soon have as many partitions as it may have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.dry_run.rules.protocol import Candidate

MOST = 10_000
_YEAR = timedelta(days=366)


class PartitionsRunOut:
    """A table that goes on and reaches BigQuery's limit within a year."""

    code = Code(
        "D633",
        "partitions-run-out",
        """A table that goes on will have more than 10,000 partitions within a year.

On that day BigQuery refuses to write it. A table by the hour lasts 416 days. Cut it by day, with the hour as a column:
the rows are the same. If the table is to end before, say so with `to:`; if old partitions may go, with `expire:`.""",
        Layer.DRY_RUN,
        Severity.WARNING,
    )
    bad = """/*---
description: Clicks per hour.
owner: web@example.com
partition: {by: hour, grain: hour, from: 2025-01-01}
---*/
SELECT TIMESTAMP_TRUNC(clicked_at, HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY hour"""
    good = """/*---
description: Clicks per hour, of one year.
owner: web@example.com
partition: {by: hour, grain: hour, from: 2025-01-01, to: 2026-01-01}
---*/
SELECT TIMESTAMP_TRUNC(clicked_at, HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY hour"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """At most one finding."""
        partition, calendar = candidate.model.model.partition, candidate.model.calendar
        if partition is None or calendar is None or partition.end is not None:
            return
        now = calendar.local(candidate.now)
        if calendar.grain.number(partition.first(candidate.now), now) > MOST:
            return  # said by the rule about tables that have too many
        if calendar.grain.number(partition.first(candidate.now + _YEAR), now + _YEAR) > MOST:
            last = calendar.grain.shift(calendar.grain.ceil(partition.start), MOST)
            message = f"on {last:%Y-%m-%d} the table has {MOST:,} partitions, and BigQuery allows no more"
            yield Diagnostic(partition.place, self.code, message, "cut it by a longer grain, or say where it ends")
