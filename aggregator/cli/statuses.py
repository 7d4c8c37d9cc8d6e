"""How the state of partitions looks, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import click

from aggregator.cli.calendar import legend, month_cells, month_header, year_calendar
from aggregator.cli.output import count
from aggregator.core.status import SETTLED, Affected, Cause, ModelStatus, ProjectStatus, State, span

MAX_CAUSES = 8
MAX_MODELS = 6
MAX_EXEMPT = 20
_MONTH = len("2013-01")


def status_json(status: ProjectStatus) -> list[dict[str, object]]:
    """Every partition with its state; the reason unless it is simply fresh, and what makes it stale and mends it."""
    causes = {
        (affected.model, partition): cause
        for cause in status.causes
        for affected in cause.affected
        for partition in affected.partitions
    }
    return [
        _partition(model, partition, state, causes.get((model.name, partition)))
        for model in status.models
        for partition, state in model.states.items()
    ]


def _partition(model: ModelStatus, partition: str, state: State, cause: Cause | None) -> dict[str, object]:
    return {
        "model": str(model.name),
        "partition": partition or None,
        "state": str(state),
        "reason": model.reasons.get(partition),
        "cause": cause.headline if cause else None,
        "mend": cause.mend if cause else None,
        "owner": model.owner,
    }


def print_project(status: ProjectStatus) -> None:
    """A line per model with a mark per month, and the causes of what is not fresh."""
    models = status.models
    width = max((len(str(each.name)) for each in models), default=0)
    partitioned = [each.states for each in models if each.calendar]
    months = sorted({partition[:7] for states in partitioned for partition in states if len(partition) >= _MONTH})
    form_width = max(map(len, (*(each.form for each in models), "table")))
    for line in month_header(months):
        click.echo(f"{'':<{width}}  {'':<{form_width}}  {line}")
    for each in models:
        cells = month_cells(each.states, months)
        click.echo(f"{each.name!s:<{width}}  {each.form:<{form_width}}  {cells}  {_counts(each.states)}".rstrip())
    total = Counter(state for each in models for state in each.states.values())
    click.echo(f"\n{legend(total)}")
    if not status.causes:
        exempt = "".join(
            f", {total[state]:,} of them {state}" for state in SETTLED if total[state] and state != State.FRESH
        )
        click.echo(f"All {total.total():,} partitions are fresh{exempt}.")
        return
    _print_causes(status.causes)
    click.echo("\nNext: aggregator plan shows the work, aggregator run does it")


def _counts(states: Mapping[str, State]) -> str:
    counted = Counter(states.values())
    return ", ".join(f"{counted[state]:,} {state}" for state in State if counted[state])


def print_model(model: ModelStatus, causes: Sequence[Cause]) -> None:
    """A mark per day, and why what is not fresh is not."""
    click.secho(str(model.name), bold=True)
    click.echo(f"  {model.description}\n")
    for line in year_calendar(model.states, model.calendar):
        click.echo(f"  {line}")
    click.echo(f"\n  {legend(model.states.values())}\n  {_counts(model.states)}")
    _print_exempt(model)
    if causes:
        _print_causes(causes)
        worst = next(iter(causes[0].affected[0].partitions))
        click.echo(f"\nNext: aggregator explain {model.name}{f'@{worst}' if worst else ''}")


def _print_exempt(model: ModelStatus) -> None:
    """What is left as it is, and why."""
    groups: dict[tuple[State, str], list[str]] = {}
    for partition, state in model.states.items():
        if state in SETTLED and state is not State.FRESH:
            groups.setdefault((state, model.reasons[partition]), []).append(partition)
    for (state, reason), partitions in list(groups.items())[:MAX_EXEMPT]:
        click.echo(f"  {span(tuple(partitions))}  {state}  {reason}")
    if len(groups) > MAX_EXEMPT:
        click.echo(f"  … and {len(groups) - MAX_EXEMPT:,} more")


def _print_causes(causes: Sequence[Cause]) -> None:
    """Each cause with the models that it affects, whose they are, and the command that mends it."""
    for cause in causes[:MAX_CAUSES]:
        what = f"{count(cause.count, 'partition')} of {count(len(cause.affected), 'model')}"
        click.secho(f"\n{cause.headline}", bold=True)
        lines = list(_lines(cause.affected[:MAX_MODELS]))
        widths = [max(len(line[index]) for line in lines) for index in range(2)]
        for name, partitions, owner in lines:
            click.echo(f"  {name:<{widths[0]}}  {partitions:<{widths[1]}}  {owner}".rstrip())
        if len(cause.affected) > MAX_MODELS:
            click.echo(f"  … and {count(len(cause.affected) - MAX_MODELS, 'more model')}")
        click.echo(f"  {what}; {'mend the cause, then' if cause.kind == 'failed' else 'mend:'} {cause.mend}")
    if len(causes) > MAX_CAUSES:
        click.echo(
            f"\n… and {count(len(causes) - MAX_CAUSES, 'more cause')}: aggregator status --html FILE has them all"
        )


def _lines(affected: Sequence[Affected]) -> Iterator[tuple[str, str, str]]:
    for each in affected:
        yield str(each.model), span(each.partitions), f"owner {each.owner}"
