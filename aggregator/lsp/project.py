"""What the server knows of one project: the last result, and for what is broken now, what was last known of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from aggregator.core.diagnostics import Document, Place
from aggregator.core.graph import CompiledModel, Graph, Origin, OutputColumn
from aggregator.core.lineage import Lineage
from aggregator.core.names import TableName
from aggregator.core.project import Source
from aggregator.review import Review

_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\s*(\([^)]*\))?")


@dataclasses.dataclass(frozen=True)
class Macro:
    """A macro, where its name stands, and how it is called."""

    name: str
    signature: str
    place: Place


class Knowledge:
    """A compiled project for questions. Half-typed files leave what was known of their tables before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._graph: Graph | None = None
        self._before: dict[TableName, Graph] = {}
        self._columns: dict[TableName, Sequence[OutputColumn]] = {}

    def learn(self, checked: Review) -> None:
        """Take a new result; without a graph, the old one goes on answering."""
        if checked.graph is None:
            return
        sound, project = self._names(checked.graph), checked.graph.project
        if self._graph is not None:
            lost = self._names(self._graph) - sound
            self._before |= {name: self._before.get(name, self._graph) for name in lost}
        there = {*project.models, *project.sources, *project.broken}
        self._before = {name: graph for name, graph in self._before.items() if name in there - sound}
        self._graph = checked.graph
        self._columns = {}

    @property
    def tables(self) -> list[TableName]:
        """All tables that a SELECT may read."""
        return sorted({*self._names(self._graph), *self._before}) if self._graph else []

    @property
    def macros(self) -> list[Macro]:
        """All macros of the project, with what they take."""
        documents = self._graph.project.macros if self._graph else ()
        return [
            Macro(match[1], match[1] + (match[2] or "()"), document.place(*match.span(1)))
            for document in documents
            for match in _MACRO.finditer(document.text)
        ]

    @property
    def variables(self) -> list[str]:
        """The names of the project's variables."""
        return [str(name) for name in self._graph.project.variables] if self._graph else []

    def model(self, table: TableName) -> CompiledModel | None:
        """A model, as it last could be understood."""
        graph = self._graph_of(table)
        return graph.models.get(table) if graph else None

    def source(self, table: TableName) -> Source | None:
        """A source, as it last could be read."""
        graph = self._graph_of(table)
        return graph.sources.get(table) if graph else None

    def columns(self, table: TableName) -> Sequence[OutputColumn]:
        """The columns of a table, with what they mean or are copies of; none of a table that is not known."""
        if table not in self._columns:
            self._columns[table] = tuple(self._columns_of(table))
        return self._columns[table]

    def _columns_of(self, table: TableName) -> Iterator[OutputColumn]:
        graph, model, source = self._graph_of(table), self.model(table), self.source(table)
        if source is not None:
            yield from (OutputColumn(each.name, each.type, each.description) for each in source.columns)
        if graph is not None and model is not None:
            lineage = Lineage(graph)
            for each in model.columns:
                yield dataclasses.replace(each, description=lineage.description(Origin(str(table), each.name)))

    def document(self, table: TableName) -> Document | None:
        """The file that declares a table."""
        model, source = self.model(table), self.source(table)
        if model is not None:
            return model.model.document
        if source is not None:
            return source.document
        unclear = self._graph.project.models.get(table) if self._graph else None
        return unclear.document if unclear else None

    def description(self, table: TableName) -> str:
        """What a row of a table means."""
        model, source = self.model(table), self.source(table)
        return model.model.description if model else source.description if source else ""

    def _graph_of(self, table: TableName) -> Graph | None:
        return self._before.get(table, self._graph)

    @staticmethod
    def _names(graph: Graph) -> set[TableName]:
        return {*graph.models, *graph.sources}
