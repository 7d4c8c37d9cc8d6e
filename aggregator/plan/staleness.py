"""Why a partition is not fresh. Sound: what is called fresh would come out the same if it were built now."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Policy, Reason, Stale
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, LedgerRow, Outcome, Snapshot, Version
from aggregator.plan.inputs import Inputs, address, carried, changed_input
from aggregator.plan.policies import accepts, expired

Pending = Mapping[TableName, Mapping[str, Stale]]
"""Partitions upstream that are about to be rebuilt, and why."""


_OTHER_LOGIC = "its SQL, macros or maps changed since it was built"


class Staleness:
    """Judges the partitions of one model against a snapshot."""

    def __init__(self, model: CompiledModel, graph: Graph, snapshot: Snapshot) -> None:
        self._model = model
        self._inputs = Inputs(model, graph, snapshot.versions)
        self._now = snapshot.now
        self._exists = model.name in snapshot.versions
        self._versions = snapshot.versions.get(model.name, {})
        self._ledger = snapshot.ledger.built.get(model.name, {})

    def judge(self, partition: str, pending: Pending) -> Stale | None:
        """The first reason that holds; None for what is fresh or exempt. The order is that of the design."""
        row = self._ledger.get(partition)
        version = self._versions.get(partition, ABSENT)
        if row is None or not self._exists or (version == ABSENT and row.rows):
            return self._judge_unknown(version, row)
        if self._inputs.gone(partition, row.inputs):
            return None
        found = self._change(partition, row, version)
        if found is not None or self._model.model.kind is Kind.VIEW:
            return found
        return self._doubt(partition, row) or self._upstream(partition, pending)

    def _change(self, partition: str, row: LedgerRow, version: Version) -> Stale | None:
        """What is not as it was when the partition was built, or accepted."""
        is_other, is_view = row.fingerprint != self._model.fingerprint, self._model.model.kind is Kind.VIEW
        if is_other and not accepts(self._model, partition, version):
            return Stale(Reason.LOGIC, _OTHER_LOGIC)
        if version.token != row.version:
            how = f"someone else changed its rows ({row.rows} rows, now {version.rows})"
            return Stale(Reason.TOUCHED, "someone else changed its SQL" if is_view else how)
        recorded = row.inputs if is_view else self._inputs.recorded(partition)
        before = carried(row.inputs, recorded) if is_other else row.inputs
        if recorded == before:
            return None
        name, how = changed_input(before, recorded)
        return Stale(Reason.INPUT, f"{name} {how}", name)

    def exempt(self, partition: str) -> Exempt | None:
        """Why a partition that is not judged stale is left as it is, by the word of its author; None if it is fresh."""
        row = self._ledger.get(partition)
        if row is None:
            return None
        gone = self.gone(partition)
        if gone:
            return Exempt(Policy.KEPT, gone)
        if row.fingerprint != self._model.fingerprint:
            return Exempt(Policy.ACCEPT, _OTHER_LOGIC)
        return Exempt(Policy.ACCEPTED, row.message) if row.outcome is Outcome.ACCEPTED else None

    def gone(self, partition: str) -> str:
        """What a partition was made from and is gone, so that it is not to be built again; empty if nothing is.

        A partition without its rows has nothing to lose.
        """
        row, version = self._ledger.get(partition), self._versions.get(partition, ABSENT)
        if row is None or not self._exists or (version == ABSENT and row.rows):
            return ""
        return self._inputs.gone(partition, row.inputs)

    def _doubt(self, partition: str, row: LedgerRow) -> Stale | None:
        """Why nobody can know whether building it again would give other rows."""
        unsettled = self._inputs.unsettled(partition, row.read_at)
        if unsettled:
            return Stale(Reason.UNSETTLED, f"{unsettled} was still changing when it was read", unsettled)
        too_old = expired(self._model, partition, row, self._now)
        return Stale(Reason.EXPIRED, too_old) if too_old else None

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
