"""What may not be spent: budgets of models, and the limit of an environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aggregator.core.diagnostics import Code, Diagnostic, Place
from aggregator.core.estimate import DAYS_PER_MONTH, TEBIBYTE, Estimate, size_text
from aggregator.dry_run import codes
from aggregator.dry_run.report import Unjudged

if TYPE_CHECKING:
    from aggregator.core.declared import Budget
    from aggregator.core.graph import CompiledModel
    from aggregator.core.project import Environment


@dataclasses.dataclass(frozen=True)
class _Limit:
    """One limit, and what is known of the amount that it is for.

    ``least`` is spent for certain, ``most`` is None where it is not known.
    """

    key: str
    place: Place
    code: Code
    most_allowed: float
    least: float
    most: float | None
    text: Callable[[float], str]
    message: str


def budget_findings(
    model: CompiledModel, estimate: Estimate, environment: Environment
) -> tuple[tuple[Diagnostic, ...], tuple[Unjudged, ...]]:
    """Which limits a model certainly breaks, and of which that can't be said.

    An upper bound above a limit is no finding as long as what is read for certain is below it.
    """
    found, unjudged = [], []
    for limit in _limits(model, estimate, environment):
        if limit.least > limit.most_allowed:
            amount, allowed = limit.text(limit.least), limit.text(limit.most_allowed)
            message = limit.message.format(amount=amount, allowed=allowed)
            found.append(Diagnostic(limit.place, limit.code, message, _advice(estimate)))
        elif limit.most is None or limit.most > limit.most_allowed:
            unjudged.append(Unjudged(model.name, limit.key, _why(estimate, limit)))
    return tuple(found), tuple(unjudged)


def _limits(model: CompiledModel, estimate: Estimate, environment: Environment) -> Iterator[_Limit]:
    if model.model.budget is not None:
        yield from _of_budget(model.model.budget, estimate)
    if environment.max_bytes_billed is not None:
        message = "a build is billed {amount}, more than the {allowed} that " + environment.name + " allows"
        yield _Limit(
            "max_bytes_billed",
            model.place,
            codes.OVER_LIMIT,
            environment.max_bytes_billed,
            estimate.billed_at_least,
            estimate.billed,
            size_text,
            message,
        )


def _of_budget(budget: Budget, estimate: Estimate) -> Iterator[_Limit]:
    what = f"the build of {estimate.partition}" if estimate.partition else "a build"
    runs = None if estimate.runs_per_day is None else estimate.runs_per_day * DAYS_PER_MONTH
    if budget.bytes is not None:
        message = what + " reads {amount}, more than the {allowed} of its budget"
        yield _Limit(
            "bytes",
            budget.place,
            codes.OVER_BUDGET,
            budget.bytes,
            estimate.at_least,
            estimate.bytes,
            size_text,
            message,
        )
    if budget.bytes_per_month is not None:
        message = "a month of builds reads {amount}, more than the {allowed} of its budget"
        yield _Limit(
            "bytes_per_month",
            budget.place,
            codes.OVER_MONTH,
            budget.bytes_per_month,
            estimate.at_least * (runs or 0),
            estimate.bytes_per_month,
            size_text,
            message,
        )
    if budget.price_per_month is not None:
        message = "a month of builds costs {amount}, more than the {allowed} of its budget"
        least = estimate.billed_at_least * (estimate.price_per_tib or 0) / TEBIBYTE * (runs or 0)
        yield _Limit(
            "price_per_month",
            budget.place,
            codes.OVER_MONTH,
            budget.price_per_month,
            least,
            estimate.price_per_month,
            "{:,.2f}".format,
            message,
        )


def _advice(estimate: Estimate) -> str:
    """Where most of it comes from."""
    largest = max(estimate.reads, key=lambda read: read.bytes or 0, default=None)
    if largest is None or not largest.bytes:
        return "read fewer columns or partitions"
    columns = f"{len(largest.columns)} column{'' if len(largest.columns) == 1 else 's'}"
    parts = "the whole table"
    if largest.partitions is not None:
        parts = f"{largest.partitions} partition{'' if largest.partitions == 1 else 's'}"
    return f"the most is {size_text(largest.bytes)} of {largest.table}: {columns} of {parts}"


def _why(estimate: Estimate, limit: _Limit) -> str:
    if limit.most is not None:
        return f"between {limit.text(limit.least)} and {limit.text(limit.most)} ({estimate.how})"
    if estimate.bytes is None:
        return estimate.how
    if limit.key == "price_per_month" and estimate.price_per_tib is None:
        return "nothing is paid by the byte here"
    return "the table is rebuilt whole and has no schedule:"
