"""A published partition back to the rows that it had before: staged, published and recorded like any others."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, LedgerRow, Outcome, Version
from aggregator.core.writes import Batch, ReplaceView, Staged
from aggregator.engines import Engine
from aggregator.engines.protocol import ColumnsChangedError, QueryError
from aggregator.plan.history import Return, way_back
from aggregator.plan.inputs import address
from aggregator.run import codes
from aggregator.run.checked import counting
from aggregator.strategies import write_for


@dataclasses.dataclass(frozen=True)
class RolledBack:
    """What came of it: the ledger's new row, or why there is none."""

    row: LedgerRow | None = None
    problem: Diagnostic | None = None


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
