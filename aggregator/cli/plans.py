"""How a plan looks, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from aggregator.cli.output import count
from aggregator.cli.planning import Planned
from aggregator.core.estimate import Estimate, size_text
from aggregator.core.plan import Obstacle, Plan, Policy, Refusal, Step
from aggregator.plan.inputs import address

if TYPE_CHECKING:
    from aggregator.dry_run.plan_cost import PlanCost

_MOST_NAMED = 4
_HEADS = {Obstacle.COLUMNS: "refused", Obstacle.EMPTY: "empty", Obstacle.NOTHING: "waits"}
"""What is said of obstacles to what is planned."""


def plan_json(planned: Planned, cost: PlanCost) -> dict[str, object]:
    """A plan for machines; a table without partitions has null in their place, and null is what is not known."""
    plan = planned.plan
    return {
        "steps": [_step(step, estimate) for step, estimate in zip(plan.steps, cost.estimates, strict=True)],
        "total": {
            "partitions": _partitions(plan.steps),
            "bytes": cost.bytes,
            "price": cost.price,
            "unknown": [str(table) for table in cost.unknown],
        },
        "refused": [_refusal(each) for each in planned.refused],
        "left_out": _partitions(planned.left_out),
    }


def _step(step: Step, estimate: Estimate) -> dict[str, object]:
    return {
        "model": str(step.model),
        "partitions": [step.first or None, step.last or None],
        "reason": str(step.stale.reason),
        "upstream": step.stale.upstream or None,
        "count": len(step.partitions),
        "bytes": estimate.bytes,
        "price": estimate.price,
        "estimate": estimate.how,
    }


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "model": str(refusal.model),
        "partitions": [refusal.first or None, refusal.last or None],
        "obstacle": str(refusal.obstacle),
        "why": refusal.why,
        "help": refusal.help,
    }


def print_plan(planned: Planned, cost: PlanCost, environment: str) -> None:
    """Steps of one model and reason share a line; below are the totals, and what is not done."""
    plan = planned.plan
    warn_unselected(plan)
    if not plan.steps:
        print_nothing(planned)
        return
    lines = list(_lines(plan.steps, cost))
    widths = [max(len(line[index]) for line in lines) for index in range(4)]
    for name, what, size, reason, detail in lines:
        columns = [f"{name:<{widths[0]}}", f"{what:<{widths[1]}}", f"{reason:<{widths[3]}}", detail]
        columns[2:2] = [f"{size:>{widths[2]}}"] if cost.bytes is not None else []
        click.echo("  ".join(columns).rstrip())
    models = len({step.model for step in plan.steps})
    partitions = count(_partitions(plan.steps), "partition")
    total = f"{partitions} of {count(models, 'model')} in {count(len(plan.steps), 'step')}"
    click.echo(f"\n{total} on {environment}.")
    click.echo(_costs(cost, environment))
    print_kept(plan)
    print_left_out(planned)
    print_refused(planned.refused)
    options = " with the same options" if planned.wish.is_narrow else ""
    click.echo(f"Next: aggregator run{options}")


def print_nothing(planned: Planned) -> None:
    """That there is nothing to do, and why that may not be all."""
    plan = planned.plan
    print_kept(plan)
    if planned.wish.retry:
        click.echo("Nothing failed: there is nothing to try again.")
    else:
        is_all = plan.looked_at == sum(len(due) for due in plan.due.values())
        what = "Everything" if is_all else "All that was selected"
        click.echo(f"{what} is fresh: nothing to do ({count(plan.looked_at, 'partition')}).")
    print_refused(planned.refused)


def print_kept(plan: Plan) -> None:
    """Say what is not built again because that would lose what it was made from, or give what was rolled back."""
    for policy, said in ((Policy.KEPT, "kept as it is: {}, as {}"), (Policy.HELD, "held: {} was rolled back {}")):
        for name, exempt in plan.exempt.items():
            left = {partition: each.detail for partition, each in exempt.items() if each.policy is policy}
            if left:
                first, detail = next(iter(left.items()))
                more = f"; {len(left) - 1:,} more of it like this" if len(left) > 1 else ""
                click.echo(said.format(address(name, first), detail) + more)


def print_left_out(planned: Planned) -> None:
    """What ``--limit`` left for another time."""
    if planned.left_out:
        step = planned.left_out[0]
        first = f"{step.model}{f'@{step.first}' if step.first else ''}"
        models = len({each.model for each in planned.left_out})
        number = count(_partitions(planned.left_out), "partition")
        click.secho(f"Left out by --limit: {number} of {count(models, 'model')}, from {first} on.", fg="yellow")


def print_refused(refused: Sequence[Refusal]) -> None:
    """What is not built, or not as one may expect, once for all models that it is the same for."""
    for each in refused:
        if each.obstacle is not Obstacle.OUTSIDE:
            click.secho(f"{_HEADS[each.obstacle]}: {each.model} {_span(each)}: {each.why}", fg="yellow")
            click.echo(f"  help: {each.help}")
    outside = [each for each in refused if each.obstacle is Obstacle.OUTSIDE]
    for (span, why), same in groupby(sorted(outside, key=_sameness), key=_sameness):
        click.secho(f"not built: {span} of {_names([str(each.model) for each in same])}: {why}", fg="yellow")


def _sameness(refusal: Refusal) -> tuple[str, str]:
    return _span(refusal), refusal.why


def _span(refusal: Refusal) -> str:
    return refusal.first if refusal.first == refusal.last else f"{refusal.first} … {refusal.last}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def warn_unselected(plan: Plan) -> None:
    """Say that what was selected is, or would be, made from what is old."""
    if plan.unselected:
        names = ", ".join(str(name) for name in plan.unselected)
        click.secho(f"not selected, but stale and read by what is: {names}", fg="yellow", err=True)
        click.echo("  help: --select +MODEL selects a model with all that it reads", err=True)


def _lines(steps: Sequence[Step], cost: PlanCost) -> Iterator[tuple[str, str, str, str, str]]:
    pairs = zip(steps, cost.estimates, strict=True)
    for _, same in groupby(pairs, lambda pair: (pair[0].model, pair[0].stale.reason)):
        together, estimates = zip(*same, strict=True)
        yield _line(together, estimates)


def _line(steps: Sequence[Step], estimates: Sequence[Estimate]) -> tuple[str, str, str, str, str]:
    first, last = steps[0].first, steps[-1].last
    number = _partitions(steps)
    what = first if number == 1 else f"{first} … {last} ({number:,})"
    stale = steps[0].stale
    is_indirect = stale.pending and not stale.detail.startswith(stale.upstream)
    detail = f"{stale.detail}, because of {stale.upstream}" if is_indirect else stale.detail
    return str(steps[0].model), what or "whole", _size(estimates), str(stale.reason), detail


def _size(estimates: Sequence[Estimate]) -> str:
    """What some steps read together, and cost where that is known."""
    sizes = [each.bytes for each in estimates]
    if None in sizes:
        return "unknown"
    prices = [each.price for each in estimates if each.price is not None]
    price = f", {sum(prices):,.2f}" if prices else ""
    bound = "<= " if any(each.at_most for each in estimates) else ""
    return f"{bound}{size_text(sum(size or 0 for size in sizes))}{price}"


def _costs(cost: PlanCost, environment: str) -> str:
    """All bytes and the price, or of which tables the sizes are not known."""
    unknown = f"no size is known of {_names([str(table) for table in cost.unknown])}"
    if cost.bytes is None or (not cost.bytes and not cost.is_known):
        return f"Bytes and price are unknown: {unknown}."
    bound = "at most " if any(each.at_most for each in cost.estimates) else ""
    rest = "" if cost.is_known else f", and more: {unknown}"
    if cost.price is None:
        return f"It reads {bound}{size_text(cost.bytes)}{rest}; nothing is paid by the byte on {environment}."
    return f"It reads {bound}{size_text(cost.bytes)} and costs {bound}{cost.price:,.2f}{rest}."


def _partitions(steps: Sequence[Step]) -> int:
    return sum(len(step.partitions) for step in steps)
