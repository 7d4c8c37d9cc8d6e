"""One analyzer over a whole graph: each model is judged over what its inputs will be."""

from __future__ import annotations

import dataclasses
import json
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from aggregator.analyzers.protocol import Analyzer, Field, Mistake, Relation, Statement, Verdict, field_of
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.graph import CompiledModel, Graph, parameter_types
from aggregator.core.names import TableName
from aggregator.core.project import Project
from aggregator.dry_run.asking import answers

Progress = Callable[[int, int], object]

Columns = tuple[Field, ...]
Schemas = Mapping[TableName, "Columns | None"]
"""The columns of tables; None where they are not known."""


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
    """What is known so far. All are asked at once, over the columns that compiling inferred for the models upstream.

    A verdict is settled when it was given over the columns that the inputs turned out to have; where these are others,
    the model is asked again.
    """

    def __init__(self, asked: Asked, analyzer: Analyzer, cache: Cache) -> None:
        self.verdicts: dict[TableName, Verdict] = {}
        self._assumed: dict[TableName, Verdict] = {}
        self._seen = ChainMap(self.verdicts, self._assumed)
        self._given: dict[TableName, tuple[Schemas, Verdict]] = {}
        self._graph = graph = asked.graph
        self._interval = asked.interval
        self._analyzer = analyzer
        self._cache = cache
        self._base = key_of("verdict", analyzer.name, analyzer.version(), software())
        self._known: dict[TableName, str] = {}
        chosen = set(asked.names)
        self._inputs = {name: chosen.intersection(graph.reads[name]) for name in graph.models if name in chosen}

    def run(self, progress: Progress) -> None:
        left = list(self._inputs)
        while left:
            asked = [(name, question) for name in left if (question := self._question(name)) is not None]
            verdicts: list[Verdict] = []
            done = len(self.verdicts)
            for found in answers(self._analyzer, [statement for _, (_, statement) in asked]):
                verdicts += found
                progress(done + len(verdicts), len(self._inputs))
            for (name, (schemas, _)), verdict in zip(asked, verdicts, strict=True):
                self._given[name] = schemas, verdict
            self._assumed.clear()
            left = [name for name in left if not self._settles(name)]
        progress(len(self.verdicts), len(self._inputs))

    def _question(self, name: TableName) -> tuple[Schemas, Statement] | None:
        """A model as a statement; None where its verdict is known, or nobody can assume the columns of an input yet."""
        if any(table not in self._seen for table in self._inputs[name]):
            return None
        verdict = self._recalled(name)
        if verdict is not None and self._inputs[name] <= self.verdicts.keys():
            self.verdicts[name] = verdict
            return None
        schemas = self._schemas(name)
        if verdict is None and name in self._given and self._given[name][0] == schemas:
            verdict = self._given[name][1]
        verdict = verdict or self._not_judged(schemas)
        if verdict is not None:
            self._given[name] = schemas, verdict
            self._assumed[name] = verdict
            return None
        columns = schema_of(self._graph, {}, name)
        if columns is not None:
            self._assumed[name] = Verdict(columns=columns)
        return schemas, self._statement(name, schemas)

    def _schemas(self, name: TableName) -> Schemas:
        tables = dict.fromkeys(edge.table for edge in self._graph.models[name].inputs)
        return {table: schema_of(self._graph, self._seen, table) for table in tables}

    def _not_judged(self, schemas: Schemas) -> Verdict | None:
        """That nothing can be said over columns which nobody knows, and why not."""
        unknown = [_with_reason(table, self._seen.get(table)) for table, columns in schemas.items() if columns is None]
        return Verdict(unchecked=f"the columns of {', '.join(unknown)} are not known") if unknown else None

    def _statement(self, name: TableName, schemas: Schemas) -> Statement:
        from aggregator.dry_run.statements import statement_of  # noqa: PLC0415  (sqlglot: nothing may have changed)

        model, project = self._graph.models[name], self._graph.project
        relations = {
            table: Relation(str(table), columns or (), pseudo_of(project, table)) for table, columns in schemas.items()
        }
        types = parameter_types(model, self._graph.calendars)
        return statement_of(model, relations, types, self._interval(model), project)

    def _settles(self, name: TableName) -> bool:
        """Whether the verdict on a model is known for good."""
        if name in self.verdicts:
            return True
        if name not in self._given or not self._inputs[name] <= self.verdicts.keys():
            return False
        schemas, verdict = self._given[name]
        if schemas != self._schemas(name):
            return False
        self.verdicts[name] = verdict
        self._keep(name, verdict)
        return True

    def _recalled(self, name: TableName) -> Verdict | None:
        """A verdict is found by the identity of the model, and what the analyzer says of the models that it reads."""
        key = self._key(name)
        head = self._cache.head(key) if key else None
        if head is None:
            return None
        columns, rest = head.split("\n")
        if self._inputs[name] <= self.verdicts.keys():
            self._known[name] = columns
        return _decoded(columns, rest)

    def _keep(self, name: TableName, verdict: Verdict) -> None:
        """Remember a verdict; what could not be judged is tried again the next time."""
        key = self._key(name)
        columns, rest = _encoded(verdict)
        self._known[name] = columns
        if key and not verdict.unchecked:
            self._cache.put(key, Row(f"{columns}\n{rest}"))

    def _key(self, name: TableName) -> str:
        """That of a verdict over what is known, or assumed, of the inputs; empty if it can't be kept."""
        identity = self._graph.identities[name]
        said = (f"{table} {self._columns(table)}" for table in self._graph.reads[name] if table in self._inputs[name])
        return key_of(self._base, identity, *said) if identity else ""

    def _columns(self, table: TableName) -> str:
        return self._known.get(table) or _encoded(self._assumed[table])[0]


def _with_reason(table: TableName, verdict: Verdict | None) -> str:
    """A table whose columns are not known, and what an analyzer has against it."""
    if verdict is not None and verdict.mistake:
        return f"{table} (which is refused: {verdict.mistake.message})"
    if verdict is not None and verdict.unchecked:
        return f"{table} (which is not checked)"
    return str(table)


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
        columns=tuple(field_of(*each) for each in json.loads(columns)),
        reads={table: tuple(names) for table, names in reads.items()} if reads is not None else None,
        bytes=bytes_,
    )
