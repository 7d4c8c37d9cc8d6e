"""What INFORMATION_SCHEMA says of tables: their partitions with the time of their last change, and their columns.

One query a dataset, whatever the number of tables.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.engines.bigquery.connection import Connection
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.types import Type

if TYPE_CHECKING:
    from aggregator.core.project import Environment

MAX_TABLES = 1000
"""How many tables one query on INFORMATION_SCHEMA.PARTITIONS may ask about."""

STREAMED = "__UNPARTITIONED__"
"""The partition of rows that were streamed and are not sorted in yet."""

_STRING, _STRINGS = Type("STRING"), Type("ARRAY", Type("STRING"))


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """One of BigQuery's partitions: rows and bytes, and when it was changed last, in microseconds since 1970."""

    rows: int
    bytes: int
    modified: int


@dataclasses.dataclass
class State:
    """A table or view that is there.

    ``pieces`` are its partitions by BigQuery's own ids; the one of a table without partitions has the empty id.
    ``definition`` is the query of a view, empty for a table.
    """

    pieces: dict[str, Piece] = dataclasses.field(default_factory=dict)
    columns: dict[str, str] = dataclasses.field(default_factory=dict)
    definition: str = ""


@dataclasses.dataclass(frozen=True)
class Seen:
    """The tables that are there, and BigQuery's clock, in UTC: not later than they were looked at."""

    states: Mapping[Address, State]
    clock: datetime | None


def look(
    connection: Connection, environments: Sequence[Environment], addresses: Iterable[Address], labels: Mapping[str, str]
) -> Seen:
    """Ask for the states of tables; those that are not there are left out."""
    datasets: dict[tuple[str, str], list[str]] = {}
    for address in sorted(set(addresses)):
        datasets.setdefault((address.project, address.dataset), []).append(address.table)
    questions = [
        (project, dataset, tables[start : start + MAX_TABLES])
        for (project, dataset), tables in datasets.items()
        for start in range(0, len(tables), MAX_TABLES)
    ]
    locations = {each.project: each.location for each in reversed(environments)}

    def ask(question: tuple[str, str, list[str]]) -> list[_Row]:
        project, dataset, tables = question
        return _rows(connection, (project, dataset), tables, locations.get(project, ""), labels)

    states: dict[Address, State] = {}
    clocks = []
    for (project, dataset, _), rows in zip(questions, connection.each(ask, questions), strict=True):
        for row in rows:
            if row.kind == "clock":
                clocks.append(datetime.fromtimestamp(row.number / 1e6, UTC))
            else:
                _add(states.setdefault(Address(project, dataset, row.table), State()), row)
    return Seen(states, max(clocks, default=None))


def look_at_partitions(
    connection: Connection, address: Address, ids: Sequence[str], location: str, labels: Mapping[str, str]
) -> dict[str, Piece]:
    """The state of some partitions of a table, as it is now; all of it, for the empty id."""
    where = "table_name = @name AND COALESCE(partition_id, '') IN UNNEST(@ids)"
    parameters = [Parameter("name", _STRING, address.table), Parameter("ids", _STRINGS, tuple(ids))]
    rows = connection.rows(_partitions(f"`{address.project}`.`{address.dataset}`", where), location, parameters, labels)
    state = State()
    for row in rows:
        _add(state, _Row(*row))
    return state.pieces


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """One fact; what ``text``, ``number`` and so on mean depends on its kind."""

    kind: str
    table: str
    name: str
    text: str
    number: int
    rows: int
    bytes: int


def _rows(
    connection: Connection, dataset: tuple[str, str], tables: Sequence[str], location: str, labels: Mapping[str, str]
) -> list[_Row]:
    parameter = Parameter("tables", _STRINGS, tuple(tables))
    try:
        found = list(connection.rows(_question(*dataset), location, [parameter], labels))
    except Refused as refused:
        if refused.reason == "notFound":
            return []
        raise
    return [_Row(*row) for row in found]


def _add(state: State, row: _Row) -> None:
    match row.kind:
        case "partition":
            state.pieces[row.name] = Piece(row.rows, row.bytes, row.number)
        case "column":
            state.columns[row.name] = row.text
        case "view":
            state.definition = row.text


def _question(project: str, dataset: str) -> str:
    schema = f"`{project}`.`{dataset}`"
    where = "table_name IN UNNEST(@tables)"
    return " UNION ALL ".join(_facts(schema, where))


def _facts(schema: str, where: str) -> Iterator[str]:
    yield "SELECT 'clock' AS kind, '' AS table_name, '' AS name, '' AS text, UNIX_MICROS(CURRENT_TIMESTAMP()), 0, 0"
    yield f"SELECT 'table', table_name, '', table_type, 0, 0, 0 FROM {schema}.INFORMATION_SCHEMA.TABLES WHERE {where}"
    yield (
        f"SELECT 'view', table_name, '', view_definition, 0, 0, 0 FROM {schema}.INFORMATION_SCHEMA.VIEWS WHERE {where}"
    )
    yield (
        "SELECT * FROM (SELECT 'column', table_name, column_name, data_type, 0, 0, 0"
        f" FROM {schema}.INFORMATION_SCHEMA.COLUMNS WHERE {where} ORDER BY table_name, ordinal_position)"
    )
    yield _partitions(schema, where)


def _partitions(schema: str, where: str) -> str:
    return (
        "SELECT 'partition', table_name, COALESCE(partition_id, ''), '', COALESCE(UNIX_MICROS(last_modified_time), 0),"
        " COALESCE(total_rows, 0), COALESCE(total_logical_bytes, 0)"
        f" FROM {schema}.INFORMATION_SCHEMA.PARTITIONS WHERE {where}"
    )
