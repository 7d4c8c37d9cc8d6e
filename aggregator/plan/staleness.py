"""Why a partition is not fresh. Sound: what is called fresh would come out the same if it were built now."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Policy, Reason, Stale
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, WHOLE, LedgerRow, Outcome, Snapshot, Version
from aggregator.plan.inputs import Edge, Inputs, address
from aggregator.plan.policies import accepts, expired

Pending = Mapping[TableName, Mapping[str, Stale]]
"""Partitions upstream that are about to be rebuilt, and why."""

_OTHER_LOGIC = "its SQL, macros or maps changed since it was built"
_LEFT_BY = {Outcome.ACCEPTED: Policy.ACCEPTED, Outcome.ROLLED_BACK: Policy.HELD}


class Staleness:
    """Judges the partitions of one model against a snapshot.

    ``pending`` may grow while partitions are judged, by those of the model itself.
    """

    def __init__(self, model: CompiledModel, snapshot: Snapshot, inputs: Inputs, pending: Pending) -> None:
        self._model = model
        self._fingerprint = model.fingerprint
        self._inputs = inputs
        self._now = snapshot.now
        self._exists = model.name in snapshot.versions
        self._versions = snapshot.versions.get(model.name, {})
        self._ledger = snapshot.ledger.built.get(model.name, {})
        self._is_view = model.model.kind is Kind.VIEW
        self._is_doubtful = inputs.may_be_unsettled or model.model.volatile is not None
        waiting = ((edge, pending.get(edge.table)) for edge in inputs.edges)
        self._waiting = [
            (edge, each, each.keys().isdisjoint)  # looked up once, as it is asked of each partition
            for edge, each in waiting
            if each or (each is not None and _is_own(edge, model))
        ]

    def judge(self, partition: str) -> Stale | None:
        """The first reason that holds; None for what is fresh or exempt. The order is that of the design."""
        row = self._ledger.get(partition)
        version = self._versions.get(partition, ABSENT)
        if row is None or not (version.rows or self._has_rows(row, version)):
            return self._judge_unknown(version, row)
        if self._inputs.keeps and self._inputs.gone(partition, row.inputs):
            return None
        found = self._change(partition, row, version)
        is_held = row.outcome is Outcome.ROLLED_BACK
        if found is None and self._is_doubtful and not self._is_view and not is_held:
            found = self._doubt(partition, row)
        return self._upstream(partition) if found is None and self._waiting and not self._is_view else found

    def judge_all(self, partition: str) -> Stale | None:
        """As :meth:`judge`, where everything is to be built whatever its state: only what is kept is left."""
        return None if self.gone(partition) else Stale(Reason.FULL, "asked for")

    def exempt(self, partition: str) -> Exempt | None:
        """Why a partition that is not judged stale is left as it is, by the word of its author; None if it is fresh."""
        row = self._ledger.get(partition)
        if row is None:
            return None
        gone = self.gone(partition)
        if gone:
            return Exempt(Policy.KEPT, gone)
        if row.fingerprint != self._fingerprint:
            return Exempt(Policy.ACCEPT, _OTHER_LOGIC)
        policy = _LEFT_BY.get(row.outcome)
        return Exempt(policy, row.message) if policy is not None else None

    @property
    def may_exempt(self) -> bool:
        """Whether any partition may be exempt: it is quicker to ask once than of each."""
        if self._inputs.keeps or self._model.model.on_change is not None:
            return True
        return any(row.outcome in _LEFT_BY for row in self._ledger.values())

    def gone(self, partition: str) -> str:
        """What a partition was made from and is gone, so that it is not to be built again; empty if nothing is.

        A partition without its rows has nothing to lose.
        """
        row = self._ledger.get(partition)
        if not self._inputs.keeps or row is None or not self._has_rows(row, self._versions.get(partition, ABSENT)):
            return ""
        return self._inputs.gone(partition, row.inputs)

    def _has_rows(self, row: LedgerRow, version: Version) -> bool:
        """Whether the rows that were written are there, if there were any."""
        return self._exists and not (row.rows and not version.rows and version == ABSENT)

    def _change(self, partition: str, row: LedgerRow, version: Version) -> Stale | None:
        """What is not as it was when the partition was built, or accepted."""
        is_other = row.fingerprint != self._fingerprint
        if is_other and not accepts(self._model, partition, version):
            return Stale(Reason.LOGIC, _OTHER_LOGIC)
        if version.token != row.version:
            how = f"someone else changed its rows ({row.rows} rows, now {version.rows})"
            return Stale(Reason.TOUCHED, "someone else changed its SQL" if self._is_view else how)
        if self._is_view:
            return None
        recorded = self._inputs.recorded(partition)
        before = self._inputs.carried(partition, row.inputs) if is_other else row.inputs
        if recorded == before:
            return None
        name, how = self._inputs.changed(before, recorded)
        return Stale(Reason.INPUT, f"{name} {how}", name)

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

    def _upstream(self, partition: str) -> Stale | None:
        """The first input that is to be rebuilt itself."""
        for edge, waiting, is_disjoint in self._waiting:
            read = edge.deciding[partition]
            if is_disjoint(read) and read != (WHOLE,):
                continue
            for each in read:
                cause = waiting.get(each) if each else next(iter(waiting.values()), None)
                if cause is not None:
                    name = address(edge.table, each or next(iter(waiting)))
                    return Stale(Reason.INPUT, f"{name} is to be rebuilt", cause.upstream or name, pending=True)
        return None


def _is_own(edge: Edge, model: CompiledModel) -> bool:
    return edge.table == model.name
