"""Who computes the query of a test: the embedded engine, and Google's reference engine."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from aggregator.analyzers.googlesql.tables import Answer, Json, Parameter, Rows, Table, Unchecked
from aggregator.analyzers.protocol import Field, Mistake, Relation
from aggregator.core.writes import Chosen, OverwritePartitions, ReplaceTable, Write
from aggregator.engines.protocol import QueryError
from aggregator.unit_tests.bind import Computation, Given, Period, Values
from aggregator.unit_tests.chosen import choose

if TYPE_CHECKING:
    from aggregator.analyzers.googlesql.reference import ReferenceEngine
    from aggregator.core.graph import CompiledModel, OutputColumn
    from aggregator.engines.protocol import Bench


class Computer(Protocol):
    """Computes one query over given rows."""

    name: str
    says_as_bigquery: bool
    """Whether the texts of its errors are BigQuery's own."""
    parallel: int
    """How many threads may usefully ask at once."""

    def compute(self, asked: Computation, period: Period | None, given: Sequence[Given], chosen: Chosen) -> Answer:
        """The rows, why there are none, or why it can't be said; ``chosen`` says which partitions are read."""
        ...

    def query(self, model: CompiledModel, sql: str, columns: Sequence[OutputColumn]) -> Answer:
        """What a SELECT gives that reads no tables, and whose columns are of these types; in a test of a model."""
        ...


def answer(computer: Computer, asked: Computation) -> Answer:
    """What comes out of all periods of a test; a model that reads itself reads what was built before."""
    given, found = asked.given, None
    for period in asked.periods or (None,):
        chosen = choose(asked, period, given)
        new = Mistake(chosen) if isinstance(chosen, str) else computer.compute(asked, period, given, chosen)
        if not isinstance(new, Rows):
            return new
        found = new if found is None else dataclasses.replace(new, values=(*found.values, *new.values))
        if len(asked.periods) > 1:
            given = tuple(_with_rows(each, new) if each.name == asked.model.name else each for each in given)
    return found if found is not None else Unchecked("there is nothing to build")


def _with_rows(given: Given, new: Rows) -> Given:
    return dataclasses.replace(given, rows=(*given.rows, *as_values(new)))


def as_values(rows: Rows) -> Iterator[Values]:
    """Rows by the names of their columns."""
    names = [each.name for each in rows.columns]
    return (dict(zip(names, row, strict=True)) for row in rows.values)


class Embedded:
    """DuckDB, over the same translation as in a run."""

    name = "duckdb"
    says_as_bigquery = False
    parallel = 1

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def compute(self, asked: Computation, period: Period | None, given: Sequence[Given], chosen: Chosen) -> Answer:
        """Fill the tables, run the query, and read what would be written."""
        model = asked.model
        write: Write = ReplaceTable(model.name, asked.sql, model.columns)
        if period is not None and model.calendar is not None:
            write = OverwritePartitions(model.name, asked.sql, model.columns, model.calendar, *period, chosen)
        try:
            for table in given:
                rows = [{name: _plain(value) for name, value in row.items()} for row in table.rows]
                self._bench.fill(table.name, (*table.columns, *table.pseudo), rows)
        except QueryError as error:
            return _refused(error)
        return self._rows(write)

    def query(self, model: CompiledModel, sql: str, columns: Sequence[OutputColumn]) -> Answer:
        """As if the columns were the model's."""
        return self._rows(ReplaceTable(model.name, sql, tuple(columns)))

    def _rows(self, write: Write) -> Answer:
        try:
            names, values = self._bench.rows(write)
        except QueryError as error:
            return _refused(error)
        types = {each.name.casefold(): each.type for each in write.columns}
        if "INTERVAL" in types.values():
            return Unchecked("DuckDB's client for Python gives no INTERVAL with its months; CAST it AS STRING")
        columns = tuple(Field(name, types.get(name.casefold(), "")) for name in names)
        read = tuple(tuple(map(_read, columns, row)) for row in values)
        return Rows(columns, read, is_ordered=False)


def _refused(error: QueryError) -> Answer:
    """The query was compiled: what DuckDB does not understand in it, it lacks."""
    return Mistake(str(error)) if error.in_rows else Unchecked(f"DuckDB can't run this: {error}")


def _plain(value: Any) -> Any:
    """A value as DuckDB takes it."""
    if isinstance(value, Json):
        return json.dumps(value.value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def _read(column: Field, value: Any) -> Any:
    if column.type == "JSON" and isinstance(value, str):
        return Json(json.loads(value))
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


class Reference:
    """Google's engine, which computes as BigQuery does."""

    name = "reference"
    says_as_bigquery = True

    def __init__(self, engine: ReferenceEngine, parallel: int) -> None:
        self._engine = engine
        self.parallel = parallel

    def compute(self, asked: Computation, period: Period | None, given: Sequence[Given], chosen: Chosen) -> Answer:
        """Hand over tables and query."""
        tables = [
            Table(Relation(str(each.name), _fields(each.columns), _fields(each.pseudo)), each.rows) for each in given
        ]
        found = self._engine.evaluate(asked.sql, tables, tuple(_parameters(asked, period, chosen)), asked.routines)
        untyped = [str(each.name) for each in given if not all(column.type for column in each.columns)]
        if isinstance(found, Mistake) and untyped:
            return Unchecked(f"the types of all columns of {', '.join(untyped)} are not known")
        return found

    def query(self, model: CompiledModel, sql: str, columns: Sequence[OutputColumn]) -> Answer:
        """It knows the types by itself."""
        del model, columns
        return self._engine.evaluate(sql)


def _fields(columns: Sequence[OutputColumn]) -> tuple[Field, ...]:
    return tuple(Field(each.name, each.type) for each in columns if each.type)


def _parameters(asked: Computation, period: Period | None, chosen: Chosen) -> Iterator[Parameter]:
    calendar = asked.model.calendar
    if calendar is not None and period is not None:
        for name, moment in zip(("start", "end"), period, strict=True):
            yield Parameter(name, str(calendar.type), calendar.value(moment))
    for latest in asked.latest:
        yield from (Parameter(name, str(latest.source.type), chosen[name]) for name in latest.parameters)
