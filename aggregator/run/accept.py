"""Rows that their author accepts although other logic gave them: only the ledger learns of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from aggregator.core.graph import CompiledModel
from aggregator.core.report import Status, StepResult
from aggregator.core.warehouse import Ledger, LedgerRow, Outcome
from aggregator.engines import Engine
from aggregator.plan.inputs import Inputs


def accept(
    model: CompiledModel, inputs: Inputs, engine: Engine, ledger: Ledger, *, run_id: str, partitions: Sequence[str]
) -> StepResult:
    """Write down that partitions are what the model's present logic stands for.

    Inputs have the versions that they were built from, so that what changed since then is still noticed. What the
    logic before did not read has the version of now.
    """
    rows = []
    for partition in partitions:
        built = ledger.built[model.name][partition]
        accepted = dataclasses.replace(
            built,
            run_id=run_id,
            outcome=Outcome.ACCEPTED,
            fingerprint=model.fingerprint,
            inputs=inputs.carried(partition, built.inputs),
            written_at=engine.now(),
            bytes=None,
            job_id="",
            seconds=0.0,
            message=_message(built),
        )
        rows.append(accepted)
    with engine.publishing():
        engine.record(rows)
    return StepResult(model.name, tuple(partitions), Status.ACCEPTED)


def _message(built: LedgerRow) -> str:
    """What the rows come from; it stays when they are accepted once more."""
    if built.outcome is Outcome.ACCEPTED:
        return built.message
    return f"built with the logic {built.fingerprint} in run {built.run_id}"
