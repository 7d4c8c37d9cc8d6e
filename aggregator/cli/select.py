"""``--select``: which models a command is about."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import click

from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import Graph
from aggregator.core.names import TableName

_TABLE = re.compile(r"`?([A-Za-z_][A-Za-z0-9_]*)`?\s*\.\s*`?([A-Za-z_][A-Za-z0-9_]*\*?)`?")


def select(graph: Graph, wanted: Iterable[str]) -> list[TableName]:
    """The models that were asked for, upstream first; all of them if nothing was. Unknown names are usage errors.

    Models with errors can be selected, too; they come last.
    """
    return _Selection(graph, tuple(wanted)).models


def select_findings(graph: Graph, wanted: Iterable[str], found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings in the files of the models that were asked for, and what they owe to those files.

    ``changed:REV`` asks for all files that changed: sources, macros and ``aggregator.yml``, too.
    """
    paths = _Selection(graph, tuple(wanted)).paths
    return tuple(
        each for each in found if each.place.path in paths or any(other.place.path in paths for other in each.related)
    )


def path_of(graph: Graph, name: TableName) -> str:
    """The file of a model, even of one that could not be read."""
    model = graph.project.models.get(name)
    return model.document.path if model else f"models/{name.dataset}/{name.table}.sql"


class _Selection:
    """What was asked for, on the command line or in a script."""

    def __init__(self, graph: Graph, wanted: tuple[str, ...]) -> None:
        self._graph = graph
        self._wanted = wanted
        self._changed: set[str] = set()
        chosen = {name for each in wanted for name in self._selected(each)}
        self.models = [name for name in self._all_models if name in chosen or not wanted]

    @property
    def paths(self) -> set[str]:
        """The files to look into."""
        paths = {path_of(self._graph, name) for name in self.models} | self._changed
        unrendered = (name for name in self.models if name not in self._graph.models and self._is_template(name))
        if any(unrendered):  # a mistake in a macro is found in the macro's file
            paths |= {document.path for document in self._graph.project.macros}
        return paths

    @functools.cached_property
    def _all_models(self) -> list[TableName]:
        project = self._graph.project
        return list(dict.fromkeys((*self._graph.models, *project.models, *sorted(project.broken))))

    def _selected(self, wanted: str) -> Iterator[TableName]:
        text = wanted.removeprefix("+").removesuffix("+")
        for name in self._named(text):
            yield name
            if wanted.startswith("+"):
                yield from _reachable(name, self._upstream)
            if wanted.endswith("+"):
                yield from _reachable(name, self._downstream)

    def _named(self, text: str) -> list[TableName]:
        kind, _, value = text.partition(":")
        if kind == "tag" and value:
            found = [name for name, model in self._graph.project.models.items() if value in model.tags]
        elif kind == "changed" and value:
            return self._since(value)
        else:
            found = [name for name in self._all_models if fnmatch.fnmatchcase(str(name), text)]
        if not found:
            advice = did_you_mean(text, map(str, self._graph.models))
            raise click.UsageError(f"{text or repr(text)}: there is no such model. {advice}".strip())
        return found

    @functools.cached_property
    def _upstream(self) -> Mapping[TableName, Iterable[TableName]]:
        """What each model reads; for one that was not understood, whatever it mentions."""
        graph = self._graph
        known = {name: list(graph.upstream(name)) for name in graph.models}
        broken = (name for name in graph.project.models if name not in graph.models)
        return known | {name: sorted(self._mentioned(name)) for name in broken}

    @functools.cached_property
    def _downstream(self) -> Mapping[TableName, Iterable[TableName]]:
        readers: dict[TableName, list[TableName]] = {}
        for name, tables in self._upstream.items():
            for table in tables:
                readers.setdefault(table, []).append(name)
        return readers

    def _mentioned(self, name: TableName) -> set[TableName]:
        return {TableName(*pair) for pair in _TABLE.findall(self._graph.project.models[name].mentions)} - {name}

    def _is_template(self, name: TableName) -> bool:
        model = self._graph.project.models.get(name)
        return model is not None and model.is_template

    def _since(self, revision: str) -> list[TableName]:
        """Models that may compile to something else, or have other findings, than at a git revision.

        These are models whose own file differs, that may use a macro that does, that read a source that does, or that
        read a table that is gone; all of them when ``aggregator.yml`` differs.
        """
        from aggregator.cli.changed import changed_files  # noqa: PLC0415  (git: few ask it)

        paths = changed_files(self._graph.project.root, revision)
        self._changed |= paths
        if "aggregator.yml" in paths:
            return self._all_models
        own = {name for name in self._all_models if path_of(self._graph, name) in paths}
        elsewhere = {table for path in paths if (table := _table_of(path))} - self._graph.project.models.keys()
        elsewhere |= {table.of_many for table in elsewhere}
        own |= {reader for table in elsewhere for reader in self._downstream.get(table, ())}
        if any(path.startswith("macros/") for path in paths):
            own |= {name for name in self._graph.project.models if self._is_template(name)}
        return [name for name in self._all_models if name in own]


def _reachable(start: TableName, neighbours: Mapping[TableName, Iterable[TableName]]) -> Iterator[TableName]:
    seen, waiting = {start}, [start]
    while waiting:
        for name in neighbours.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
                yield name


def _table_of(path: str) -> TableName | None:
    """The table that a file of ``models/`` declares, or declared when it was there."""
    file = PurePosixPath(path)
    is_table = path.startswith("models/") and file.suffix in (".sql", ".yml", ".yaml")
    return TableName.parse(f"{file.parent.name}.{file.stem}") if is_table else None
