"""``aggregator lineage``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from aggregator.cli.options import format_option, project_options
from aggregator.cli.output import print_json
from aggregator.cli.partitions import HEADS, print_reach, reach_json, trace
from aggregator.cli.select import path_of
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.graph import Graph, Origin
from aggregator.core.lineage import Lineage
from aggregator.core.names import TableName


@dataclasses.dataclass(frozen=True)
class Branch:
    """A table or column and what is beyond it; ``column`` is empty for a table.

    ``note`` is what happens on the way to it: a derivation, or a partition map. ``is_again``: what is beyond it is
    shown at another place.
    """

    place: Origin
    note: str
    branches: tuple[Branch, ...] = ()
    is_again: bool = False


_SHOWN = 3
"""So many tables are suggested."""

Steps = Callable[[Origin], Iterator[tuple[Origin, str]]]


@click.command("lineage")
@click.argument("what", metavar="TABLE[.COLUMN|@PARTITION]")
@project_options
@click.option("--up", "way", flag_value="up", help="Only what it is made from.")
@click.option("--down", "way", flag_value="down", help="Only what is made from it.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="At most so many steps; all by default.")
@format_option("json")
def command(
    folder: Path, environment: str | None, quiet: bool, what: str, way: str | None, depth: int | None, output: str
) -> int:
    """Trace a table, column or partition up and down.

    For columns, each line says how it is made: copy, transformation or aggregate. For tables, it says through which
    partition map they are read. For a partition, such as marts.monthly@2013-02, it says which partitions of each table
    it is made from and which are made from it.
    """
    session = open_project(folder, environment, output, quiet=quiet)
    lineage = Lineage(session.graph)
    what, is_partition, partition = what.partition("@")
    place = _place(session, lineage, what)
    ways = [way] if way else list(HEADS)
    if is_partition:
        _show_partition(session.graph, place, partition, ways, output)
        return 0
    trees = {each: _grow(place, _steps(session.graph, lineage, place, each), depth or sys.maxsize) for each in ways}
    if output == "json":
        found = _json(session.graph, lineage, Branch(place, ""))
        print_json(found | {way: _branches_json(session.graph, lineage, tree) for way, tree in trees.items()})
    else:
        _print(session.graph, lineage, place, trees)
    return 0


# --- what was asked for ---


def _place(session: Session, lineage: Lineage, what: str) -> Origin:
    """The table or column with a name; an unknown one is an error of usage."""
    dataset, _, rest = what.partition(".")
    table, _, column = rest.partition(".")
    graph, name = session.graph, TableName.parse(f"{dataset}.{table}")
    if name is None or (name not in graph.models and name not in graph.sources):
        if name in graph.project.models or name in graph.project.broken:
            session.stop_on_errors()
        raise click.UsageError(_unknown(graph, what, f"{dataset}.{table}".strip(".")))
    if not column:
        return Origin(str(name), "")
    found = lineage.column(Origin(str(name), column))
    if found is None:
        advice = did_you_mean(column, (each.name for each in lineage.columns(str(name)).values()))
        raise click.UsageError(f"{what}: {name} has no column {column}. {advice}".strip())
    _, dot, fields = column.partition(".")
    return Origin(str(name), f"{found.name}{dot}{fields}")


def _unknown(graph: Graph, what: str, name: str) -> str:
    """What to say of a table that is not there; of half a name, whichever tables have it."""
    known = [*graph.models, *graph.sources]
    paths = {each.document.path: str(table) for table, each in graph.project.models.items()}
    paths |= {each.document.path: str(table) for table, each in graph.sources.items()}
    if not name or what in paths:
        return "name a table, as dataset.table" + (f": {paths[what]}" if name else "")
    if "." not in name:
        found = [str(each) for each in known if name.casefold() in (each.dataset.casefold(), each.table.casefold())]
        found = sorted(found) or [str(each) for each in known if did_you_mean(name, [each.table])][:1]
        return f"{name} is no table: write dataset.table" + (f". did you mean {_listed(found)}?" if found else "")
    return f"{what}: there is no table {name}. {did_you_mean(name, map(str, known))}".strip()


def _listed(names: list[str]) -> str:
    *most, last = names[:_SHOWN] + ["another"] * (len(names) > _SHOWN)
    return f"{', '.join(most)} or {last}" if most else last


# --- one partition ---


def _show_partition(graph: Graph, place: Origin, partition: str, ways: list[str], output: str) -> None:
    if place.column:
        raise click.UsageError(f"{place.table}.{place.column}@{partition}: a column has no partitions of its own")
    found = trace(graph, datetime.now(UTC), _name(place), partition, ways)
    if output == "json":
        print_json(
            {"table": place.table, "partition": partition}
            | {way: reach_json(graph, reached) for way, reached in found.items()}
        )
    else:
        print_reach(graph, f"{place.table}@{partition}", found)


# --- the tree ---


def _steps(graph: Graph, lineage: Lineage, place: Origin, way: str) -> Steps:
    def columns(start: Origin) -> Iterator[tuple[Origin, str]]:
        steps = lineage.upstream(start) if way == "up" else lineage.downstream(start)
        return ((step.column, str(step.derivation)) for step in steps)

    def tables(start: Origin) -> Iterator[tuple[Origin, str]]:
        name = _name(start)
        for other in graph.upstream(name) if way == "up" else graph.downstream(name):
            reader, read = (name, other) if way == "up" else (other, name)
            maps = dict.fromkeys(str(edge.map) for edge in graph.models[reader].inputs if edge.table == read)
            yield Origin(str(other), ""), " and ".join(maps)

    return columns if place.column else tables


def _grow(start: Origin, steps: Steps, depth: int) -> tuple[Branch, ...]:
    """What can be reached; a place that is reached in several ways is followed at the first of them."""
    seen = {start}

    def grow(place: Origin, left: int) -> Iterator[Branch]:
        for other, note in steps(place):
            is_again = other in seen
            seen.add(other)
            beyond = tuple(grow(other, left - 1)) if left > 1 and not is_again else ()
            yield Branch(other, note, beyond, is_again=is_again and any(True for _ in steps(other)))

    return tuple(grow(start, depth))


# --- how it looks ---


def _print(graph: Graph, lineage: Lineage, place: Origin, trees: dict[str, tuple[Branch, ...]]) -> None:
    name = f"{place.table}.{place.column}" if place.column else place.table
    facts = ", ".join(filter(None, _facts(graph, lineage, place)))
    click.echo("  ".join(filter(None, (click.style(name, bold=True), facts, path_of_table(graph, place)))))
    description = _description(graph, lineage, place)
    if description:
        click.echo(f"  {description}")
    for way, branches in trees.items():
        click.secho(HEADS[way], bold=True)
        rows = list(_rows(graph, lineage, branches, 1))
        width = max((len(left) for left, _ in rows), default=0)
        for left, right in rows:
            click.echo(f"{left:<{width}}  {right}".rstrip())
        if not rows:
            click.echo("  nothing")


def _rows(graph: Graph, lineage: Lineage, branches: tuple[Branch, ...], depth: int) -> Iterator[tuple[str, str]]:
    for branch in branches:
        place = branch.place
        name = f"{place.table}.{place.column}" if place.column else place.table
        facts = ", ".join(filter(None, (branch.note, *_facts(graph, lineage, place))))
        more = "…" if branch.is_again else ""
        right = "  ".join(filter(None, (f"({facts})" if facts else "", path_of_table(graph, place), more)))
        yield f"{'  ' * depth}{name}", right
        yield from _rows(graph, lineage, branch.branches, depth + 1)


def _facts(graph: Graph, lineage: Lineage, place: Origin) -> tuple[str, ...]:
    """The type and measure of a column; the kind of a table that is no ordinary one."""
    if place.column:
        column = lineage.column(place)
        is_whole = column is not None and "." not in place.column
        return (column.type, str(column.measure)) if column is not None and is_whole else ()
    name = _name(place)
    kind = str(graph.models[name].model.kind) if name in graph.models else "source"
    return () if kind == "table" else (kind,)


def _json(graph: Graph, lineage: Lineage, branch: Branch) -> dict[str, Any]:
    place = branch.place
    found: dict[str, Any] = {"table": place.table}
    if place.column:
        column = lineage.column(place)
        is_whole = column is not None and "." not in place.column
        found["column"] = place.column
        found["type"] = column.type if column is not None and is_whole else ""
        found["measure"] = str(column.measure) if column is not None and is_whole else ""
    found["description"] = _description(graph, lineage, place)
    found["path"] = path_of_table(graph, place)
    return found


def _branches_json(graph: Graph, lineage: Lineage, branches: tuple[Branch, ...]) -> list[dict[str, Any]]:
    return [
        _json(graph, lineage, branch)
        | {"derivation" if branch.place.column else "map": branch.note}
        | {"then": _branches_json(graph, lineage, branch.branches), "is_again": branch.is_again}
        for branch in branches
    ]


def _description(graph: Graph, lineage: Lineage, place: Origin) -> str:
    if place.column:
        return lineage.description(place)
    name = _name(place)
    return graph.models[name].model.description if name in graph.models else graph.sources[name].description


def path_of_table(graph: Graph, place: Origin) -> str:
    """The file of a model or source."""
    name = _name(place)
    return graph.sources[name].document.path if name in graph.sources else path_of(graph, name)


def _name(place: Origin) -> TableName:
    dataset, _, table = place.table.partition(".")
    return TableName(dataset, table)
