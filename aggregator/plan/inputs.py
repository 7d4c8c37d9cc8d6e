"""What a partition's query can see: the input partitions and their versions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import WHOLE, Version
from aggregator.plan.latest import HasRows, Latest, latest_inputs
from aggregator.plan.reads import reads_through
from aggregator.plan.texts import Say, Texts


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """A table that is read: for each output partition its partitions, and what is to be said of them.

    Where one of them is chosen (``latest``), ``reads`` are those that it may be, ``seen`` is the one that it is by the
    versions of now, and ``deciding`` are those that have a say in that: itself and the newer ones. Otherwise they are
    all the same.
    """

    table: TableName
    reads: Mapping[str, tuple[str, ...]]
    say: Say
    seen: Mapping[str, tuple[str, ...]]
    deciding: Mapping[str, tuple[str, ...]]

    @classmethod
    def all_of(cls, table: TableName, reads: Mapping[str, tuple[str, ...]], say: Say) -> Edge:
        """One that is read as its map says, whatever it holds."""
        return cls(table, reads, say, reads, reads)


class _Whole(dict[str, tuple[str, ...]]):
    """Whatever is built, all of the table is read."""

    def __missing__(self, _partition: str) -> tuple[str, ...]:
        return (WHOLE,)


class _Asked(dict[str, tuple[str, ...]]):
    """What is found out of each output partition once."""

    def __init__(self, find: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, partition: str) -> tuple[str, ...]:
        self[partition] = found = self._find(partition)
        return found


class Inputs:
    """The inputs of one model. Views are looked through: what counts are their SQL and the tables below them.

    Make a new one with new texts when the versions of the inputs may have changed; those of the model's own table are
    always read anew, as a model that reads itself changes them partition by partition.
    """

    def __init__(self, model: CompiledModel, graph: Graph, texts: Texts) -> None:
        self._model = model
        self._graph = graph
        self._texts = texts
        self.latest = {(each.table, each.map): each for each in latest_inputs(model, graph.calendars)}
        self.edges = tuple(self._found())
        self._words = [(edge.seen, edge.say) for edge in self.edges]
        self._kept = _kept_tables(model, graph)
        self.keeps = bool(self._kept)
        self.may_be_unsettled = any(texts.may_be_unsettled(edge.table) for edge in self.edges)

    def partitions(self, partition: str) -> Iterator[tuple[TableName, str]]:
        """The table and id of each input partition; the id of a table read whole is empty.

        Where one of several is read, they are all that it may be.
        """
        return ((edge.table, each) for edge in self.edges for each in edge.reads[partition])

    def deciding(self, partition: str) -> Iterator[tuple[TableName, str]]:
        """The same, without those of which it does not matter now whether they have rows."""
        return ((edge.table, each) for edge in self.edges for each in edge.deciding[partition])

    def chosen(self, partition: str) -> dict[str, date | datetime]:
        """The parameters by which the query of a partition learns what was chosen for it: see :meth:`lacking`."""
        found: dict[str, date | datetime] = {}
        for latest in self.latest.values():
            chosen = latest.chosen(partition, self._has_rows(latest.table))
            found |= latest.values(chosen) if chosen is not None else {}
        return found

    def lacking(self, partition: str) -> Latest | None:
        """The first input of which one partition is to be read, and none is there."""
        there = ((each, each.chosen(partition, self._has_rows(each.table))) for each in self.latest.values())
        return next((each for each, chosen in there if chosen is None), None)

    def version(self, table: TableName, partition: str) -> Version:
        """The version of an input partition as it is now."""
        return self._texts.version(table, partition)

    def gone(self, partition: str, recorded: str) -> str:
        """The first input that had rows, has none, and may go without what was made from it, and how many they were.

        ``recorded`` is what the ledger keeps; what is no longer read does not matter. Empty if there is none.
        """
        if not self.keeps:
            return ""
        had = _by_key(recorded)
        for table, each in self.partitions(partition):
            rows = had.get((str(table), each), {}).get("rows") if table in self._kept else 0
            if rows and not self.version(table, each).rows:
                return f"{address(table, each)} has no rows any more (had {rows})"
        return ""

    def unsettled(self, partition: str, read_at: datetime) -> str:
        """The first input of which it is not certain that it is as it was when it was read; empty if there is none."""
        if not self.may_be_unsettled:
            return ""
        for table, each in self.deciding(partition):
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

    def carried(self, partition: str, before: str) -> str:
        """The inputs as they are recorded now, with the versions that an earlier record has of them.

        If another partition of a table was chosen then, it is the earlier record itself: that is a change, and not an
        input that was not read.
        """
        old = _by_key(before)
        for latest in self.latest.values():
            table, chosen = str(latest.table), latest.chosen(partition, self._has_rows(latest.table))
            if (table, chosen) not in old and any(name == table for name, _ in old):
                return before
        now = json.loads(self.recorded(partition))
        merged = [old.get((each["table"], each["partition"]), each) for each in now]
        return f"[{','.join(map(json.dumps, merged))}]"

    def changed(self, before: str, now: str) -> tuple[str, str]:
        """The first input that differs between two records of a partition: its name, and how it changed."""
        return _changed(before, now, {str(table) for table, _ in self.latest})

    def _found(self) -> Iterator[Edge]:
        calendar = self._model.calendar
        for table, map_ in dict.fromkeys((edge.table, edge.map) for edge in self._model.inputs):
            source = self._graph.calendars[table]
            if map_.reach is Reach.ALL or source is None or calendar is None:
                yield from (Edge.all_of(base, _Whole(), self._texts.of(base)) for base in self._bases(table))
            elif map_.reach is Reach.LATEST:
                yield self._one_of(self.latest[table, map_])
            else:
                say = self._texts.live(table) if table == self._model.name else self._texts.of(table)
                yield Edge.all_of(table, reads_through(map_, calendar, source), say)

    def _one_of(self, latest: Latest) -> Edge:
        """An input of which one partition is read."""
        has_rows = self._has_rows(latest.table)

        def seen(partition: str) -> tuple[str, ...]:
            chosen = latest.chosen(partition, has_rows)
            return () if chosen is None else (chosen,)

        deciding = _Asked(lambda partition: latest.deciding(partition, has_rows))
        return Edge(latest.table, latest.among, self._texts.of(latest.table), _Asked(seen), deciding)

    def _has_rows(self, table: TableName) -> HasRows:
        return lambda partition: bool(self._texts.version(table, partition).rows)

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


def _by_key(recorded: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["table"], each["partition"]): each for each in json.loads(recorded)}


def _changed(before: str, after: str, latest: Collection[str]) -> tuple[str, str]:
    """Of the tables of ``latest``, one partition is read, and another one may be."""
    old, new = _by_key(before), _by_key(after)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            gone = max((each for each in old.keys() - new.keys() if each[0] == key[0]), default=None)
            come = max((each for each in new.keys() - old.keys() if each[0] == key[0]), default=None)
            if key[0] not in latest or gone is None:
                return address(*key), _difference(old.get(key), new.get(key))
            if come is not None and come > gone:
                return address(*come), f"is there now; {gone[1]} was the latest when it was read"
            return address(*gone), _difference(old[gone], {"rows": 0})
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
