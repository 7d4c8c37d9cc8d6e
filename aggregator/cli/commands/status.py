"""``aggregator status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from aggregator.cli.calendar import SETTLED, State, legend, month_cells, month_header, year_calendar
from aggregator.cli.options import format_option, project_options, wait_option
from aggregator.cli.output import print_json, teller
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Plan, Policy, Reason, Stale
from aggregator.core.warehouse import Ledger
from aggregator.plan import make_plan

MAX_LISTED = 8


@click.command("status")
@click.argument("model", required=False)
@project_options
@wait_option
@format_option("json")
def command(folder: Path, environment: str | None, quiet: bool, model: str | None, wait: float, output: str) -> int:
    """Show a calendar of partitions and what state they are in.

    Without MODEL: a line per model, a mark per month. With MODEL: a mark per day.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    chosen = select(session.graph, [model] if model else [])
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        snapshot = engine.snapshot()
        plan = make_plan(session.graph, snapshot, selected=session.graph.models)
    states = {name: model_states(plan, snapshot.ledger, name) for name in chosen}
    if output == "json":
        print_json([each for name in chosen for each in _json(name, states[name], plan, snapshot.ledger)])
    elif model:
        for name in chosen:
            _print_model(session.graph.models[name], states[name], plan, snapshot.ledger)
    else:
        _print_project(session.graph, states, plan)
    return 0


def model_states(plan: Plan, ledger: Ledger, name: TableName) -> dict[str, State]:
    """The state of each partition that a model should have."""
    stale, exempt, failed = plan.stale[name], plan.exempt[name], ledger.failed.get(name, {})
    return {each: _state(stale.get(each), exempt.get(each), is_failed=each in failed) for each in plan.due[name]}


def _state(stale: Stale | None, exempt: Exempt | None, *, is_failed: bool) -> State:
    if stale is None and exempt is not None:
        return State.KEPT if exempt.policy is Policy.KEPT else State.ACCEPTED
    if stale is None:
        return State.FRESH
    if is_failed:
        return State.FAILED
    return State.MISSING if stale.reason is Reason.MISSING else State.STALE


def _json(name: TableName, states: Mapping[str, State], plan: Plan, ledger: Ledger) -> list[dict[str, object]]:
    return [
        {
            "model": str(name),
            "partition": partition or None,
            "state": str(state),
            "reason": _reason(plan, ledger, name, partition, state),
        }
        for partition, state in states.items()
    ]


def _reason(plan: Plan, ledger: Ledger, name: TableName, partition: str, state: State) -> str | None:
    if state is State.FAILED:
        return ledger.failed[name][partition].message
    stale, exempt = plan.stale[name].get(partition), plan.exempt[name].get(partition)
    if stale is None:
        return exempt.detail if exempt is not None else None
    return f"{stale.reason}: {stale.detail}" if stale.detail else str(stale.reason)


def _print_project(graph: Graph, states: Mapping[TableName, Mapping[str, State]], plan: Plan) -> None:
    """A line per model with a mark per month."""
    names = [str(name) for name in states]
    width = max((len(name) for name in names), default=0)
    partitioned = [list(states[name]) for name in states if graph.models[name].calendar]
    months = sorted({partition[:7] for partitions in partitioned for partition in partitions if len(partition) >= 7})  # noqa: PLR2004
    forms = {name: _form(graph.models[name]) for name in states}
    form_width = max(map(len, (*forms.values(), "table")))
    for line in month_header(months):
        click.echo(f"{'':<{width}}  {'':<{form_width}}  {line}")
    for name, by_partition in states.items():
        cells = month_cells(by_partition, months)
        click.echo(f"{name!s:<{width}}  {forms[name]:<{form_width}}  {cells}  {_counts(by_partition)}".rstrip())
    total = Counter(state for by_partition in states.values() for state in by_partition.values())
    click.echo(f"\n{legend(total)}")
    if set(total) <= set(SETTLED):
        others = "".join(f", {total[state]:,} of them {state}" for state in SETTLED[1:] if total[state])
        click.echo(f"All {sum(total.values()):,} partitions are fresh{others}.")
    else:
        click.echo("Next: aggregator plan shows why, aggregator run mends it")
        _print_causes(plan)


def _form(model: CompiledModel) -> str:
    return str(model.calendar.grain) if model.calendar else str(model.model.kind)


def _print_causes(plan: Plan) -> None:
    """Root causes, and how many partitions each makes stale."""
    causes = Counter(each.upstream for found in plan.stale.values() for each in found.values() if each.upstream)
    for cause, number in causes.most_common(MAX_LISTED):
        click.echo(f"  {cause} makes {number:,} stale")


def _counts(states: Mapping[str, State]) -> str:
    counted = Counter(states.values())
    return ", ".join(f"{counted[state]:,} {state}" for state in State if counted[state])


def _print_model(model: CompiledModel, states: Mapping[str, State], plan: Plan, ledger: Ledger) -> None:
    click.secho(str(model.name), bold=True)
    click.echo(f"  {model.model.description}\n")
    for line in year_calendar(states, model.calendar):
        click.echo(f"  {line}")
    click.echo(f"\n  {legend(states.values())}\n  {_counts(states)}")
    listed = [(partition, state) for partition, state in states.items() if state is not State.FRESH]
    for partition, state in listed[:MAX_LISTED]:
        reason = _reason(plan, ledger, model.name, partition, state)
        click.echo(f"  {partition or 'whole'}  {state}  {reason}")
    if len(listed) > MAX_LISTED:
        click.echo(f"  … and {len(listed) - MAX_LISTED:,} more")
    if listed:
        address = f"{model.name}@{listed[0][0]}" if listed[0][0] else str(model.name)
        click.echo(f"\nNext: aggregator explain {address}")
