"""``aggregator show``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import click

from aggregator.cli.fidelity import fidelity_lines
from aggregator.cli.options import project_options, wait_option
from aggregator.cli.output import count, teller
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.graph import CompiledModel, Graph, Origin, chosen_inputs
from aggregator.core.lineage import Lineage
from aggregator.core.names import TableName
from aggregator.engines import WarehouseError, open_engine
from aggregator.engines.protocol import QueryError

ROWS = 10
_ITEMS = 5
"""Of a longer array the first are shown: a sketch has very many."""
Sample: TypeAlias = "tuple[list[str], list[tuple[object, ...]]]"


@click.command("show")
@click.argument("model")
@project_options
@wait_option
@click.option("--sql", "what", flag_value="sql", default="sql", help="The compiled SQL (the default).")
@click.option("--rows", "what", flag_value="rows", help="A few rows of the newest partition.")
@click.option("--states", is_flag=True, help="With --rows: also the columns that are only kept for roll-ups.")
@click.option(
    "--lineage", "what", flag_value="lineage", help="What it reads, what reads it, and where columns come from."
)
def command(
    folder: Path, environment: str | None, quiet: bool, model: str, what: str, states: bool, wait: float
) -> int:
    """Show one model: its SQL, rows or lineage."""
    session = open_project(folder, environment, quiet=quiet)
    for name in select(session.graph, [model]):
        if name not in session.graph.models:
            session.stop_on_errors()
        if what == "sql":
            _sql(session, name)
        elif what == "rows":
            rows = _rows(session, name, wait, quiet=quiet)
            _print_rows(session.graph.models[name], rows, states=states)
        else:
            _lineage(session.graph, name)
    return 0


def _sql(session: Session, name: TableName) -> None:
    model = session.graph.models[name]
    click.echo(f"-- {name}: {model.model.description}")
    if model.calendar is not None:
        how = f"one partition at a time: {model.one_by_one}" if model.one_by_one else "any number of partitions at once"
        click.echo(f"-- @start and @end are of type {model.calendar.type}; built {how}")
    for (table, _), (start, end) in chosen_inputs(model.inputs).items():
        click.echo(f"-- @{start} and @{end} are the ends of the partition of {table} that is the latest then")
    for line in fidelity_lines(model):
        click.echo(f"-- {line}")
    click.echo(model.sql)


def _rows(session: Session, name: TableName, wait: float, *, quiet: bool) -> Sample:
    engine = open_engine(session.graph, teller(quiet=quiet), wait=wait)
    try:
        versions = engine.versions().get(name, {})
        newest = max(versions, default="")
        names, rows = engine.sample(name, newest, ROWS)
    except QueryError:
        raise WarehouseError(f"{name} has not been built", f"aggregator run --select +{name}") from None
    finally:
        engine.close()
    if newest:
        click.echo(f"-- {name}@{newest}, {len(rows)} of {count(versions[newest].rows, 'row')}")
    return names, rows


def _print_rows(model: CompiledModel, sample: Sample, *, states: bool) -> None:
    """A table; columns that nobody reads are left out unless they are asked for."""
    names, rows = sample
    kept = {column.name for column in model.columns if column.state_of and not states}
    shown = [index for index, name in enumerate(names) if name not in kept]
    _table([names[index] for index in shown], [[_text(row[index]) for index in shown] for row in rows])
    if kept:
        click.echo(f"-- {count(len(kept), 'column')} kept for roll-ups; --states shows them")


def _text(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list) and len(value) > _ITEMS:
        return f"[{', '.join(map(str, value[:_ITEMS]))}, … {len(value)} items]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _table(names: list[str], rows: list[list[str]]) -> None:
    widths = [
        max(len(name), *(len(row[index]) for row in rows)) if rows else len(name) for index, name in enumerate(names)
    ]
    click.echo("  ".join(f"{name:<{width}}" for name, width in zip(names, widths, strict=True)).rstrip())
    click.echo("  ".join("-" * width for width in widths))
    for row in rows:
        click.echo("  ".join(f"{value:<{width}}" for value, width in zip(row, widths, strict=True)).rstrip())


def _lineage(graph: Graph, name: TableName) -> None:
    model = graph.models[name]
    click.secho("reads", bold=True)
    maps = {edge.table: str(edge.map) for edge in model.inputs}
    _tree(name, graph.upstream, lambda table: maps.get(table, ""))
    click.secho("is read by", bold=True)
    _tree(name, graph.downstream, lambda _: "")
    click.secho("columns", bold=True)
    lineage = Lineage(graph)
    width = max((len(column.name) for column in model.columns), default=0)
    for column in model.columns:
        description = lineage.description(Origin(str(name), column.name))
        sources = ", ".join(f"{origin.table}.{origin.column}" for origin in column.origins)
        click.echo(f"  {column.name:<{width}}  {column.type or '?':<10}  {sources or '-'}  {description}".rstrip())


def _tree(
    name: TableName,
    neighbours: Callable[[TableName], Iterable[TableName]],
    note: Callable[[TableName], str],
    depth: int = 1,
) -> None:
    found = list(neighbours(name))
    if not found and depth == 1:
        click.echo("  nothing")
    for each in found:
        mark = f"  ({note(each)})" if depth == 1 and note(each) else ""
        click.echo(f"{'  ' * depth}{each}{mark}")
        _tree(each, neighbours, note, depth + 1)
