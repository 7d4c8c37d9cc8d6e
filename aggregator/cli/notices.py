"""Owners told of what failed in a run."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.cli.output import say, warn
from aggregator.core.graph import Graph
from aggregator.core.report import StepResult
from aggregator.monitoring.causes import causes
from aggregator.monitoring.deliver import deliver
from aggregator.monitoring.messages import messages


def tell_owners(graph: Graph, results: Iterable[StepResult], run_id: str, *, quiet: bool) -> None:
    """A message for each root cause, to its owner, where the environment is monitored so."""
    monitoring = graph.project.monitoring
    if monitoring is None or not monitoring.has_messages:
        return
    written = messages(graph, causes(results), run_id)
    complaints = deliver(monitoring, written)
    for each in complaints:
        warn(f"not everyone was told: {each}")
    if written and not complaints and not quiet:
        say(f"told {', '.join(dict.fromkeys(each.owner for each in written))}")
