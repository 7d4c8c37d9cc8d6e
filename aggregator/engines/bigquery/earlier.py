"""Rows that a table had some days ago: BigQuery keeps them, and a query may ask for them.

A query is used and not a copy of ``table$partition@time``, which Google does not document. It also takes columns that
were added since as missing, and reads what is several of BigQuery's partitions at one moment.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from aggregator.core.writes import OverwritePartitions, Write
from aggregator.engines.protocol import NotHereError

LONGEST = timedelta(days=7)
"""How long BigQuery keeps what is replaced, at most; a dataset may say two days."""


def earlier(write: Write, moment: datetime, now: datetime) -> Write:
    """The write whose query is one of the table itself, as it was at a moment (UTC)."""
    table = write.table
    if now - moment > LONGEST:
        message = f"{table} can't be rolled back: its earlier rows were replaced after {moment:%Y-%m-%d %H:%M} UTC"
        advice = "go back to the earlier SQL, and build it again: `aggregator run`"
        raise NotHereError(f"{message}, and BigQuery keeps them for at most seven days", advice)
    at = f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    query = f"SELECT * FROM `{table.dataset}`.`{table.table}` FOR SYSTEM_TIME AS OF {at}"
    if isinstance(write, OverwritePartitions):
        column = f"`{write.calendar.column}`"
        query = f"{query} WHERE {column} >= @start AND {column} < @end"
    return dataclasses.replace(write, query=query)
