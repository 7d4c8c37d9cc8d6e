"""Owners told of what failed in a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from aggregator.cli.output import say, warn
from aggregator.core.graph import Graph
from aggregator.core.report import StepResult
from aggregator.engines import WarehouseError
from aggregator.monitoring.causes import causes
from aggregator.monitoring.deliver import deliver
from aggregator.monitoring.messages import Message, messages, stopped


def tell_owners(graph: Graph, results: Iterable[StepResult], run_id: str, *, quiet: bool) -> None:
    """A message for each root cause, to its owner, where the environment is monitored so."""
    monitoring = graph.project.monitoring
    if monitoring is not None and monitoring.has_messages:
        _tell(graph, messages(graph, causes(results), run_id), quiet=quiet)


@contextlib.contextmanager
def telling_if_stopped(graph: Graph, run_id: str) -> Iterator[None]:
    """A message if the warehouse ends a run, to those who hear of all owners."""
    try:
        yield
    except WarehouseError as error:
        advice = f" (help: {error.advice})" if error.advice else ""
        _tell(graph, [stopped(graph, f"{error}{advice}", run_id)], quiet=True)
        raise


def _tell(graph: Graph, written: list[Message], *, quiet: bool) -> None:
    complaints = deliver(graph.project.monitoring, written)
    for each in complaints:
        warn(f"not everyone was told: {each}")
    if written and not complaints and not quiet:
        say(f"told {', '.join(dict.fromkeys(each.owner for each in written))}")
