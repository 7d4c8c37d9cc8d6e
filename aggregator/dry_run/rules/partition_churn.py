"""More partitions rewritten in a day than BigQuery allows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aggregator.core.calendar import Calendar
from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Input
from aggregator.core.maps import Reach
from aggregator.dry_run.cadence import firings_per_day, hours
from aggregator.dry_run.rules.protocol import Candidate

MOST = 30_000


class PartitionChurn:
    """A map and a schedule that may rebuild more partitions in a day than BigQuery lets be modified."""

    code = Code(
        "D634",
        "partition-churn",
        """A late row in an input makes so many partitions stale, and the model is built so often, that more than 30,000
partitions may be rewritten in a day.

With `{last: 30 days}`, a row that comes late changes the 30 days after it, and each run builds them again. BigQuery
counts each partition that is overwritten, and refuses more in a day. Build less often, read less far back, or cut the
table by a longer grain.""",
        Layer.DRY_RUN,
        Severity.WARNING,
    )
    bad = """/*---
description: Clicks of the 30 days before the end of each hour.
owner: web@example.com
schedule: 0,15,30,45 * * * *
partition: {by: hour, grain: hour, from: 2025-01-01, to: 2026-01-01}
inputs: {lake.clicks: {last: 30 days}}
---*/
SELECT TIMESTAMP_SUB(@end, INTERVAL 1 HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks"""
    good = """/*---
description: Clicks of the 30 days before the end of each hour.
owner: web@example.com
schedule: hourly
partition: {by: hour, grain: hour, from: 2025-01-01, to: 2026-01-01}
inputs: {lake.clicks: {last: 30 days}}
---*/
SELECT TIMESTAMP_SUB(@end, INTERVAL 1 HOUR) AS hour, COUNT(*) AS clicks
FROM lake.clicks"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """At most one finding, for the input that reaches furthest."""
        model = candidate.model
        if model.calendar is None or not model.model.schedule:
            return
        found = [(_rebuilt(edge, candidate, model.calendar), edge) for edge in model.inputs]
        count, edge = max(found, key=lambda each: each[0], default=(0, None))
        pieces = model.calendar.grain.pieces  # a week is overwritten day by day
        a_day = count * pieces * firings_per_day(model.model.schedule)
        if edge is not None and a_day > MOST:
            message = f"a late row of {edge.table} makes {count:,} partitions stale, which may be {a_day:,.0f} in a day"
            advice = f"BigQuery modifies at most {MOST:,} in a day: build less often, or read less far back"
            yield Diagnostic(edge.place, self.code, message, advice)


def _rebuilt(edge: Input, candidate: Candidate, calendar: Calendar) -> int:
    """How many partitions of the model a change of one partition of an input makes stale, through a long map."""
    partition = candidate.model.model.partition
    if partition is None or candidate.graph.calendars.get(edge.table) is None:
        return 0
    end = partition.end or calendar.local(candidate.now)
    built = calendar.grain.number(partition.start, min(end, calendar.local(candidate.now)))
    if edge.map.reach is Reach.ALL:
        return built
    if edge.map.reach is not Reach.LAST:
        return 0
    reach = edge.map.count * hours(edge.map.unit or calendar.grain) / hours(calendar.grain)
    return min(built, math.ceil(reach))
