"""Roll-ups beside the rows that they are made of: how ``aggregator test`` compares them, and what it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import click

from aggregator.cli.output import count
from aggregator.cli.progress import counter
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.engines import Engine
from aggregator.engines.protocol import QueryError
from aggregator.plan import make_plan
from aggregator.run.verify import Verified, verification, verified

SAMPLES = 5
"""Partitions of a roll-up that are looked at, unless all are: the first, the last, and some between them."""


@dataclasses.dataclass(frozen=True)
class Which:
    """Which partitions are looked at: one, all, or a sample of them."""

    partition: str | None
    everything: bool
    quiet: bool


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A roll-up and what came of its partitions; ``reason`` says why there are none, ``unchecked`` which measures."""

    name: TableName
    found: tuple[Verified, ...] = ()
    reason: str = ""
    unchecked: tuple[str, ...] = ()


def compare_rollups(graph: Graph, engine: Engine, names: Sequence[TableName], which: Which) -> list[Outcome]:
    """Each roll-up beside the rows that it is made of, in some of its partitions."""
    progress = counter("roll-ups compared", quiet=which.quiet)
    plan = make_plan(graph, engine.snapshot(), selected=graph.models)
    outcomes: list[Outcome] = []
    for number, name in enumerate(names):
        others = {**plan.stale.get(name, {}), **plan.exempt.get(name, {})}
        fresh = [each for each in plan.due[name] if each not in others]
        wanted = [which.partition] if which.partition else _sample(fresh, everything=which.everything)
        outcomes.append(_outcome(graph, engine, name, wanted))
        progress(number + 1, len(names))
    return outcomes


def is_right(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing that was compared differs."""
    return all(each.is_right for outcome in outcomes for each in outcome.found)


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


def print_rollups(outcomes: Sequence[Outcome]) -> None:
    """A line per roll-up, and what is wrong."""
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


def _complaints(found: Verified) -> Iterator[str]:
    if found.missing:
        yield f"{found.partition}: {count(found.missing, 'group')} of the rows are not in the table"
    if found.surplus:
        yield f"{found.partition}: {count(found.surplus, 'group')} of the table have no rows"
    for each in found.differences:
        error = f", by up to {each.error:.2%}" if each.error else ""
        yield f"{found.partition}: {each.measure} differs in {count(each.groups, 'group')}{error}"


def rollup_json(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """A value for each partition."""
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
