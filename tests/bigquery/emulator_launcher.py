"""Starts the emulator ``local-bigquery``, in its own Python, with what it lacks of partitions.

It knows no ``table$20130101``: what is written there makes a table of that name, and what is read is not found. Its
INFORMATION_SCHEMA.PARTITIONS does not tell when a partition was changed, and its sketches take no precision. All three
are added here. It is the only part of that server that was written for these tests, and ``test_real_bigquery.py`` is
there for what it can't show.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.cli import main
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import copy
from local_bigquery.sql.rules import information_schema
from local_bigquery.sql.rules import query as query_rules

FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H"}
UNITS = {4: "year", 6: "month", 8: "day", 10: "hour"}

_write, _columns, _source, _macro = tables.write, tables.columns, copy._source, query_rules.macro
_changed: dict[tuple[str, ...], tuple[str, int]] = {}
_lock = threading.Lock()


def _condition(project: str, dataset: str, table: str, id_: str) -> str:
    """Whether a row is in a partition."""
    partitioning = tables.load(project, dataset, table).timePartitioning
    if not partitioning or not partitioning.field:
        raise BigQueryError("invalid", f"Table {table} is not partitioned by a column")
    start = dt.datetime.strptime(id_, FORMATS[len(id_)])  # noqa: DTZ007
    column = database.quote(partitioning.field)
    return f"date_trunc('{UNITS[len(id_)]}', {column}) = TIMESTAMP '{start:%Y-%m-%d %H:%M:%S}'"


def write(
    cur: Any, query: str, params: Any, reference: tuple[str, str, str], config: Any, *rest: Any, **more: Any
) -> bool:
    """Write into one partition, if one is named."""
    project, dataset, table = reference
    if "$" not in table:
        return bool(_write(cur, query, params, reference, config, *rest, **more))
    base, id_ = table.split("$", 1)
    condition, name = _condition(project, dataset, base, id_), tables.name(project, dataset, base)
    given = [params] if params else []
    with database.writing(project, dataset, base), database.cursor() as writer:
        writer.execute("BEGIN")
        try:
            outside = f"SELECT count(*) FROM ({query}) WHERE NOT coalesce({condition}, false)"
            if writer.execute(outside, *given).fetchone()[0]:
                message = f"Some rows belong to different partitions rather than destination partition {base}${id_}"
                raise BigQueryError("invalid", message)  # noqa: TRY301
            writer.execute(f"DELETE FROM {name} WHERE {condition}")
            writer.execute(f"INSERT INTO {name} BY NAME {query}", *given)
            writer.execute("COMMIT")
        except BaseException:
            writer.execute("ROLLBACK")
            raise
    with _lock:
        _changed.pop((project, dataset, base, id_), None)
    return False


def columns(project: str, dataset: str, table: str) -> Any:
    return _columns(project, dataset, table.split("$", 1)[0])


def source(reference: tuple[str, str, str]) -> Any:
    """What is copied: one partition, if one is named."""
    project, dataset, table = reference
    if "$" not in table:
        return _source(reference)
    base, id_ = table.split("$", 1)
    return f"(SELECT * FROM {tables.name(project, dataset, base)} WHERE {_condition(project, dataset, base, id_)})"


def partitions(project: str, dataset: str | None) -> Any:
    """INFORMATION_SCHEMA.PARTITIONS; a partition was changed when its rows were first seen as they are."""
    names = [*information_schema.IDENTITY, "partition_id", "total_rows INT64", "total_logical_bytes INT64"]
    rows = []
    for table in information_schema._tables(project, dataset):
        identity = information_schema._identity(table)
        for id_, count, digest in _measured(table):
            modified = _moment((*identity, id_ or ""), f"{count} {digest}")
            rows.append([*identity, id_, count, count * 8, modified])
    return [*names, "last_modified_time TIMESTAMP"], rows


def _measured(table: Any) -> list[tuple[str | None, int, str]]:
    identity, partitioning = information_schema._identity(table), table.timePartitioning
    if table.type != "TABLE":
        return []
    name = tables.name(*identity)
    digest = "count(*), CAST(sum(hash(t)) AS VARCHAR)"
    try:
        if not partitioning or not partitioning.field:
            return [(None, *database.fetch(f"SELECT {digest} FROM {name} AS t")[0])]
        form = information_schema.PARTITION_FORMATS.get(partitioning.type or "DAY", "%Y%m%d")
        id_ = f"coalesce(strftime({database.quote(partitioning.field)}, '{form}'), '__NULL__')"
        return list(database.fetch(f"SELECT {id_}, {digest} FROM {name} AS t GROUP BY 1 ORDER BY 1"))
    except Exception:  # noqa: BLE001  (a table that has no columns yet)
        return []


def _moment(key: tuple[str, ...], content: str) -> str:
    with _lock:
        known, moment = _changed.get(key, ("", 0))
        if known != content:
            moment = time.time_ns() // 1000
            _changed[key] = (content, moment)
    return dt.datetime.fromtimestamp(moment / 1e6, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")


def macro(name: str, *arguments: Any) -> Any:
    """The emulator's sketches are sets, and take no precision."""
    return _macro(name, *(arguments[:1] if name == "_hll_init" else arguments))


tables.write, tables.columns, copy._source = write, columns, source
information_schema.VIEWS["PARTITIONS"] = partitions
query_rules.macro = macro

if __name__ == "__main__":
    main()
