"""The lineage of one partition: what it is made from and what is made from it, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from aggregator.cli.output import count
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.plan.due import Horizon
from aggregator.plan.inputs import address
from aggregator.plan.reach import Reached, Stretches, made_from, named, number, used_by
from aggregator.plan.stretches import Stretch

HEADS = {"up": "made from", "down": "used by"}
SHOWN = 3
"""So many stretches of one table are listed."""

_WAYS = {"up": made_from, "down": used_by}


def trace(graph: Graph, now: datetime, name: TableName, partition: str, ways: Sequence[str]) -> Mapping[str, Reached]:
    """Both ways or one; a partition that the table does not have is an error of usage."""
    asked = _asked(graph, now, name, partition)
    return {way: _WAYS[way](graph, now, name, (asked,)) for way in ways}


def print_reach(graph: Graph, title: str, found: Mapping[str, Reached]) -> None:
    """A table a line."""
    click.secho(title, bold=True)
    for way, reached in found.items():
        click.secho(HEADS[way], bold=True)
        rows = [(str(table), *_described(graph, table, stretches)) for table, stretches in reached.items()]
        name_width, number_width = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
        for table, how_many, which in rows:
            click.echo(f"  {table:<{name_width}}  {how_many:<{number_width}}  {which}".rstrip())
        if not rows:
            click.echo("  nothing")


def reach_json(graph: Graph, reached: Reached) -> list[dict[str, Any]]:
    """The tables and their partitions; a table without partitions has none."""
    return [
        {
            "table": str(table),
            "partitions": number(graph.calendars[table], stretches),
            "stretches": [{"first": first, "last": last} for first, last in named(graph.calendars[table], stretches)],
        }
        for table, stretches in reached.items()
    ]


def _asked(graph: Graph, now: datetime, name: TableName, partition: str) -> Stretch:
    calendar, extent = graph.calendars[name], Horizon(graph, now).extent(name)
    if calendar is None or extent is None:
        raise click.UsageError(f"{address(name, partition)}: {name} has no partitions")
    try:
        parsed = calendar.parse(partition)
    except ValueError:
        parsed = None
    is_there = parsed is not None and extent.first <= parsed <= extent.last
    if parsed is None or not is_there or calendar.id(parsed) != partition or calendar.grain.floor(parsed) != parsed:
        span = f"it has {calendar.id(extent.first)} to {calendar.id(extent.last)}"
        what = f"{address(name, partition)} is not a partition of {name}" if partition else f"{name}@: which partition"
        raise click.UsageError(f"{what}: {span}")
    return Stretch(parsed, parsed)


def _described(graph: Graph, table: TableName, stretches: Stretches) -> tuple[str, str]:
    calendar = graph.calendars[table]
    if calendar is None:
        return "all of it", ""
    return count(number(calendar, stretches), "partition"), ", ".join(_spans(named(calendar, stretches)))


def _spans(ends: Sequence[tuple[str, str]]) -> Iterator[str]:
    for first, last in ends[:SHOWN]:
        yield first if first == last else f"{first} to {last}"
    if len(ends) > SHOWN:
        yield f"… to {ends[-1][1]}"
