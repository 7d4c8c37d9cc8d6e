"""``aggregator rollback``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from aggregator.cli.options import format_option, project_options, wait_option
from aggregator.cli.output import print_json, print_text, teller
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work, new_run_id
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import Ledger, Outcome
from aggregator.engines import Engine
from aggregator.plan.inputs import address
from aggregator.run.rollback import RolledBack, roll_back

_Target = tuple[TableName, str]


@click.command("rollback")
@click.argument("targets", metavar="MODEL[@PARTITION]...", nargs=-1)
@click.option("--run", "run", metavar="ID", help="All partitions whose rows this run wrote, of these models or of all.")
@project_options
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    targets: tuple[str, ...],
    run: str | None,
    wait: float,
    output: str,
) -> int:
    """Bring back the rows that partitions had before.

    These are the rows before the last build. A partition is then held: it is built again when
    what it reads or its SQL changes, or when a run with --full asks for it. What reads it is stale.
    """
    if not targets and run is None:
        raise click.UsageError("say what to roll back: MODEL@PARTITION, or --run ID")
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    wanted = [_target(graph, each, is_whole=run is None) for each in targets]
    with at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
        found = _of_run(engine.snapshot().ledger, graph, wanted, run) if run is not None else wanted
        done = _rolled_back(graph, engine, found)
    if output == "json":
        print_json([_json(target, each) for target, each in done.items()])
    else:
        for target, each in done.items():
            if each.row is not None:
                click.echo(f"{address(*target)} is rolled back, {each.row.message}")
    print_text([each.problem for each in done.values() if each.problem is not None], session.root)
    moved = sorted({str(name) for (name, _), each in done.items() if each.row is not None})
    if moved and output == "text":
        click.echo(f"Next: mend the cause; `aggregator plan --select {moved[0]}+` shows what reads these rows")
    return 1 if any(each.problem is not None for each in done.values()) else 0


def _target(graph: Graph, text: str, *, is_whole: bool) -> _Target:
    """What an argument names: a partition, or a table without partitions."""
    name, _, partition = text.partition("@")
    table = TableName.parse(name)
    if table is None or table not in graph.models:
        raise click.UsageError(f"{name} is not a model. {did_you_mean(name, map(str, graph.models))}".strip())
    calendar = graph.calendars[table]
    if is_whole and calendar is not None and not partition:
        raise click.UsageError(f"{name} has partitions: say which one, as MODEL@PARTITION")
    if calendar is None and partition:
        raise click.UsageError(f"{name} has no partitions: `aggregator rollback {name}`")
    return table, partition


def _of_run(ledger: Ledger, graph: Graph, wanted: Sequence[_Target], run: str) -> list[_Target]:
    """The partitions whose rows a run wrote, and nobody since."""
    names = {name for name, _ in wanted} or graph.models.keys()
    found = [
        (name, partition)
        for name, model in graph.models.items()
        if name in names and model.model.kind is not Kind.VIEW
        for partition, row in ledger.built.get(name, {}).items()
        if (row.run_id, row.outcome) == (run, Outcome.BUILT)
    ]
    if not found:
        raise click.UsageError(f"no rows that are there now were written by a run {run}")
    return found


def _rolled_back(graph: Graph, engine: Engine, targets: Sequence[_Target]) -> dict[_Target, RolledBack]:
    ledger, run_id = engine.snapshot().ledger, new_run_id()
    done = {}
    for name, partition in targets:
        if engine.hold(name):
            ledger = engine.snapshot().ledger
        built = ledger.built.get(name, {})
        done[name, partition] = roll_back(graph.models[name], engine, built, run_id=run_id, partition=partition)
    return done


def _json(target: _Target, done: RolledBack) -> dict[str, object]:
    name, partition = target
    return {
        "model": str(name),
        "partition": partition or None,
        "rows": done.row.rows if done.row is not None else None,
        "message": done.row.message if done.row is not None else done.problem and done.problem.message,
        "is_rolled_back": done.row is not None,
    }
