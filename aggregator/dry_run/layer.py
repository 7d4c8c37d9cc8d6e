"""One analyzer over a whole graph: upstream first, so that each model is judged over what its inputs will be."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent import futures
from typing import Any

from aggregator.analyzers.protocol import Analyzer, Field, Mistake, Relation, Statement, Verdict
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.graph import CompiledModel, Graph, parameter_types
from aggregator.core.names import TableName
from aggregator.core.project import Project

Progress = Callable[[int, int], object]

_SHARE = 24
"""Statements that are asked at a time: they share a catalog."""

Columns = tuple[Field, ...]


@dataclasses.dataclass(frozen=True)
class Asked:
    """The models to be judged; ``interval`` gives the values of their parameters for which bytes are to be told."""

    graph: Graph
    names: Collection[TableName]
    interval: Callable[[CompiledModel], Mapping[str, Any]]


def judge(asked: Asked, analyzer: Analyzer, cache: Cache, progress: Progress) -> Mapping[TableName, Verdict]:
    """The verdict on each of some models. What was judged before is not judged again."""
    layer = _Layer(asked, analyzer, cache)
    layer.run(progress)
    cache.save()
    return layer.verdicts


def schema_of(graph: Graph, verdicts: Mapping[TableName, Verdict], name: TableName) -> Columns | None:
    """The columns of a table as an analyzer told them, else as they were compiled; None where a type is not known."""
    verdict = verdicts.get(name)
    if verdict is not None and verdict.columns:
        return verdict.columns
    if name in graph.models:
        columns: Iterable[Field] = (Field(each.name, each.type) for each in graph.models[name].columns)
    else:
        columns = (Field(str(each.name), each.type) for each in graph.sources[name].columns)
    listed = tuple(columns)
    return listed if listed and all(each.type for each in listed) else None


def pseudo_of(project: Project, name: TableName) -> Columns:
    """What a table has besides its columns."""
    source = project.sources.get(name)
    return tuple(Field(str(each.name), each.type) for each in source.pseudo_columns) if source is not None else ()


class _Layer:
    """What is known so far. ``_waiting`` has, for each model, those of its inputs that are not judged yet."""

    def __init__(self, asked: Asked, analyzer: Analyzer, cache: Cache) -> None:
        self.verdicts: dict[TableName, Verdict] = {}
        self._graph = graph = asked.graph
        self._interval = asked.interval
        self._analyzer = analyzer
        self._cache = cache
        self._base = key_of("verdict", analyzer.name, analyzer.version(), software())
        self._keys: dict[TableName, str] = {}
        self._known: dict[TableName, str] = {}
        chosen = set(asked.names)
        self._waiting = {name: chosen.intersection(graph.reads[name]) for name in graph.models if name in chosen}
        self._readers: dict[TableName, list[TableName]] = {}
        for name, inputs in self._waiting.items():
            for table in inputs:
                self._readers.setdefault(table, []).append(name)
        self._ready = [name for name, inputs in self._waiting.items() if not inputs]

    def run(self, progress: Progress) -> None:
        total = len(self._waiting)
        running: dict[futures.Future[Sequence[Verdict]], list[TableName]] = {}
        with futures.ThreadPoolExecutor(self._analyzer.parallel) as pool:
            while self._ready or running:
                asked = self._unanswered()
                size = max(1, min(_SHARE, len(asked) // self._analyzer.parallel))
                for start in range(0, len(asked), size):
                    names, statements = zip(*asked[start : start + size], strict=True)
                    running[pool.submit(self._analyzer.analyse, statements)] = list(names)
                done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
                for future in done:
                    for name, verdict in zip(running.pop(future), future.result(), strict=True):
                        self._keep(name, verdict)
                        self._settle(name, verdict)
                progress(len(self.verdicts), total)

    def _unanswered(self) -> list[tuple[TableName, Statement]]:
        """What is ready and has to be asked; whatever else is ready is settled, and may make more ready."""
        asked = []
        while self._ready:
            name = self._ready.pop()
            verdict = self._recalled(name)
            question = self._question(name) if verdict is None else verdict
            if isinstance(question, Verdict):
                self._settle(name, question)
            else:
                asked.append((name, question))
        return asked

    def _question(self, name: TableName) -> Statement | Verdict:
        """A model as a statement, or why it can't be judged."""
        model = self._graph.models[name]
        schemas = {
            table: schema_of(self._graph, self.verdicts, table)
            for table in dict.fromkeys(edge.table for edge in model.inputs)
        }
        unknown = [str(table) for table, columns in schemas.items() if columns is None]
        if unknown:
            return Verdict(unchecked=f"the columns of {', '.join(unknown)} are not known")
        from aggregator.dry_run.statements import statement_of  # noqa: PLC0415  (sqlglot: nothing may have changed)

        project = self._graph.project
        relations = {
            table: Relation(str(table), columns or (), pseudo_of(project, table)) for table, columns in schemas.items()
        }
        types = parameter_types(model, self._graph.calendars)
        return statement_of(model, relations, types, self._interval(model), project)

    def _settle(self, name: TableName, verdict: Verdict) -> None:
        self.verdicts[name] = verdict
        for reader in self._readers.get(name, ()):
            self._waiting[reader].discard(name)
            if not self._waiting[reader]:
                self._ready.append(reader)

    def _recalled(self, name: TableName) -> Verdict | None:
        """A verdict is found by the identity of the model, and what the analyzer said of the models that it reads."""
        identity = self._graph.identities[name]
        if not identity:
            return None
        inputs = (f"{table} {self._known[table]}" for table in self._graph.reads[name] if table in self._known)
        self._keys[name] = key_of(self._base, identity, *inputs)
        head = self._cache.head(self._keys[name])
        if head is None:
            return None
        self._known[name], rest = head.split("\n")
        return _decoded(self._known[name], rest)

    def _keep(self, name: TableName, verdict: Verdict) -> None:
        """Remember a verdict; what could not be judged is tried again the next time."""
        columns, rest = _encoded(verdict)
        self._known[name] = columns
        if name in self._keys and not verdict.unchecked:
            self._cache.put(self._keys[name], Row(f"{columns}\n{rest}"))


def _encoded(verdict: Verdict) -> tuple[str, str]:
    mistake = verdict.mistake
    said = [mistake.message, mistake.start, mistake.help] if mistake else None
    columns = [[each.name, each.type] for each in verdict.columns]
    reads = {table: list(names) for table, names in verdict.reads.items()} if verdict.reads is not None else None
    return json.dumps(columns), json.dumps([said, reads, verdict.bytes])


def _decoded(columns: str, rest: str) -> Verdict:
    said, reads, bytes_ = json.loads(rest)
    return Verdict(
        mistake=Mistake(*said) if said else None,
        columns=tuple(Field(*each) for each in json.loads(columns)),
        reads={table: tuple(names) for table, names in reads.items()} if reads is not None else None,
        bytes=bytes_,
    )
