"""How fresh tables are: looked up, printed, and left in the warehouse for dashboards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import click

from aggregator.core.calendar import Calendar
from aggregator.core.freshness import FreshnessReport, Level, TableFreshness
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import Snapshot
from aggregator.engines import Engine
from aggregator.freshness import HISTORY, freshness_of, promising
from aggregator.freshness.deadlines import length

_COLORS = {Level.ERROR: "red", Level.WARN: "yellow", Level.FRESH: "green"}


def look_up(
    graph: Graph, engine: Engine, tables: Iterable[TableName], snapshot: Snapshot | None = None
) -> FreshnessReport:
    """How fresh some tables are now, or were at a snapshot."""
    return freshness_of(graph, snapshot or engine.snapshot(), tables, engine.arrivals(HISTORY))


def publish_freshness(graph: Graph, engine: Engine, snapshot: Snapshot | None = None) -> None:
    """Leave it in the warehouse, for tables that promise something; ``snapshot`` is there if nothing changed since."""
    tables = promising(graph)
    if tables:
        engine.publish_freshness(look_up(graph, engine, tables, snapshot))


def freshness_json(tables: Sequence[TableFreshness]) -> list[dict[str, object]]:
    """For machines; moments are in UTC."""
    return [
        {
            "table": str(each.table),
            "kind": each.kind,
            "owner": each.owner,
            "promise": each.promise or None,
            "state": str(each.level),
            "newest": each.newest,
            "complete_until": _iso(each.complete_until),
            "lag_seconds": each.lag_seconds,
            "missing": list(each.missing),
            "warn_at": _iso(each.warn_at),
            "error_at": _iso(each.error_at),
            "usually_at": _iso(each.usually_at),
            "notes": list(each.notes),
        }
        for each in tables
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def print_freshness(tables: Sequence[TableFreshness], graph: Graph) -> None:
    """A line per table, those of one owner together, the worst first; and what is to be said of it."""
    rank = list(Level)
    lines = {each.table: list(_cells(each, graph.calendars[each.table])) for each in tables}
    widths = [max((len(cells[index]) for cells in lines.values()), default=0) for index in range(4)]
    owners = sorted({each.owner for each in tables}, key=lambda owner: _worst(tables, owner, rank))
    for owner in owners:
        click.secho(owner, bold=True)
        for each in sorted((one for one in tables if one.owner == owner), key=lambda one: rank.index(one.level)):
            state = click.style(f"{each.level:<{len(Level.NO_PROMISE)}}", fg=_COLORS.get(each.level))
            cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(lines[each.table], widths, strict=True))
            click.echo(f"  {state}  {cells}".rstrip())
            for note in each.notes:
                click.echo(f"  {'':<{len(Level.NO_PROMISE)}}    {note}")


def _worst(tables: Sequence[TableFreshness], owner: str, rank: Sequence[Level]) -> tuple[int, str]:
    return min(rank.index(each.level) for each in tables if each.owner == owner), owner


def _cells(table: TableFreshness, calendar: Calendar | None) -> Iterator[str]:
    """Name, newest partition, age, promise. What has ended has no age that matters."""
    yield str(table.table)
    written = f"written {table.complete_until:%Y-%m-%d %H:%M} UTC" if table.complete_until else ""
    newest = f"newest {table.newest}" if table.newest else "nothing"
    yield written if calendar is None else newest
    has_ended = table.newest is not None and table.warn_at is None and table.error_at is None and table.promise
    yield "" if table.lag_seconds is None or has_ended else f"{length(table.lag_seconds)} old"
    yield table.promise
