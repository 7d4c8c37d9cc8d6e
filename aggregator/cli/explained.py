"""Why a partition is as it is, told from the cause to the partition and on to what follows."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Sequence

import click

from aggregator.cli.output import count
from aggregator.cli.results import print_results
from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.plan import Exempt, Plan, Policy, Stale
from aggregator.core.status import span
from aggregator.core.warehouse import WHOLE, LedgerRow, Snapshot
from aggregator.plan.causes import Chains, Key, Root
from aggregator.plan.inputs import address
from aggregator.plan.reach import UNCUT, Stretches, used_by
from aggregator.plan.refused import nothing_to_read, why_not_due
from aggregator.plan.stretches import Stretch

MAX_CHAIN = 12
MAX_LISTED = 20
_FRESH = "is fresh: building it now would give the rows that it has"
_EXEMPT = {
    Policy.ACCEPT: "is fresh, and to be accepted by the next run (on_change)",
    Policy.ACCEPTED: "is fresh: it was accepted (on_change)",
    Policy.KEPT: "is kept (gone: keep)",
    Policy.HELD: "is held: it was rolled back, and waits for other inputs or other SQL",
}


@dataclasses.dataclass(frozen=True)
class Known:
    """What a command knows when it explains."""

    graph: Graph
    snapshot: Snapshot
    plan: Plan


def print_explained(model: CompiledModel, known: Known) -> None:
    """A model as a whole: how much of it is not fresh, how it is built, and the first partition that is not."""
    due, stale = known.plan.due[model.name], known.plan.stale[model.name]
    state = f"{len(stale):,} of {count(len(due), 'partition')} are not fresh" if stale else "everything is fresh"
    click.echo(f"{model.name}: {state}.")
    if model.one_by_one:
        click.echo(f"It is built one partition at a time: {model.one_by_one}.")
    elif model.calendar is not None:
        click.echo("Any number of partitions can be built in one query: each row depends on its own partition only.")
    for partition in list(stale)[:1]:
        click.echo()
        print_partition(model, partition, known)


def print_partition(model: CompiledModel, partition: str, known: Known) -> None:
    """The chain from the root cause to this partition, or what it was built from; then what follows."""
    if partition not in known.plan.due[model.name]:
        raise click.UsageError(_not_there(model, partition, known))
    name = address(model.name, partition)
    failure = known.snapshot.ledger.failed.get(model.name, {}).get(partition)
    if failure is not None:
        _print_failure(name, failure)
        print_results(failure.checks)
    if partition in known.plan.stale[model.name]:
        _print_stale(model, partition, known, is_failed=failure is not None)
    else:
        row = known.snapshot.ledger.built[model.name][partition]
        _print_fresh(name, row, known.plan.exempt[model.name].get(partition))
        print_results(row.checks)


def _not_there(model: CompiledModel, partition: str, known: Known) -> str:
    """Why a partition is none."""
    due, name = known.plan.due[model.name], address(model.name, partition)
    has = f"it has {due[0]} to {due[-1]}" if due and due[0] else "it has no partitions"
    why = ""
    if model.calendar is not None:
        with contextlib.suppress(ValueError, OverflowError):  # it is no date, or none that has a next one
            why = why_not_due(model, due, model.calendar.parse(partition), known.snapshot.now)
    return f"{name} is not a partition of {model.name}: {has}{f'; {why}' if why else ''}"


def _print_failure(name: str, failure: LedgerRow) -> None:
    click.secho(f"{name} failed at {failure.written_at:%Y-%m-%d %H:%M:%S} UTC, in run {failure.run_id}", fg="red")
    click.echo(f"  {failure.message}\n  It keeps the rows that it had.\n")


def _print_stale(model: CompiledModel, partition: str, known: Known, *, is_failed: bool) -> None:
    chains = Chains(known.plan, known.snapshot.ledger)
    chain = chains.chain(model.name, partition)
    reason = chain[0][1].reason
    click.secho(f"{address(model.name, partition)} is not fresh ({reason}). From the cause to it:", bold=True)
    for depth, line in enumerate(_links(chain, chains.own(*chain[-1]))):
        click.echo(f"{'  ' * depth}  {'└ ' if depth else ''}{line}")
    lacking = nothing_to_read(model, known.graph, known.snapshot, known.plan).get(partition)
    if lacking is not None:
        click.secho(f"\nIt can't be built yet: {lacking.lacking(partition)}.", fg="yellow")
        click.echo(f"  help: {lacking.advice}")
    _print_readers(model, partition, known)
    mend = f"aggregator run --select +{model.name}"
    retry = f"aggregator run --retry-failed --select {model.name}"
    click.echo(f"\nMend it: {mend}")
    if is_failed:
        click.echo(f"Only try again what failed: {retry}")
    if any(each in known.graph.models for each in known.graph.downstream(model.name)):
        click.echo(f"With all that reads it: {mend}+")


def _links(chain: Sequence[tuple[Key, Stale]], root: Root) -> list[str]:
    """What happened, and each partition that reads the one before; a long chain without its middle."""
    (name, partition), stale = chain[-1]
    own, happened = address(name, partition), address(root.table, root.partition) if root.table else ""
    joint = " " if stale.upstream else ": "
    first = [f"{happened}{joint}{root.what}" if happened else f"{own} was {root.what}"]
    if happened and happened != own:
        first.append(f"{own} reads that")
    rest = [f"{address(*key)} reads that" for key, _ in reversed(chain[:-1])]
    lines = [*first, *rest]
    if len(lines) > MAX_CHAIN:
        lines[MAX_CHAIN // 2 : len(lines) - MAX_CHAIN // 2] = [f"… {len(lines) - MAX_CHAIN:,} more …"]
    return lines


def _print_readers(model: CompiledModel, partition: str, known: Known) -> None:
    calendar = model.calendar
    moment = calendar.parse(partition) if calendar is not None else None
    asked = UNCUT if moment is None else (Stretch(moment, moment),)
    reached = used_by(known.graph, known.snapshot.now, model.name, asked)
    found = {name: _ids(known.graph.calendars[name], each) for name, each in reached.items()}
    if not found:
        click.echo("\nNothing reads it.")
        return
    number = count(sum(map(len, found.values())), "partition")
    click.echo(f"\nIf its rows come out different, {number} of {count(len(found), 'model')} may follow:")
    width = max(len(str(name)) for name in found)
    for name, partitions in list(found.items())[:MAX_LISTED]:
        click.echo(f"  {name!s:<{width}}  {span(partitions)}")
    if len(found) > MAX_LISTED:
        click.echo(f"  … and {count(len(found) - MAX_LISTED, 'more model')}")


def _ids(calendar: Calendar | None, stretches: Stretches) -> tuple[str, ...]:
    if calendar is None:
        return (WHOLE,)
    return tuple(calendar.id(each) for stretch in stretches for each in stretch.partitions(calendar.grain))


def _print_fresh(name: str, row: LedgerRow, exempt: Exempt | None) -> None:
    state = f"{_EXEMPT[exempt.policy]}: {exempt.detail}" if exempt is not None else _FRESH
    click.secho(f"{name} {state}", fg="green")
    click.echo(f"  {row.outcome} with {count(row.rows, 'row')} at {row.written_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"  run {row.run_id}, logic {row.fingerprint}")
    inputs = json.loads(row.inputs)
    for each in inputs[:MAX_LISTED]:
        click.echo(f"  read {address(each['table'], each['partition'])} ({count(each['rows'], 'row')})")
    if len(inputs) > MAX_LISTED:
        click.echo(f"  … and {len(inputs) - MAX_LISTED} more")
