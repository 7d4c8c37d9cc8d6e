"""Why a partition is not fresh. Sound: what is called fresh would come out the same if it were built now."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, WHOLE, LedgerRow, Snapshot, Version
from aggregator.plan.inputs import Edge, Inputs, address, changed_input

Pending = Mapping[TableName, Mapping[str, Stale]]
"""Partitions upstream that are about to be rebuilt, and why."""


class Staleness:
    """Judges the partitions of one model against a snapshot.

    ``pending`` may grow while partitions are judged, by those of the model itself.
    """

    def __init__(self, model: CompiledModel, snapshot: Snapshot, inputs: Inputs, pending: Pending) -> None:
        self._fingerprint = model.fingerprint
        self._recorded = inputs.recorded
        self._exists = model.name in snapshot.versions
        self._versions = snapshot.versions.get(model.name, {})
        self._ledger = snapshot.ledger.built.get(model.name, {})
        self._is_view = model.model.kind is Kind.VIEW
        waiting = ((edge, pending.get(edge.table)) for edge in inputs.edges)
        self._waiting = [(edge, each) for edge, each in waiting if each or (each is not None and _is_own(edge, model))]

    def judge(self, partition: str) -> Stale | None:
        """The first reason that holds; None for a fresh partition. The order is that of the design."""
        row = self._ledger.get(partition)
        version = self._versions.get(partition, ABSENT)
        if row is None or not self._exists or (row.rows and not version.rows and version == ABSENT):
            return self._judge_unknown(version, row)
        if row.fingerprint != self._fingerprint:
            return Stale(Reason.LOGIC, "its SQL, macros or maps changed since it was built")
        if self._is_view:
            return None if version.token == row.version else Stale(Reason.TOUCHED, "someone else changed its SQL")
        if version.token != row.version:
            return Stale(Reason.TOUCHED, f"someone else changed its rows ({row.rows} rows, now {version.rows})")
        recorded = self._recorded(partition)
        if recorded != row.inputs:
            name, how = changed_input(row.inputs, recorded)
            return Stale(Reason.INPUT, f"{name} {how}", name)
        return self._upstream(partition) if self._waiting else None

    def _judge_unknown(self, version: Version, row: LedgerRow | None) -> Stale:
        """Never built, or without the rows that it was built with."""
        if row is not None:
            return Stale(Reason.MISSING, f"its {row.rows} rows are gone" if row.rows else "it is gone")
        if version == ABSENT:
            return Stale(Reason.MISSING)
        return Stale(Reason.UNRECORDED, "the ledger does not know what its rows were made from")

    def _upstream(self, partition: str) -> Stale | None:
        """The first input that is to be rebuilt itself."""
        for edge, waiting in self._waiting:
            read = edge.reads[partition]
            if read != (WHOLE,) and waiting.keys().isdisjoint(read):
                continue
            for each in read:
                cause = waiting.get(each) if each else next(iter(waiting.values()), None)
                if cause is not None:
                    name = address(edge.table, each or next(iter(waiting)))
                    return Stale(Reason.INPUT, f"{name} is to be rebuilt", cause.upstream or name, pending=True)
        return None


def _is_own(edge: Edge, model: CompiledModel) -> bool:
    return edge.table == model.name
