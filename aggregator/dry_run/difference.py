"""Two dry runs of one project, before and after a change: what is different for those who read its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from aggregator.analyzers.protocol import Field
from aggregator.core.change import Change, CostChange
from aggregator.core.estimate import Estimate
from aggregator.core.names import TableName
from aggregator.dry_run.changes import changes, compare
from aggregator.dry_run.report import DryRun
from aggregator.dry_run.request import Request


@dataclasses.dataclass(frozen=True)
class Difference:
    """The changes of tables, and the models that read or cost something else."""

    changes: tuple[Change, ...]
    costs: tuple[CostChange, ...]


def difference_of(request_before: Request, before: DryRun, request: Request, after: DryRun) -> Difference:
    """What a change does. Models that were not selected count as they were compiled."""
    refused = {report.name for report in after.models if report.is_refused}
    found = changes(request_before.graph, request.graph, _schemas(before), _schemas(after), refused)
    asked = request.selected | request_before.selected
    models = request.graph.project.models
    costs = compare(_estimates(before), _estimates(after))
    return Difference(
        changes=tuple(change for change in found if change.table in asked or change.table not in models),
        costs=tuple(
            cost for cost in costs if cost.after is not None or cost.model not in models
        ),  # not the broken ones
    )


def _schemas(found: DryRun) -> Mapping[TableName, tuple[Field, ...]]:
    return {report.name: report.examination.columns for report in found.models if report.examination.columns}


def _estimates(found: DryRun) -> Mapping[TableName, Estimate]:
    """What sound models cost: of one that is refused, nobody knows which columns it reads."""
    return {
        report.name: report.examination.estimate
        for report in found.models
        if report.examination.estimate and not report.is_refused
    }
