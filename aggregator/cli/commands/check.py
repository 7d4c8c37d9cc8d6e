"""``aggregator check``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from aggregator.checks.verdicts import result_json, statistics_json
from aggregator.cli.gx import check_elsewhere
from aggregator.cli.options import format_option, project_options, select_option, wait_option
from aggregator.cli.output import count, once, print_json, print_text, teller
from aggregator.cli.progress import counter
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.engines import Engine
from aggregator.run.checked import Verdicts, published_findings
from aggregator.run.published import check_published


@click.command("check")
@project_options
@select_option
@wait_option
@click.option("--partition", help="Look at this partition alone, such as 2013-02-08.")
@click.option("--gx", is_flag=True, help="Ask Great Expectations itself, also for what is asked nowhere else.")
@click.option(
    "--docs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the Data Docs of Great Expectations into this folder.",
)
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    selection: tuple[str, ...],
    wait: float,
    partition: str | None,
    gx: bool,
    docs: Path | None,
    output: str,
) -> int:
    """Hold published partitions against their checks.

    Nothing is written. A run does the same before it publishes; this is for checks that are new, and for rows that
    someone else has changed.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    chosen = [name for name in select(graph, selection) if name in graph.models]
    with at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
        if gx or docs is not None:
            return check_elsewhere(graph, engine, chosen, partition, docs, output)
        found = _found(graph, engine, chosen, partition, quiet=quiet)
    if output == "json":
        print_json([_json(name, each, verdicts) for name, of in found.items() for each, verdicts in of.items()])
    else:
        _print(found, graph)
    problems = [each for name, of in found.items() for each in published_findings(graph.models[name], of)]
    print_text(once(problems), session.root)
    return 1 if any(each.is_error for each in problems) else 0


def _found(
    graph: Graph, engine: Engine, chosen: list[TableName], partition: str | None, *, quiet: bool
) -> dict[TableName, Mapping[str, Verdicts]]:
    progress = counter("models checked", quiet=quiet)
    built = engine.snapshot().ledger.built
    found = {}
    for number, name in enumerate(chosen):
        found[name] = check_published(graph.models[name], graph, engine, built.get(name, {}), partition)
        progress(number + 1, len(chosen))
    return {name: of for name, of in found.items() if of}


def _json(name: TableName, partition: str, verdicts: Verdicts) -> dict[str, Any]:
    """As a result of a suite of Great Expectations."""
    return {
        "success": all(each.is_kept for each in verdicts),
        "suite_name": str(name),
        "meta": {"partition": partition or None},
        "results": [result_json(each) for each in verdicts],
        "statistics": statistics_json(verdicts),
    }


def _print(found: Mapping[TableName, Mapping[str, Verdicts]], graph: Graph) -> None:
    """A line for each model: how many partitions keep how many promises."""
    width = max((len(str(name)) for name in found), default=0)
    for name, of in found.items():
        click.echo(f"{name!s:<{width}}  {_line(of, graph.models[name])}")
    if not found:
        click.echo("There is nothing to check: no partition is published, or no model promises anything.")


def _line(of: Mapping[str, Verdicts], model: CompiledModel) -> str:
    promises = len(next(iter(of.values())))
    counted = Counter(all(each.is_kept for each in verdicts) for verdicts in of.values())
    what = f"{count(promises, 'check')} of {count(len(of), 'partition') if model.calendar else 'the table'}"
    return f"{what}: {f'{counted[False]:,} broken' if counted[False] else 'all kept'}"
