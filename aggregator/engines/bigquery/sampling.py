"""Some rows of some partitions of sources, read for a sample: always the same ones, and nothing that is sensitive."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.core.estimate import LEAST_BILLED
from aggregator.core.warehouse import Versions
from aggregator.engines.bigquery import writing
from aggregator.engines.bigquery.connection import NOT_INSTALLED, Connection, Patience, is_installed
from aggregator.engines.bigquery.jobs import digest
from aggregator.engines.bigquery.layout import Layout, address_sql
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.reading import Reading
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.types import Type, type_from
from aggregator.engines.protocol import QueryError, WarehouseError

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.core.calendar import Calendar
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.core.project import Column, Source
    from aggregator.core.sample import Share

PATIENCE = Patience(request=60.0, total=600.0, longest_pause=30.0)

_POSITIVE = "0x7FFFFFFFFFFFFFFF"
_MILLION = 1_000_000
_PSEUDONYM = {
    "STRING": "SUBSTR(TO_HEX(SHA256(CONCAT(@salt, {0}))), 1, 16)",
    "BYTES": "SUBSTR(SHA256(CONCAT(CAST(@salt AS BYTES), {0})), 1, 16)",
    "INT64": "CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CONCAT(@salt, CAST({0} AS STRING)))), 1, 15)) AS INT64)",
}
"""What stands for sensitive values: of equal ones the same, and nobody can tell which, as ``@salt`` is kept nowhere."""


@dataclasses.dataclass(frozen=True)
class Extract:
    """The rows to copy of one partition, as a query. ``file`` names a file that has them: other rows, another name."""

    table: TableName
    partition: str
    columns: tuple[Column, ...]
    sql: str
    parameters: tuple[Parameter, ...]
    file: str


class Sampling:
    """Reads sources of an environment on BigQuery; raises ``WarehouseError``.

    ``salt`` goes into what stands for sensitive values, which are only comparable within one such object.
    """

    def __init__(self, graph: Graph, patience: Patience | None = None) -> None:
        environment = graph.project.environment
        if environment.engine != "bigquery":
            message = f"the environment {environment.name} is on {environment.engine}, and samples come from BigQuery"
            raise WarehouseError(message, f"name another one with `--env`: there are {', '.join(_others(graph))}")
        if not is_installed():
            raise WarehouseError(NOT_INSTALLED)
        self._graph = graph
        self._salt = secrets.token_hex(16)
        self._limit = environment.max_bytes_billed
        layout = Layout(graph)
        self._labels = writing.labels(layout, secrets.token_hex(6), "sample")
        self._connection = Connection(environment, patience or PATIENCE)
        self._reading = Reading(self._connection, layout, self._labels)
        self._location = environment.location

    def versions(self) -> Versions:
        """What there is of all tables of the project."""
        try:
            return self._reading.versions()
        except Refused as refused:
            advice = "docs/bigquery.md lists the roles that it takes" if refused.reason == "accessDenied" else ""
            raise WarehouseError(f"BigQuery refuses: {refused}", advice) from refused

    def now(self) -> datetime:
        """BigQuery's clock."""
        return self._reading.now()

    def extract(self, source: Source, columns: Sequence[Column], partition: str, share: Share) -> Extract:
        """The question for the rows of one partition, or of a table without any."""
        calendar, address = self._graph.calendars[source.name], self._reading.address(source.name)
        where, parameters = _of_partition(calendar, partition)
        masked = any(each.is_sensitive for each in columns)
        if masked:
            parameters.append(Parameter("salt", Type("STRING"), self._salt))
        sql = _query(address_sql(address), source, columns, where, share)
        identity = digest(sql, *(f"{each.name}={each.value}" for each in parameters), self._state(source, partition))
        name = f"{partition or 'all'}-{identity[:12]}.parquet"
        return Extract(source.name, partition, tuple(columns), sql, tuple(parameters), name)

    def _state(self, source: Source, partition: str) -> str:
        """What tells the rows of a partition from all others; where nothing does, as of a view, it is always new."""
        version = self.versions().get(source.name, {}).get(partition)
        is_known = version is not None and version.rows and (version.settles_at or self.now()) <= self.now()
        return version.token if version is not None and is_known else self._salt

    def bytes(self, extracts: Sequence[Extract]) -> list[int | QueryError]:
        """How much each query would read, or why BigQuery refuses it; nothing is run or billed."""

        def one(extract: Extract) -> int | QueryError:
            try:
                return self._connection.dry_run(extract.sql, extract.parameters).bytes
            except Refused as refused:
                return QueryError(str(refused))

        return self._connection.each(one, extracts)

    def copy(
        self,
        extracts: Sequence[Extract],
        budget: int,
        write: Callable[[Extract, Iterable[Sequence[Any]]], int],
        tell: Callable[[], object],
    ) -> list[int | QueryError]:
        """Have rows written as they come, of several queries at once; gives how many, or why not.

        No query may bill more than ``budget`` and than the environment allows.
        """
        allowed = [max(budget, LEAST_BILLED), *([self._limit] if self._limit is not None else [])]

        def one(extract: Extract) -> int | QueryError:
            def take(_names: list[str], rows: Iterator[tuple[Any, ...]]) -> int:
                return write(extract, rows)

            try:
                return self._connection.asked(
                    extract.sql, self._location, extract.parameters, self._labels, min(allowed), take
                )
            except Refused as refused:
                return QueryError(str(refused))
            except QueryError as error:
                return error

        return self._connection.each(one, extracts, tell)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _others(graph: Graph) -> list[str]:
    return [each for each in graph.project.environments if each != graph.project.environment.name] or ["none"]


def _query(table: str, source: Source, columns: Sequence[Column], where: str, share: Share) -> str:
    """The rows of the smallest hashes. The names of columns are left out: some may not stand in a result."""
    named = {str(each.name).casefold(): str(each.name) for each in columns}
    listed = ", ".join(f"{_value(each)} AS c{number}" for number, each in enumerate(columns))
    by = named.get(share.by.casefold(), "") if share.by else ""
    if by:
        subject = f"COALESCE(CAST(`{by}` AS STRING), '')"
    else:
        chosen = [str(each) for each in source.key] or [str(each.name) for each in source.columns]
        subject = f"TO_JSON_STRING(STRUCT({', '.join(f'`{each}`' for each in chosen)}))"
    number = f"FARM_FINGERPRINT({subject}) & {_POSITIVE}"
    if share.percent is not None and (by or not share.by):
        part = f"MOD({number}, {_MILLION}) < {round(share.percent * _MILLION / 100)}"
        where = f"{where} AND {part}" if where else f"WHERE {part}"
    first = f"ORDER BY {number} LIMIT {share.rows}" if share.rows is not None else ""
    return " ".join(each for each in (f"SELECT {listed} FROM {table}", where, first) if each)


def _value(column: Column) -> str:
    """A column as it is copied: sensitive values as pseudonyms or, where there are none of their type, not at all."""
    name, type_ = f"`{column.name}`", type_from(column.type)
    assert type_ is not None  # noqa: S101  (a source declares the types of its columns)
    if not column.is_sensitive:
        return f"IF({name} IS NULL, NULL, TO_JSON_STRING({name}))" if type_.name == "JSON" else name
    pseudonym = _PSEUDONYM.get(type_.name)
    return pseudonym.format(name) if pseudonym is not None else f"CAST(NULL AS {type_.sql()})"


def _of_partition(calendar: Calendar | None, partition: str) -> tuple[str, list[Parameter]]:
    """The condition for the rows of a partition, and its parameters."""
    if calendar is not None and calendar.suffix:
        suffix = calendar.parse(partition).strftime(calendar.suffix)
        return f"WHERE `{calendar.column}` = @suffix", [Parameter("suffix", Type("STRING"), suffix)]
    where, values = writing.of_partition(calendar, partition)
    return where, writing.of_values(values)
