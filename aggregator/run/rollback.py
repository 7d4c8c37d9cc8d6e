"""A published partition back to the rows that it had before: staged, published and recorded like any others."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, Ledger, LedgerRow, Outcome, Version
from aggregator.core.writes import Batch, ReplaceView, Staged
from aggregator.engines import Engine
from aggregator.engines.protocol import ColumnsChangedError, QueryError
from aggregator.plan.history import Return, way_back
from aggregator.plan.inputs import address
from aggregator.run import codes
from aggregator.run.checked import counting
from aggregator.strategies import write_for

Target: TypeAlias = tuple[TableName, str]
"""A table and one of its partitions; of a table without partitions, the empty id."""


class NoTargetError(ValueError):
    """What was named is nothing that can be rolled back; the message is for whoever named it."""


@dataclasses.dataclass(frozen=True)
class RolledBack:
    """What came of it: the ledger's new row, or why there is none."""

    row: LedgerRow | None = None
    problem: Diagnostic | None = None


def target_named(graph: Graph, text: str, *, is_whole: bool) -> Target:
    """What ``MODEL@PARTITION`` names; if it need not be whole, the partition may be left out.

    Raises :class:`NoTargetError`.
    """
    name, _, partition = text.partition("@")
    table = TableName.parse(name)
    if table is None or table not in graph.models:
        raise NoTargetError(f"{name} is not a model. {did_you_mean(name, map(str, graph.models))}".strip())
    calendar = graph.calendars[table]
    if is_whole and calendar is not None and not partition:
        raise NoTargetError(f"{name} has partitions: say which one, as MODEL@PARTITION")
    if calendar is None and partition:
        raise NoTargetError(f"{name} has no partitions: `aggregator rollback {name}`")
    return table, partition


def targets_of_run(ledger: Ledger, graph: Graph, wanted: Sequence[Target], run: str) -> list[Target]:
    """The partitions whose rows a run wrote, and nobody since: of some models, or of all if there are none.

    Raises :class:`NoTargetError` if there are none.
    """
    names = {name for name, _ in wanted} or graph.models.keys()
    found = [
        (name, partition)
        for name, model in graph.models.items()
        if name in names and model.model.kind is not Kind.VIEW
        for partition, row in ledger.built.get(name, {}).items()
        if (row.run_id, row.outcome) == (run, Outcome.BUILT)
    ]
    if not found:
        raise NoTargetError(f"no rows that are there now were written by a run {run}")
    return found


def roll_back_all(graph: Graph, engine: Engine, targets: Sequence[Target], run_id: str) -> dict[Target, RolledBack]:
    """Each of them, one after the other, while nobody else writes its table."""
    ledger, done = engine.snapshot().ledger, {}
    for name, partition in targets:
        if engine.hold(name):
            ledger = engine.snapshot().ledger
        built = ledger.built.get(name, {})
        done[name, partition] = roll_back(graph.models[name], engine, built, run_id=run_id, partition=partition)
    return done


def roll_back(
    model: CompiledModel, engine: Engine, built: Mapping[str, LedgerRow], *, run_id: str, partition: str
) -> RolledBack:
    """Take the rows of the last build away, and bring those back that were there before it.

    ``built`` are the ledger's latest rows of the table, which the caller holds. Raises ``NotHereError`` where the
    engine keeps no earlier rows.
    """
    latest, began = built.get(partition), time.monotonic()
    back, why = _way(model, engine, latest, partition)
    if latest is None or back is None:
        return _refused(model, partition, why)
    write = write_for(model, Step(model.name, (partition,), Stale(Reason.FULL)), {})  # its own query is not run
    assert not isinstance(write, ReplaceView)  # noqa: S101  (a view has no way back)
    earlier = engine.earlier(write, back.moment)
    try:
        staged = engine.stage(earlier, [counting(model)])
        with engine.publishing():
            published = engine.publish(earlier, staged, [partition])
            row = dataclasses.replace(
                _row(latest, back, staged, published.versions.get(partition, ABSENT)),
                run_id=run_id,
                written_at=engine.now(),
                bytes=None if staged.bytes is None else staged.bytes + (published.bytes or 0),
                job_id=published.job_id or staged.job_id,
                seconds=time.monotonic() - began,
            )
            engine.record([row])
    except ColumnsChangedError as error:
        return _refused(model, partition, f"its earlier rows do not fit into the table as it is: {error}")
    except QueryError as error:
        return _refused(model, partition, str(error))
    return RolledBack(row)


def _way(model: CompiledModel, engine: Engine, latest: LedgerRow | None, partition: str) -> tuple[Return | None, str]:
    """The way back, or why there is none."""
    if model.model.kind is Kind.VIEW:
        return None, "a view has no rows of its own; the ones that it reads can be rolled back"
    if latest is None:
        return None, "the ledger knows of no rows that it was built with"
    version = engine.versions().get(model.name, {}).get(partition, ABSENT)
    if version.token != latest.version:
        return None, "someone else has changed its rows since they were built; `aggregator run` builds them anew"
    back = way_back(engine.history(model.name, partition))
    return back, "" if back else "the ledger knows of no rows that it had before"


def _row(latest: LedgerRow, back: Return, staged: Staged, version: Version) -> LedgerRow:
    """What is written down: the rows of one build, and the inputs and logic that led to another."""
    batch = staged.batches.get(latest.partition) or Batch(0, "")
    taken, restored = back.undone, back.restored
    exact = "" if batch.checksum == restored.checksum else f", as they stood at {back.moment:%Y-%m-%d %H:%M:%S} UTC"
    return dataclasses.replace(
        latest,
        outcome=Outcome.ROLLED_BACK,
        rows=batch.rows,
        version=version.token,
        checksum=batch.checksum,
        checks=restored.checks,
        message=f"from the {taken.rows} rows of run {taken.run_id} to the {batch.rows} of run {restored.run_id}{exact}",
    )


def _refused(model: CompiledModel, partition: str, why: str) -> RolledBack:
    message = f"{address(model.name, partition)} is not rolled back: {why}"
    return RolledBack(problem=Diagnostic(model.place, codes.NOT_ROLLED_BACK, message))
