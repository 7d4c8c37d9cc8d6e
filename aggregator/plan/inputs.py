"""What a partition's query can see: the input partitions and their versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, WHOLE, Version, Versions, whole_version
from aggregator.plan.maps import read_partitions


class Inputs:
    """The inputs of one model. Views are looked through: what counts are their SQL and the tables below them.

    Make a new one when the versions of the inputs may have changed; those of the model's own table are always read
    anew, as a model that reads itself changes them partition by partition.
    """

    def __init__(self, model: CompiledModel, graph: Graph, versions: Versions) -> None:
        self._model = model
        self._graph = graph
        self._versions = versions
        self._edges = list(dict.fromkeys((edge.table, edge.map) for edge in model.inputs))
        self._kept = _kept_tables(model)
        self._are_certain: bool | None = None
        self._described: dict[tuple[TableName, str], str] = {}

    def partitions(self, partition: str) -> Iterator[tuple[TableName, str]]:
        """The table and id of each input partition; the id of a table read whole is empty."""
        calendar = self._model.calendar
        for table, map_ in self._edges:
            source = self._graph.calendars[table]
            if map_.reach is Reach.ALL or source is None or calendar is None:
                yield from ((base, WHOLE) for base in self._bases(table))
            else:
                ids = read_partitions(map_, calendar, source, calendar.parse(partition))
                yield from ((table, each) for each in ids)

    def version(self, table: TableName, partition: str) -> Version:
        """The version of an input partition as it is now."""
        partitions = self._versions.get(table, {})
        return whole_version(partitions) if partition == WHOLE else partitions.get(partition, ABSENT)

    def gone(self, partition: str, recorded: str) -> str:
        """The first input that had rows, has none, and may go without what was made from it, and how many they were.

        ``recorded`` is what the ledger keeps; what is no longer read does not matter. Empty if there is none.
        """
        if not self._kept:
            return ""
        had = {(each["table"], each["partition"]): each["rows"] for each in json.loads(recorded)}
        for table, each in self.partitions(partition):
            rows = had.get((str(table), each)) if table in self._kept else 0
            if rows and not self.version(table, each).rows:
                return f"{address(table, each)} has no rows any more (had {rows})"
        return ""

    def unsettled(self, partition: str, read_at: datetime) -> str:
        """The first input of which it is not certain that it is as it was when it was read; empty if there is none."""
        if self._are_certain is None:
            tables = dict.fromkeys(table for edge, _ in self._edges for table in self._bases(edge))
            read = (version for table in tables for version in self._versions.get(table, {}).values())
            self._are_certain = all(version.settles_at is None for version in read)
        if self._are_certain:
            return ""
        for table, each in self.partitions(partition):
            settles_at = self.version(table, each).settles_at
            if settles_at is not None and settles_at >= read_at:
                return address(table, each)
        return ""

    def recorded(self, partition: str) -> str:
        """All inputs with their versions, as the ledger keeps them: equal texts mean that nothing changed."""
        return f"[{','.join(self._describe(table, each) for table, each in self.partitions(partition))}]"

    def _describe(self, table: TableName, partition: str) -> str:
        """One input, as JSON; said once per input partition, as many output partitions share it."""
        key = (table, partition)
        if key not in self._described or table == self._model.name:
            version = self.version(table, partition)
            self._described[key] = json.dumps(
                {"table": str(table), "partition": partition, "rows": version.rows, "version": version.token}
            )
        return self._described[key]

    def _bases(self, table: TableName) -> Iterator[TableName]:
        """What a table's rows come from: itself and, if it is a view, the tables below it."""
        yield table
        model = self._graph.models.get(table)
        if model is None or model.model.kind is Kind.TABLE:
            return
        for below in dict.fromkeys(edge.table for edge in model.inputs):
            yield from self._bases(below)


def _kept_tables(model: CompiledModel) -> frozenset[TableName]:
    """The tables whose partitions may go without what was made from them."""
    rollup, kept = model.model.rollup, model.model.kept
    is_kept = rollup is not None and rollup.keeps_gone
    return frozenset(each.table for each in model.inputs if is_kept or each.alias in kept or str(each.table) in kept)


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
