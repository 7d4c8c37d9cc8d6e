"""What an owner is told of a root cause: what failed, why, what waits for it, and what to do next. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.monitoring.causes import Cause

MOST_OF_AN_OWNER = 5
"""So many messages of one run go to an owner; what is more is counted in one last message."""

_NAMED = 8


@dataclasses.dataclass(frozen=True)
class Message:
    """A message to the owner of a model; to nobody in particular where that is empty. The subject is one line."""

    owner: str
    subject: str
    text: str


def messages(graph: Graph, causes: Iterable[Cause], run_id: str) -> list[Message]:
    """One message for each cause, to the owner of the model that failed."""
    owned: dict[str, list[Cause]] = {}
    for each in causes:
        owned.setdefault(graph.models[each.model].model.owner, []).append(each)
    return [message for owner, several in owned.items() for message in _to_owner(graph, owner, several, run_id)]


def stopped(graph: Graph, why: str, run_id: str) -> Message:
    """A run could not go on, or not even begin: no model is to blame."""
    project = graph.project
    environment = project.environment.name
    lines = [f"cause: {why}", f"next: mend the cause, then `aggregator run --env {environment}`", f"run: {run_id}"]
    return Message("", f"A run of {project.name} stopped in {environment}", "\n".join(lines))


def trial(graph: Graph) -> list[Message]:
    """A message to each owner of a model, to see whether it arrives."""
    project = graph.project
    owners = dict.fromkeys(each.model.owner for each in graph.models.values())
    subject = f"A test of {project.name} in {project.environment.name}"
    text = "Nothing has failed. You are told so because models are yours, and you would hear of it here if they did."
    return [Message(owner, subject, f"{text}\nowner: {owner}") for owner in owners]


def _to_owner(graph: Graph, owner: str, causes: Sequence[Cause], run_id: str) -> Iterator[Message]:
    environment = graph.project.environment.name
    for each in islice(causes, MOST_OF_AN_OWNER):
        subject = f"{named(each.model, each.partitions)} failed in {environment}"
        lines = [
            f"cause: {account(graph, each)}",
            f"owner: {owner}",
            f"next: {next_step([each.model], environment)}",
            f"run: {run_id}",
        ]
        yield Message(owner, subject, "\n".join(lines))
    rest = causes[MOST_OF_AN_OWNER:]
    if rest:
        models = list(dict.fromkeys(each.model for each in rest))
        subject = f"{len(rest)} more failures in {environment}"
        lines = [
            *(f"{named(each.model, each.partitions)}: {told(each.problem)}" for each in rest),
            f"owner: {owner}",
            f"next: {next_step(models, environment)}",
            f"run: {run_id}",
        ]
        yield Message(owner, subject, "\n".join(lines))


def account(graph: Graph, cause: Cause) -> str:
    """A cause in a few lines: what it is, what it blocks, and where it says what to do."""
    lines = [told(cause.problem)]
    if cause.blocked:
        owner = graph.models[cause.model].model.owner
        listed = [_with_owner(graph, name, partitions, owner) for name, partitions in cause.blocked.items()]
        rest = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
        lines.append(f"not built because of it: {', '.join(listed[:_NAMED])}{rest}")
    runbook = runbook_of(graph, cause.model)
    return "\n".join([*lines, f"runbook: {runbook}"] if runbook else lines)


def runbook_of(graph: Graph, name: TableName) -> str:
    """Where it says what to do when a table breaks: its own page, else that of the project; empty without either."""
    model = graph.models[name].model if name in graph.models else None
    if model is not None and model.runbook:
        return model.runbook.replace("{model}", str(name))
    return graph.project.monitoring.runbook_of(str(name)) if graph.project.monitoring is not None else ""


def next_step(models: Sequence[TableName], environment: str) -> str:
    """What to do about models that failed, where a run was begun by hand or by cron."""
    selected = " ".join(f"--select {name}+" for name in models)
    return f"mend the cause, then `aggregator run --env {environment} {selected}`"


def told(problem: Diagnostic) -> str:
    """A finding on a line, with its place and what helps."""
    place = f"{problem.place.path}:{problem.place.line}:{problem.place.column}"
    advice = f" (help: {problem.help})" if problem.help else ""
    return f"{place}: {problem.code.id} {problem.message}{advice}"


def named(name: TableName, partitions: Sequence[str]) -> str:
    """Partitions of a table, for people."""
    if not partitions or partitions == ("",):
        return str(name)
    return f"{name}@{partitions[0]}" + (f"..{partitions[-1]} ({len(partitions)})" if len(partitions) > 1 else "")


def _with_owner(graph: Graph, name: TableName, partitions: Sequence[str], owner: str) -> str:
    other = graph.models[name].model.owner
    return named(name, partitions) + (f" of {other}" if other != owner else "")
