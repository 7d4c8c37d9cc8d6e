"""From the staging table to the table that people read: within the caller's transaction, all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from aggregator.core.writes import OverwritePartitions, ReplaceTable, Write
from aggregator.engines.duckdb.catalog import Columns, quoted
from aggregator.engines.duckdb.staging import STAGING

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar, Partition
    from aggregator.engines.duckdb.connection import Connection
    from aggregator.engines.duckdb.tables import Tables


def overwrite(
    db: Connection, tables: Tables, write: OverwritePartitions, columns: Columns, partitions: Collection[str]
) -> None:
    """Delete and insert, one unbroken stretch of partitions at a time."""
    is_new = tables.fit(write.table, columns)
    target, column = quoted(write.table), f'"{write.calendar.column}"'
    where = f"WHERE {column} >= $start AND {column} < $end"
    for start, end in _stretches(write.calendar, partitions):
        bounds = {"start": write.calendar.value(start), "end": write.calendar.value(end)}
        if not is_new:
            db.execute(f"DELETE FROM {target} {where}", bounds)
        db.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {STAGING} {where}", bounds)


def replace(db: Connection, tables: Tables, write: ReplaceTable, columns: Columns) -> None:
    """Delete and insert all; a table of other columns is made anew."""
    table = write.table
    if fits(tables, write, columns):
        db.execute(f"DELETE FROM {quoted(table)}")
    else:
        tables.drop(table)
        tables.create(table, columns)
    db.execute(f"INSERT INTO {quoted(table)} SELECT * FROM {STAGING}")


def fits(tables: Tables, write: Write, columns: Columns) -> bool:
    """Whether the table is there and has the staged columns; one that is replaced whole, in their order."""
    if isinstance(write, ReplaceTable):
        return [*tables.columns.get(write.table, {}).items()] == [*columns.items()]
    return tables.fits(write.table, columns)


def _stretches(calendar: Calendar, partitions: Collection[str]) -> Iterator[tuple[Partition, Partition]]:
    """Start and end of each unbroken run of partitions."""
    start = end = None
    for partition in sorted(calendar.parse(each) for each in partitions):
        if start is not None and end is not None and partition != end:
            yield start, end
            start = None
        start = start or partition
        end = calendar.next(partition)
    if start is not None and end is not None:
        yield start, end
