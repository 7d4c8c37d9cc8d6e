"""The ledger in BigQuery: ``_aggregator.ledger``, append-only.

Rows are appended by INSERT statements, many at a time. Those count against no limit of a day, and a job with an id of
its own appends its rows once, however often it is sent.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, LedgerRow, Outcome
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.schemas import reference

VERSION = "1"
"""The version of the table: its label says it."""

MAX_ROWS, MAX_CHARACTERS = 1000, 500_000
"""How much one statement appends. BigQuery takes requests of 10 MB."""

_COLUMNS = {
    "model": "STRING",
    "partition": "STRING",
    "run_id": "STRING",
    "outcome": "STRING",
    "fingerprint": "STRING",
    "inputs": "STRING",
    "read_at": "TIMESTAMP",
    "written_at": "TIMESTAMP",
    "rows": "INT64",
    "version": "STRING",
    "checksum": "STRING",
    "bytes": "INT64",
    "job_id": "STRING",
    "seconds": "FLOAT64",
    "message": "STRING",
    "checks": "STRING",
}
_LIST = ", ".join(f"`{name}`" for name in _COLUMNS)
_DESCRIPTION = "A row for each attempt to build a partition: what it was made from, and what came out. Append-only."


def ledger_table(address: Address) -> dict[str, Any]:
    """The table, to be made."""
    return {
        "tableReference": reference(address),
        "schema": {"fields": [{"name": name, "type": type_} for name, type_ in _COLUMNS.items()]},
        "timePartitioning": {"type": "DAY", "field": "written_at"},
        "clustering": {"fields": ["model"]},
        "description": _DESCRIPTION,
        "labels": {"made_by": "aggregator", "version": VERSION},
    }


def latest_rows(address: Address) -> str:
    """The question for the latest rows of each partition."""
    return (
        f"SELECT {_LIST} FROM {address.sql} WHERE TRUE"
        " QUALIFY ROW_NUMBER() OVER (PARTITION BY `model`, `partition`, `outcome` = 'failed'"
        " ORDER BY `written_at` DESC, `run_id` DESC) = 1"
    )


def history(address: Address) -> str:
    """The question for all rows of a partition, oldest first."""
    return (
        f"SELECT {_LIST} FROM {address.sql} WHERE `model` = @model AND `partition` = @partition"
        " ORDER BY `written_at`, `run_id`"
    )


def first_writings(address: Address, limit: int) -> str:
    """The question when the newest partitions of each model, so many, were written for the first time."""
    return (
        "SELECT `model`, `partition`, ARRAY_AGG(`run_id` ORDER BY `written_at`, `run_id` LIMIT 1)[OFFSET(0)],"
        f" MIN(`written_at`) FROM {address.sql} WHERE `outcome` != 'failed' GROUP BY `model`, `partition`"
        f" QUALIFY ROW_NUMBER() OVER (PARTITION BY `model` ORDER BY `partition` DESC) <= {limit} ORDER BY 1, 2"
    )


def appending(address: Address) -> str:
    """The statement that appends rows; ``@rows`` are texts of JSON."""
    values = ", ".join(_value(name, type_) for name, type_ in _COLUMNS.items())
    return f"INSERT INTO {address.sql} ({_LIST}) SELECT {values} FROM UNNEST(@rows) AS entry"


def _value(name: str, type_: str) -> str:
    value = f"JSON_VALUE(entry, '$.{name}')"
    return value if type_ == "STRING" else f"CAST({value} AS {type_})"


def read_rows(rows: Iterable[Sequence[Any]]) -> Ledger:
    """The ledger from the answer to :func:`latest_rows`."""
    entries = sorted((entry_of(row) for row in rows), key=lambda entry: (entry.written_at, entry.run_id))
    built: dict[TableName, dict[str, LedgerRow]] = {}
    failed: dict[TableName, dict[str, LedgerRow]] = {}
    for entry in entries:
        if entry.outcome is Outcome.FAILED:
            failed.setdefault(entry.model, {})[entry.partition] = entry
        else:
            built.setdefault(entry.model, {})[entry.partition] = entry
            failed.get(entry.model, {}).pop(entry.partition, None)
    return Ledger(built, failed)


def entry_of(row: Sequence[Any]) -> LedgerRow:
    """A row of the table as one of the ledger."""
    values = dict(zip(_COLUMNS, row, strict=True))
    name = TableName.parse(values["model"])
    assert name is not None  # noqa: S101  (we wrote it)
    values = {key: "" if value is None and _COLUMNS[key] == "STRING" else value for key, value in values.items()}
    return LedgerRow(**{**values, "model": name, "outcome": Outcome(values["outcome"])})


def merged(own: Ledger, other: Ledger, tables: Iterable[TableName]) -> Ledger:
    """The own ledger, and what another one has of some tables that are read from there."""
    borrowed = {name: other.built[name] for name in tables if name in other.built}
    return dataclasses.replace(own, built={**own.built, **borrowed})


def texts(rows: Sequence[LedgerRow]) -> Iterator[list[str]]:
    """Rows as texts of JSON, as many at a time as one statement appends."""
    chunk: list[str] = []
    length = 0
    for row in rows:
        text = json.dumps(_json(row))
        if chunk and (len(chunk) >= MAX_ROWS or length + len(text) > MAX_CHARACTERS):
            yield chunk
            chunk, length = [], 0
        chunk.append(text)
        length += len(text)
    if chunk:
        yield chunk


def _json(row: LedgerRow) -> Mapping[str, object]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
    return value if isinstance(value, (int, float)) else str(value)
