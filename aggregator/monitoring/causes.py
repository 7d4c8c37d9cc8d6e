"""Why partitions were not built: each root cause once, with all that was blocked by it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.report import Status

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Code, Diagnostic, Place
    from aggregator.core.names import TableName
    from aggregator.core.report import StepResult

_Key: TypeAlias = "tuple[TableName, Place, Code]"


@dataclasses.dataclass(frozen=True)
class Cause:
    """A mistake, or whatever else it was, with the partitions of the model that failed of it, oldest first.

    ``blocked`` are those of other models that were not begun, as they read one that failed.
    """

    problem: Diagnostic
    model: TableName
    partitions: tuple[str, ...]
    blocked: Mapping[TableName, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def causes(results: Iterable[StepResult]) -> list[Cause]:
    """The root causes of what failed in a run, in the order in which they came up.

    Failures of one model with one code at one place are one cause, however many partitions there are. What was blocked
    has the place of what it waited for, however long the way was.
    """
    failed: dict[_Key, list[StepResult]] = {}
    blocked: dict[Place, dict[TableName, tuple[str, ...]]] = {}
    for each in results:
        if each.problem is None:
            continue
        if each.status is Status.FAILED:
            failed.setdefault((each.model, each.problem.place, each.problem.code), []).append(each)
        elif each.status is Status.BLOCKED:
            models = blocked.setdefault(each.problem.place, {})
            models[each.model] = (*models.get(each.model, ()), *each.partitions)
    return [_cause(name, same, blocked.pop(place, {})) for (name, place, _), same in failed.items()]


def _cause(name: TableName, same: list[StepResult], blocked: Mapping[TableName, tuple[str, ...]]) -> Cause:
    first = same[0].problem
    assert first is not None  # noqa: S101  (only such results are here)
    return Cause(first, name, tuple(partition for each in same for partition in each.partitions), blocked)
