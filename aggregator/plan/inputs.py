"""What a partition's query can see: the input partitions and their versions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime

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
        self._kept = _kept_tables(model, graph)
        self.keeps = bool(self._kept)
        self.may_be_unsettled = any(texts.may_be_unsettled(edge.table) for edge in self.edges)

    def partitions(self, partition: str) -> Iterator[tuple[TableName, str]]:
        """The table and id of each input partition; the id of a table read whole is empty."""
        return ((edge.table, each) for edge in self.edges for each in edge.reads[partition])

    def version(self, table: TableName, partition: str) -> Version:
        """The version of an input partition as it is now."""
        return self._texts.version(table, partition)

    def gone(self, partition: str, recorded: str) -> str:
        """The first input that had rows, has none, and may go without what was made from it, and how many they were.

        ``recorded`` is what the ledger keeps; what is no longer read does not matter. Empty if there is none.
        """
        if not self.keeps:
            return ""
        had = {(each["table"], each["partition"]): each["rows"] for each in json.loads(recorded)}
        for table, each in self.partitions(partition):
            rows = had.get((str(table), each)) if table in self._kept else 0
            if rows and not self.version(table, each).rows:
                return f"{address(table, each)} has no rows any more (had {rows})"
        return ""

    def unsettled(self, partition: str, read_at: datetime) -> str:
        """The first input of which it is not certain that it is as it was when it was read; empty if there is none."""
        if not self.may_be_unsettled:
            return ""
        for table, each in self.partitions(partition):
            settles_at = self._texts.settles_at(table, each)
            if settles_at is not None and settles_at >= read_at:
                return address(table, each)
        return ""

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


def _kept_tables(model: CompiledModel, graph: Graph) -> frozenset[TableName]:
    """The tables whose partitions may go without what was made from them: so it is said here, or they expire."""
    rollup, kept = model.model.rollup, model.model.kept
    is_kept = rollup is not None and rollup.keeps_gone
    named = {each.table for each in model.inputs if is_kept or each.alias in kept or str(each.table) in kept}
    by_partition = {each.table for each in model.inputs if each.map.reach is not Reach.ALL}
    return frozenset(named | {each for each in by_partition if _expires(graph, each)})


def _expires(graph: Graph, table: TableName) -> bool:
    declared = graph.models[table].model if table in graph.models else graph.sources.get(table)
    return declared is not None and declared.partition is not None and declared.partition.expire is not None


def carried(before: str, now: str) -> str:
    """The inputs of one record, with the versions that another one has of them."""
    old = {(each["table"], each["partition"]): each for each in json.loads(before)}
    merged = [old.get((each["table"], each["partition"]), each) for each in json.loads(now)]
    return f"[{','.join(map(json.dumps, merged))}]"


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
