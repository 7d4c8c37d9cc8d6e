"""``aggregator test``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.cli.options import format_option, project_options, select_option, wait_option
from aggregator.cli.output import count, print_json, teller
from aggregator.cli.progress import counter
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.engines import Engine
from aggregator.engines.protocol import QueryError
from aggregator.plan import make_plan
from aggregator.run.verify import Verified, verification, verified

SAMPLES = 5
"""Partitions of a roll-up that are looked at, unless all are: the first, the last, and some between them."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A roll-up and what came of its partitions; ``reason`` says why there are none, ``unchecked`` which measures."""

    name: TableName
    found: tuple[Verified, ...] = ()
    reason: str = ""
    unchecked: tuple[str, ...] = ()


@click.command("test")
@project_options
@select_option
@wait_option
@click.option("--all", "everything", is_flag=True, help="Look at every partition, not at a sample of them.")
@click.option("--partition", help="Look at this partition alone, such as 2013-02.")
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    selection: tuple[str, ...],
    wait: float,
    everything: bool,
    partition: str | None,
    output: str,
) -> int:
    """Compare roll-ups with the rows that they are made of."""
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    chosen = select(graph, selection)
    names = [name for name in graph.models if name in chosen and graph.models[name].model.rollup is not None]
    progress = counter("roll-ups compared", quiet=quiet)
    outcomes: list[Outcome] = []
    with at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
        plan = make_plan(graph, engine.snapshot(), selected=graph.models)
        for number, name in enumerate(names):
            others = {**plan.stale.get(name, {}), **plan.exempt.get(name, {})}
            fresh = [each for each in plan.due[name] if each not in others]
            wanted = [partition] if partition else _sample(fresh, everything=everything)
            outcomes.append(_outcome(graph, engine, name, wanted))
            progress(number + 1, len(names))
    if output == "json":
        print_json([line for outcome in outcomes for line in _json(outcome)])
    else:
        _print(outcomes)
    return 1 if any(not each.is_right for outcome in outcomes for each in outcome.found) else 0


def _sample(fresh: Sequence[str], *, everything: bool) -> list[str]:
    """The partitions to look at: what is stale, kept or accepted is known not to be what the rows say."""
    if everything or len(fresh) <= SAMPLES:
        return list(fresh)
    return [fresh[index * (len(fresh) - 1) // (SAMPLES - 1)] for index in range(SAMPLES)]


def _outcome(graph: Graph, engine: Engine, name: TableName, partitions: Sequence[str]) -> Outcome:
    how = verification(graph, name)
    if isinstance(how, str):
        return Outcome(name, reason=how)
    if not partitions:
        return Outcome(name, reason=f"nothing of it is fresh; `aggregator run --select +{name}`")
    try:
        found = tuple(verified(engine, how, each) for each in partitions)
    except QueryError as error:
        return Outcome(name, reason=str(error))
    return Outcome(name, found, unchecked=how.question.unchecked)


def _print(outcomes: Sequence[Outcome]) -> None:
    width = max((len(str(each.name)) for each in outcomes), default=0)
    for outcome in outcomes:
        head = f"{outcome.name!s:<{width}} "
        number = count(len(outcome.found), "partition")
        wrong = [each for each in outcome.found if not each.is_right]
        if outcome.reason:
            click.echo(f"{head} not compared: {outcome.reason}")
        elif wrong:
            click.secho(f"{head} {len(wrong)} of {number} wrong", fg="red")
            for line in (line for each in wrong for line in _complaints(each)):
                click.echo(f"  {line}")
        else:
            click.echo(f"{head} right: {count(sum(each.groups for each in outcome.found), 'group')} in {number}")
        if outcome.unchecked:
            click.echo(f"  not compared: {', '.join(outcome.unchecked)}, which no single query over rows can say")
    if not outcomes:
        click.echo("there are no roll-ups to compare")


def _complaints(found: Verified) -> Iterator[str]:
    if found.missing:
        yield f"{found.partition}: {count(found.missing, 'group')} of the rows are not in the table"
    if found.surplus:
        yield f"{found.partition}: {count(found.surplus, 'group')} of the table have no rows"
    for each in found.differences:
        error = f", by up to {each.error:.2%}" if each.error else ""
        yield f"{found.partition}: {each.measure} differs in {count(each.groups, 'group')}{error}"


def _json(outcome: Outcome) -> Iterator[dict[str, Any]]:
    if outcome.reason:
        yield {"model": str(outcome.name), "partition": None, "state": "not compared", "reason": outcome.reason}
    for each in outcome.found:
        yield {
            "model": str(outcome.name),
            "partition": each.partition,
            "state": "right" if each.is_right else "wrong",
            "groups": each.groups,
            "missing": each.missing,
            "surplus": each.surplus,
            "differences": [
                {"measure": wrong.measure, "groups": wrong.groups, "error": wrong.error} for wrong in each.differences
            ],
        }
