"""More partitions than a table may have."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.dry_run.rules.protocol import Candidate

MOST = 10_000


class TooManyPartitions:
    """A table that has more partitions than BigQuery allows, now or when it ends."""

    code = Code(
        "D632",
        "too-many-partitions",
        """A table has more than 10,000 partitions, from `from:` to `to:`, or to today.

BigQuery refuses to write the next one. 10,000 hours are 416 days, 10,000 days are 27 years. Cut the table by a longer
grain, begin it later, or keep the old part in a table of its own that has a `to:`.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: Clicks per hour.
owner: web@example.com
partition: {by: hour, grain: hour, from: 2021-01-01}
---*/
SELECT TIMESTAMP_TRUNC(clicked_at, HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY hour"""
    good = """/*---
description: Clicks per hour.
owner: web@example.com
partition: {by: hour, grain: day, from: 2021-01-01}
---*/
SELECT TIMESTAMP_TRUNC(clicked_at, HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY hour"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """At most one finding."""
        partition, calendar = candidate.model.model.partition, candidate.model.calendar
        if partition is None or calendar is None:
            return
        end = partition.end or calendar.local(candidate.now)
        # a week or a quarter is one at least: how many days or months of it have rows, nobody knows
        count = calendar.grain.number(partition.first(candidate.now), end)
        if count > MOST:
            message = f"the table has {count:,} partitions by {end:%Y-%m-%d}, and BigQuery allows {MOST:,}"
            yield Diagnostic(partition.place, self.code, message, "cut it by a longer grain, or begin later")
