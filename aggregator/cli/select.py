"""``--select``: which models a command is about."""

from __future__ import annotations

import fnmatch
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from aggregator.core.diagnostics import did_you_mean
from aggregator.core.graph import Graph
from aggregator.core.names import TableName


def select(graph: Graph, wanted: Iterable[str]) -> list[TableName]:
    """The models that were asked for, upstream first; all of them if nothing was. Unknown names are usage errors.

    Models with errors can be selected, too; they come last.
    """
    wanted = list(wanted)
    chosen = {name for each in wanted for name in _selected(graph, each)}
    return [name for name in _all_models(graph) if name in chosen or not wanted]


def path_of(graph: Graph, name: TableName) -> str:
    """The file of a model, even of one that could not be read."""
    model = graph.project.models.get(name)
    return model.document.path if model else f"models/{name.dataset}/{name.table}.sql"


def _all_models(graph: Graph) -> list[TableName]:
    return list(dict.fromkeys((*graph.models, *graph.project.models, *sorted(graph.project.broken))))


def _selected(graph: Graph, wanted: str) -> Iterator[TableName]:
    text = wanted.removeprefix("+").removesuffix("+")
    for name in _named(graph, text):
        yield name
        if wanted.startswith("+"):
            yield from _reachable(name, graph.upstream)
        if wanted.endswith("+"):
            yield from _reachable(name, graph.downstream)


def _named(graph: Graph, text: str) -> list[TableName]:
    kind, _, value = text.partition(":")
    if kind == "tag" and value:
        found = [name for name, model in graph.project.models.items() if value in model.tags]
    elif kind == "changed" and value:
        return _changed(graph, value)
    else:
        found = [name for name in _all_models(graph) if fnmatch.fnmatchcase(str(name), text)]
    if not found:
        advice = did_you_mean(text, map(str, graph.models))
        raise click.UsageError(f"--select {text}: there is no such model. {advice}".strip())
    return found


def _reachable(start: TableName, neighbours: Callable[[TableName], Iterable[TableName]]) -> Iterator[TableName]:
    seen, waiting = {start}, [start]
    while waiting:
        for name in neighbours(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
                yield name


def _changed(graph: Graph, revision: str) -> list[TableName]:
    """Models whose own file, or a macro they may use, differs from a git revision."""
    root = graph.project.root
    if revision.startswith("-"):
        raise click.UsageError(f"changed:{revision}: not a revision")
    paths = _git(root, "diff", "--name-only", "--relative", revision, "--")
    paths |= _git(root, "ls-files", "--others", "--exclude-standard")
    macros_changed = any(path.startswith("macros/") for path in paths)
    templated = {name for name, model in graph.models.items() if model.is_templated}
    return [
        name for name in _all_models(graph) if path_of(graph, name) in paths or (macros_changed and name in templated)
    ]


def _git(root: Path, *arguments: str) -> set[str]:
    try:
        done = subprocess.run(  # noqa: S603  (no shell; the revision can't be an option)
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise click.UsageError(f"changed: needs git: {error.strerror}") from None
    if done.returncode:
        raise click.UsageError(f"git {arguments[0]}: {done.stderr.strip().splitlines()[0]}")
    return set(done.stdout.splitlines())
