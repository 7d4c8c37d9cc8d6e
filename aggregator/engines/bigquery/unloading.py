"""Rows to files in Google's storage: by a job that copies a partition as it is, or else by a query that is billed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aggregator.core.project import FileFormat
from aggregator.core.warehouse import ABSENT
from aggregator.engines.bigquery import writing
from aggregator.engines.bigquery.connection import Connection
from aggregator.engines.bigquery.jobs import Jobs, Work, job_name
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.parameters import Parameter, named
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.reading import Reading
from aggregator.engines.bigquery.schemas import reference
from aggregator.engines.bigquery.storage import Storage

if TYPE_CHECKING:
    from aggregator.core.unload import Unload

_FORMATS = {FileFormat.JSON: "NEWLINE_DELIMITED_JSON"}
"""What jobs that extract call a format otherwise than queries do."""


class Unloading:
    """Writes the rows of tables to files, a folder at a time."""

    def __init__(
        self, layout: Layout, connection: Connection, jobs: Jobs, reading: Reading, storage: Storage, *, run_key: str
    ) -> None:
        self._layout, self._connection, self._jobs = layout, connection, jobs
        self._reading, self._storage, self._run_key = reading, storage, run_key
        self._labels = writing.labels(layout, run_key, "export")

    def unload(self, unload: Unload) -> None:
        """Empty the folder, have it filled, and say that it is complete."""
        name = job_name(self._layout.environment.name, "export", unload.files, unload.version, self._run_key)
        now = self._reading.now()
        source = self._as_it_is(unload)
        if source is not None:
            work = extracting(unload, source, name, self._labels, now)
        else:
            calendar, address = self._layout.graph.calendars.get(unload.table), self._reading.address(unload.table)
            where, values = writing.of_partition(calendar, unload.partition)
            columns = ", ".join(f"`{column}`" for column in unload.columns)
            sql = f"SELECT {columns} FROM {address.sql} {where}"
            work = exporting(unload, sql, writing.of_values(values), name, self._labels, now)
        self._storage.begin(unload.folder)
        self._jobs.run(work)
        self._storage.finish(unload)

    def _as_it_is(self, unload: Unload) -> Address | None:
        """What can be copied to files without a query: all columns of a table, or of one of BigQuery's partitions.

        Of a partition without rows there may be nothing that could be copied.
        """
        address, calendar = self._reading.address(unload.table), self._layout.graph.calendars.get(unload.table)
        found = self._connection.table(address)
        if found is None or not found.stores_rows or [each.name for each in found.columns] != list(unload.columns):
            return None
        if not self._reading.versions().get(unload.table, {}).get(unload.partition, ABSENT).rows:
            return None
        if calendar is None or not unload.partition:
            return address
        ids = writing.stored_ids(calendar, unload.partition)
        return writing.decorated(address, ids[0]) if calendar.grain.pieces == 1 else None


def exporting(
    unload: Unload, sql: str, parameters: Sequence[Parameter], name: str, marks: Mapping[str, str], now: datetime
) -> Work:
    """The rows that a query gives, written to files. What an earlier job of this name wrote was removed since."""
    options: dict[str, object] = {"uri": unload.files, "format": unload.format.upper(), "overwrite": True}
    if unload.format is FileFormat.CSV:
        options["header"] = True
    said = ", ".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
    query = {"query": f"EXPORT DATA OPTIONS ({said}) AS\n{sql}", "useLegacySql": False, **named(parameters)}
    return Work(name, {"query": query, "labels": dict(marks)}, now)


def extracting(unload: Unload, source: Address, name: str, marks: Mapping[str, str], now: datetime) -> Work:
    """A table or a partition as it is, copied to files, which costs nothing."""
    extract: dict[str, Any] = {
        "sourceTable": reference(source),
        "destinationUris": [unload.files],
        "destinationFormat": _FORMATS.get(unload.format, unload.format.upper()),
    }
    return Work(name, {"extract": extract, "labels": dict(marks)}, now)
