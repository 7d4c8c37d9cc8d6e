"""What a partition's query can see: the input partitions and their versions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import WHOLE, Version
from aggregator.plan.reads import reads_through
from aggregator.plan.texts import Say, Texts


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """A table that is read: for each output partition its partitions, and what is to be said of them."""

    table: TableName
    reads: Mapping[str, tuple[str, ...]]
    say: Say


class _Whole(dict[str, tuple[str, ...]]):
    """Whatever is built, all of the table is read."""

    def __missing__(self, _partition: str) -> tuple[str, ...]:
        return (WHOLE,)


class Inputs:
    """The inputs of one model. Views are looked through: what counts are their SQL and the tables below them.

    Make a new one with new texts when the versions of the inputs may have changed; those of the model's own table are
    always read anew, as a model that reads itself changes them partition by partition.
    """

    def __init__(self, model: CompiledModel, graph: Graph, texts: Texts) -> None:
        self._model = model
        self._graph = graph
        self._texts = texts
        self.edges = tuple(self._found())
        self._words = [(edge.reads, edge.say) for edge in self.edges]

    def partitions(self, partition: str) -> Iterator[tuple[TableName, str]]:
        """The table and id of each input partition; the id of a table read whole is empty."""
        return ((edge.table, each) for edge in self.edges for each in edge.reads[partition])

    def version(self, table: TableName, partition: str) -> Version:
        """The version of an input partition as it is now."""
        return self._texts.version(table, partition)

    def recorded(self, partition: str) -> str:
        """All inputs with their versions, as the ledger keeps them: equal texts mean that nothing changed."""
        said: list[str] = []
        for reads, say in self._words:
            for each in reads[partition]:
                said.append(say(each))  # noqa: PERF401  (most maps name one partition, and then this is the quickest)
        return f"[{','.join(said)}]"

    def _found(self) -> Iterator[Edge]:
        calendar = self._model.calendar
        for table, map_ in dict.fromkeys((edge.table, edge.map) for edge in self._model.inputs):
            source = self._graph.calendars[table]
            if map_.reach is Reach.ALL or source is None or calendar is None:
                yield from (Edge(base, _Whole(), self._texts.of(base)) for base in self._bases(table))
            else:
                say = self._texts.live(table) if table == self._model.name else self._texts.of(table)
                yield Edge(table, reads_through(map_, calendar, source), say)

    def _bases(self, table: TableName) -> Iterator[TableName]:
        """What a table's rows come from: itself and, if it is a view, the tables below it."""
        yield table
        model = self._graph.models.get(table)
        if model is None or model.model.kind is Kind.TABLE:
            return
        for below in dict.fromkeys(edge.table for edge in model.inputs):
            yield from self._bases(below)


def changed_input(before: str, after: str) -> tuple[str, str]:
    """The first input that differs between two records: its name, and how it changed."""
    old = {(each["table"], each["partition"]): each for each in json.loads(before)}
    new = {(each["table"], each["partition"]): each for each in json.loads(after)}
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            return address(*key), _difference(old.get(key), new.get(key))
    return "", "its inputs are listed differently"


def _difference(old: dict[str, object] | None, new: dict[str, object] | None) -> str:
    if old is None:
        return "is a new input"
    if new is None:
        return "is no longer an input"
    before, now = old["rows"], new["rows"]
    if before == now:
        return f"changed ({now} rows, as before)" if now else "was defined anew"
    if not now:
        return f"has no rows any more (had {before})"
    return f"changed ({before} rows, now {now})" if before else f"is new ({now} rows)"


def address(table: object, partition: str) -> str:
    """A partition as people name it: ``marts.daily@2013-02-08``, or the table's name alone."""
    return f"{table}@{partition}" if partition else str(table)
