"""Why a partition is not fresh. Sound: what is called fresh would come out the same if it were built now."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, LedgerRow, Snapshot, Version
from aggregator.plan.inputs import Inputs, address, changed_input

Pending = Mapping[TableName, Mapping[str, Stale]]
"""Partitions upstream that are about to be rebuilt, and why."""


class Staleness:
    """Judges the partitions of one model against a snapshot."""

    def __init__(self, model: CompiledModel, graph: Graph, snapshot: Snapshot) -> None:
        self._model = model
        self._inputs = Inputs(model, graph, snapshot.versions)
        self._exists = model.name in snapshot.versions
        self._versions = snapshot.versions.get(model.name, {})
        self._ledger = snapshot.ledger.built.get(model.name, {})

    def judge(self, partition: str, pending: Pending) -> Stale | None:
        """The first reason that holds; None for a fresh partition. The order is that of the design."""
        row = self._ledger.get(partition)
        version = self._versions.get(partition, ABSENT)
        if row is None or not self._exists or (version == ABSENT and row.rows):
            return self._judge_unknown(version, row)
        if row.fingerprint != self._model.fingerprint:
            return Stale(Reason.LOGIC, "its SQL, macros or maps changed since it was built")
        if self._model.model.kind is Kind.VIEW:
            return None if version.token == row.version else Stale(Reason.TOUCHED, "someone else changed its SQL")
        if version.token != row.version:
            return Stale(Reason.TOUCHED, f"someone else changed its rows ({row.rows} rows, now {version.rows})")
        recorded = self._inputs.recorded(partition)
        if recorded != row.inputs:
            name, how = changed_input(row.inputs, recorded)
            return Stale(Reason.INPUT, f"{name} {how}", name)
        return self._upstream(partition, pending)

    def _judge_unknown(self, version: Version, row: LedgerRow | None) -> Stale:
        """Never built, or without the rows that it was built with."""
        if row is not None:
            return Stale(Reason.MISSING, f"its {row.rows} rows are gone" if row.rows else "it is gone")
        if version == ABSENT:
            return Stale(Reason.MISSING)
        return Stale(Reason.UNRECORDED, "the ledger does not know what its rows were made from")

    def _upstream(self, partition: str, pending: Pending) -> Stale | None:
        if not any(pending.values()):
            return None
        for table, each in self._inputs.partitions(partition):
            waiting = pending.get(table, {})
            cause = waiting.get(each) if each else next(iter(waiting.values()), None)
            if cause is not None:
                name = address(table, each or next(iter(waiting)))
                return Stale(Reason.INPUT, f"{name} is to be rebuilt", cause.upstream or name, pending=True)
        return None
