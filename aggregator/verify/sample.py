"""A few hundred rows of each table that a model reads: those that show most, and the same ones every time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from aggregator.analyzers.googlesql.tables import Json
from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph, Input, OutputColumn
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.engines.protocol import Engine, QueryError
from aggregator.plan.maps import bounds
from aggregator.unit_tests.bind import Given, Period, Values, columns_of
from aggregator.verify.branches import Branches

LOOKED_AT = 20_000
"""Rows of a table among which are chosen; of a longer one, as many as come first."""

_BULK, _OF_EACH, _EXTREMES = 80, 3, 2
"""Rows of no certain kind, of each branch, and of each end of a column."""

_ORDERED = frozenset(
    {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL", "STRING", "BYTES", "DATE", "DATETIME", "TIMESTAMP", "TIME"}
)
_WRITABLE = frozenset({"INT64", "STRING", "BOOL", "DATE", "DATETIME", "TIMESTAMP"})
"""Types of columns by whose values rows of another table are found."""

Moments: TypeAlias = Mapping[str, dt.date | dt.datetime]


@dataclasses.dataclass(frozen=True)
class _Table:
    """What is asked of one table: its columns, the condition of the rows that are read, and what to look for."""

    name: TableName
    columns: tuple[OutputColumn, ...]
    where: str
    parameters: Moments
    fits: str
    markers: tuple[str, ...]


def sampled(
    graph: Graph, engine: Engine, model: CompiledModel, period: Period | None, looked_for: Branches
) -> tuple[Given, ...]:
    """Rows of all tables that a model reads to build a period; a table that it reads first leads to those of others.

    Raises :class:`QueryError`.
    """
    found: dict[TableName, Given] = {}
    for edge in model.inputs:
        if edge.table in found:
            continue
        columns, pseudo = columns_of(graph, edge.table, model)
        known = [each for each in (*columns, *pseudo) if each.type and not each.sketch]
        used = looked_for.columns.get(str(edge.table), frozenset()) if not edge.function else frozenset()
        known = [each for each in known if each.name.casefold() in used] or known
        where, parameters = _where(graph, model, edge, period)
        table = _Table(
            edge.table,
            tuple(known),
            where,
            {**_parameters(model, period), **parameters},
            _fits(edge.table, looked_for, found),
            looked_for.markers.get(str(edge.table), ()),
        )
        found[edge.table] = Given(edge.table, columns, pseudo, tuple(_rows(engine, table)))
    return tuple(found.values())


def _rows(engine: Engine, table: _Table) -> list[Values]:
    """Where a marker can't be computed of some row, rows are chosen without markers."""
    try:
        _, values = engine.rows(_question(table), table.parameters)
    except QueryError:
        if not table.markers:
            raise
        return _rows(engine, dataclasses.replace(table, markers=(), fits="TRUE"))
    return [{each.name: _read(value, each) for each, value in zip(table.columns, row, strict=True)} for row in values]


def _question(table: _Table) -> str:
    """One query; a row is chosen if it is among the first in any of many orders."""
    names = [f"`{each.name}`" for each in table.columns]
    items = [
        # How JSON comes depends on the client.
        f"{f'IF({name} IS NULL, NULL, TO_JSON_STRING({name}))' if _kind(each) == 'JSON' else name} AS c{place}"
        for place, (name, each) in enumerate(zip(names, table.columns, strict=True))
    ]
    items += [f"{marker} AS m{place}" for place, marker in enumerate(table.markers)]
    plain = [name for name, each in zip(names, table.columns, strict=True) if _kind(each) in _ORDERED]
    fields = ", ".join(f"{name} AS f{place}" for place, name in enumerate(plain))
    items += [f"COALESCE({table.fits}, FALSE) AS fits", f"MD5(TO_JSON_STRING(STRUCT({fields or 'TRUE'}))) AS mixed"]
    chosen = " OR ".join(_choices(table))
    listed = ", ".join(f"c{place}" for place in range(len(names)))
    where = f" WHERE {table.where}" if table.where else ""
    source = f"SELECT {', '.join(items)} FROM `{table.name.dataset}.{table.name.table}`{where} LIMIT {LOOKED_AT}"
    return f"SELECT {listed} FROM ({source}) WHERE TRUE QUALIFY {chosen} ORDER BY mixed"


def _choices(table: _Table) -> Iterator[str]:
    """Rows that are read on, mixed, and neighbours; those of each branch; no value, the least and the greatest."""
    columns = [(f"c{place}", _kind(each)) for place, each in enumerate(table.columns)]
    ordered = ", ".join(name for name, kind in columns if kind in _ORDERED)
    yield f"ROW_NUMBER() OVER (ORDER BY fits DESC, mixed) <= {_BULK}"
    if ordered:
        yield f"ROW_NUMBER() OVER (ORDER BY fits DESC, {ordered}) <= {_BULK}"
    for place in range(len(table.markers)):
        yield f"ROW_NUMBER() OVER (PARTITION BY m{place} ORDER BY fits DESC, mixed) <= {_OF_EACH}"
    for name, kind in columns:
        value = f"ARRAY_LENGTH({name})" if kind == "ARRAY" else name if kind in _ORDERED else None
        for order in (f"{value}, ", f"{value} DESC, ") if value else ("",):
            yield (
                f"ROW_NUMBER() OVER (PARTITION BY fits, {value or name} IS NULL ORDER BY {order}mixed) <= {_EXTREMES}"
            )


def _kind(column: OutputColumn) -> str:
    return column.type.partition("<")[0].partition("(")[0].strip()


def _fits(table: TableName, looked_for: Branches, found: Mapping[TableName, Given]) -> str:
    """Whether a row is read on: it meets the conditions, and is joined to one of those that were chosen before."""
    met = [f"({each})" for each in looked_for.filters.get(str(table), ())]
    partners = []
    for pairs in looked_for.joins:
        both = [(mine, other) for pair in pairs for mine, other in (pair, pair[::-1]) if mine.table == str(table)]
        equal = [_among(mine.column, list(_values(found, other.table, other.column))) for mine, other in both]
        partners += [" AND ".join(filter(None, equal))] if any(equal) else []
    if partners:
        met.append(f"({' OR '.join(f'({each})' for each in dict.fromkeys(partners))})")
    return " AND ".join(met) or "TRUE"


def _among(column: str, values: Sequence[str]) -> str:
    return f"`{column}` IN ({', '.join(values)})" if values else ""


def _values(found: Mapping[TableName, Given], table: str, column: str) -> Iterator[str]:
    """The values of a column in the rows that were chosen, as literals; none where they can't be written."""
    for given in found.values():
        name = next((each for each in given.columns if each.name.casefold() == column.casefold()), None)
        if str(given.name) == table and name is not None and name.type in _WRITABLE:
            values = (row.get(name.name) for row in given.rows)
            yield from sorted({_literal(each) for each in values if each is not None})


def _literal(value: Any) -> str:
    match value:
        case dt.datetime():
            return f"{'TIMESTAMP' if value.tzinfo else 'DATETIME'} '{value.isoformat(' ')}'"
        case dt.date():
            return f"DATE '{value}'"
        case str():
            return json.dumps(value)
    return str(value)


def _where(graph: Graph, model: CompiledModel, edge: Input, period: Period | None) -> tuple[str, Moments]:
    """The condition of what is read for a period, as its map says."""
    calendar = graph.calendars.get(edge.table)
    if calendar is None or calendar.suffix or model.calendar is None or period is None or edge.map.reach is Reach.ALL:
        return "", {}
    last = model.calendar.grain.shift(period[1], -1)
    start, end = bounds(edge.map, model.calendar, period[0])[0], bounds(edge.map, model.calendar, last)[1]
    if model.calendar.wall != calendar.wall:
        start, end = (calendar.local(model.calendar.instant(each)) for each in (start, end))
    values = {"read_from": calendar.value(start), "read_to": calendar.value(end)}
    return f"`{calendar.column}` >= @read_from AND `{calendar.column}` < @read_to", values


def _parameters(model: CompiledModel, period: Period | None) -> Moments:
    calendar: Calendar | None = model.calendar
    if calendar is None or period is None:
        return {}
    return {"start": calendar.value(period[0]), "end": calendar.value(period[1])}


def _read(value: Any, column: OutputColumn) -> Any:
    """A value of a warehouse as the engines take it."""
    if _kind(column) == "JSON" and value is not None:
        return Json(json.loads(value))
    return bytes(value) if isinstance(value, bytearray | memoryview) else value
