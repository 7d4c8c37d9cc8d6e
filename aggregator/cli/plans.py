"""How a plan looks."""

from __future__ import annotations

from itertools import groupby

import click

from aggregator.cli.output import count
from aggregator.core.plan import Plan, Policy, Step
from aggregator.plan.inputs import address


def step_json(step: Step) -> dict[str, object]:
    """A step for machines; a table without partitions has null in their place."""
    return {
        "model": str(step.model),
        "partitions": [step.first or None, step.last or None],
        "reason": str(step.stale.reason),
        "upstream": step.stale.upstream or None,
    }


def print_plan(plan: Plan, environment: str) -> None:
    """Steps of one model and reason share a line."""
    warn_unselected(plan)
    if not plan.steps:
        _print_kept(plan)
        is_all = plan.looked_at == sum(len(due) for due in plan.due.values())
        what = "Everything" if is_all else "All that was selected"
        click.echo(f"{what} is fresh: nothing to do ({count(plan.looked_at, 'partition')}).")
        return
    lines = [_line(list(steps)) for _, steps in groupby(plan.steps, lambda step: (step.model, step.stale.reason))]
    widths = [max(len(line[index]) for line in lines) for index in range(3)]
    for name, what, reason, detail in lines:
        columns = (f"{name:<{widths[0]}}", f"{what:<{widths[1]}}", f"{reason:<{widths[2]}}", detail)
        click.echo("  ".join(columns).rstrip())
    _print_kept(plan)
    partitions = sum(len(step.partitions) for step in plan.steps)
    models = len({step.model for step in plan.steps})
    total = f"{count(partitions, 'partition')} of {count(models, 'model')} in {count(len(plan.steps), 'step')}"
    click.echo(f"\n{total} on {environment}. Next: aggregator run")


def _print_kept(plan: Plan) -> None:
    """Say what is not built again because that would lose what it was made from."""
    for name, exempt in plan.exempt.items():
        kept = {partition: each.detail for partition, each in exempt.items() if each.policy is Policy.KEPT}
        if kept:
            first, detail = next(iter(kept.items()))
            more = f"; {len(kept) - 1:,} more of it like this" if len(kept) > 1 else ""
            click.echo(f"kept as it is: {address(name, first)}, as {detail}{more}")


def warn_unselected(plan: Plan) -> None:
    """Say that what was selected is, or would be, made from what is old."""
    if plan.unselected:
        names = ", ".join(str(name) for name in plan.unselected)
        click.secho(f"not selected, but stale and read by what is: {names}", fg="yellow", err=True)
        click.echo("  help: --select +MODEL selects a model with all that it reads", err=True)


def _line(steps: list[Step]) -> tuple[str, str, str, str]:
    first, last = steps[0].first, steps[-1].last
    number = sum(len(step.partitions) for step in steps)
    what = first if number == 1 else f"{first} … {last} ({number:,})"
    stale = steps[0].stale
    is_indirect = stale.pending and not stale.detail.startswith(stale.upstream)
    detail = f"{stale.detail}, because of {stale.upstream}" if is_indirect else stale.detail
    return str(steps[0].model), what or "whole", str(stale.reason), detail
