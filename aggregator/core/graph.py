"""What was understood: the result of the compile stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from aggregator.core.calendar import Calendar
    from aggregator.core.diagnostics import Document, Place
    from aggregator.core.maps import PartitionMap
    from aggregator.core.names import TableName
    from aggregator.core.project import Model, Project, Source


@dataclasses.dataclass(frozen=True)
class Query:
    """A parsed SELECT with its text and the way back to the analyst's file.

    ``offsets`` is None when the text is the file's own, from ``start`` on; otherwise it gives, for each line of the
    rendered text, the line of the file that it came from.
    """

    text: str
    tree: exp.Query
    document: Document
    start: int
    lines: tuple[int, ...] | None = None

    def place(self, start: int, end: int | None = None) -> Place:
        """The place in the file of the characters ``[start, end)`` of the text."""
        if self.lines is None:
            return self.document.place(self.start + start, None if end is None else self.start + end)
        line_start = self.document.offset(self.lines[self.text.count("\n", 0, start)], 1)
        line = self.document.text[line_start:].partition("\n")[0]
        column = line.find(self.text[start : end or start])
        if end is None or column < 0:  # the template makes this text from another one
            return self.document.place(line_start + len(line) - len(line.lstrip()))
        return self.document.place(line_start + column, line_start + column + end - start)

    def place_of(self, node: exp.Expr) -> Place:
        """The place of a node of the tree: of its first token that has one, else of its keyword, else of the SELECT."""
        for part in node.walk(bfs=False):
            if "start" in part.meta:
                return self.place(part.meta["start"], part.meta["end"] + 1)
        keyword = node.sql_name() if hasattr(node, "sql_name") else node.key
        start = self.text.upper().find(keyword.upper())
        if start >= 0:
            return self.place(start, start + len(keyword))
        return self.place(len(self.text) - len(self.text.lstrip()))


@dataclasses.dataclass(frozen=True)
class Input:
    """A table that a model reads, under an alias, through a partition map."""

    table: TableName
    alias: str
    map: PartitionMap
    place: Place


@dataclasses.dataclass(frozen=True, order=True)
class Origin:
    """A column of an input that an output column is made from."""

    table: str
    column: str


@dataclasses.dataclass(frozen=True)
class OutputColumn:
    """A column of a model's table. ``type`` is a BigQuery type, empty where it is unknown."""

    name: str
    type: str = ""
    description: str = ""
    origins: tuple[Origin, ...] = ()


@dataclasses.dataclass(frozen=True)
class CompiledModel:
    """A model, understood.

    ``sql`` is one text for all partitions, with parameters ``@start`` and ``@end`` and the partition filters in.
    ``one_by_one`` says why several partitions can't be built in one query; empty when they can.
    """

    model: Model
    query: Query
    sql: str
    inputs: tuple[Input, ...]
    columns: tuple[OutputColumn, ...]
    calendar: Calendar | None
    one_by_one: str
    fingerprint: str

    @property
    def name(self) -> TableName:
        """The name of the model and of its table."""
        return self.model.name


@dataclasses.dataclass(frozen=True)
class Graph:
    """All models that could be understood, upstream before downstream, and the sources."""

    project: Project
    models: Mapping[TableName, CompiledModel]
    sources: Mapping[TableName, Source]
    calendars: Mapping[TableName, Calendar | None]

    def upstream(self, name: TableName) -> Iterator[TableName]:
        """The tables that a table reads directly, without itself."""
        if name in self.models:
            tables = dict.fromkeys(edge.table for edge in self.models[name].inputs)
            yield from (table for table in tables if table != name)

    def downstream(self, name: TableName) -> Iterator[TableName]:
        """The models that read a table directly, without itself."""
        return (other for other in self.models if other != name and name in set(self.upstream(other)))
