"""``aggregator explain``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import click

from aggregator.aggregates import KINDS, Kind
from aggregator.aggregates import codes as aggregate_codes
from aggregator.checks import protocol as check_codes
from aggregator.cli.options import project_options, wait_option
from aggregator.cli.output import count, teller
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.compile import codes as compile_codes
from aggregator.core.diagnostics import Code, did_you_mean
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Plan, Policy, Stale
from aggregator.core.warehouse import LedgerRow, Snapshot
from aggregator.dry_run import codes as dry_run_codes
from aggregator.dry_run.rules import CODES as DRY_RUN_CODES
from aggregator.dry_run.rules import RULES as DRY_RUN_RULES
from aggregator.engines import codes as engine_codes
from aggregator.lint import CODES as LINT_CODES
from aggregator.lint import RULES
from aggregator.load import codes as load_codes
from aggregator.plan import make_plan
from aggregator.plan.inputs import address
from aggregator.run import codes as run_codes

MAX_CHAIN = 20
_EXEMPT = {
    Policy.ACCEPT: "is fresh, and to be accepted by the next run (on_change)",
    Policy.ACCEPTED: "is fresh: it was accepted (on_change)",
    Policy.KEPT: "is kept (gone: keep)",
}


@click.command("explain")
@click.argument("what", metavar="CODE|MODEL[@PARTITION]")
@project_options
@wait_option
def command(folder: Path, environment: str | None, quiet: bool, what: str, wait: float) -> int:
    """Explain a code, a measure, or why a partition is stale.

    CODE is that of a finding, such as A204, or a word such as distinct. PARTITION is
    written as in `aggregator status`, such as 2013-02-08.
    """
    code = all_codes().get(what.upper())
    if code is not None:
        _print_code(code)
        return 0
    kinds = [kind for kind in KINDS if kind.word == what]
    if kinds:
        _print_kinds(kinds)
        return 0
    name, _, partition = what.partition("@")
    session = open_project(folder, environment, quiet=quiet)
    model = _model(session.graph, name)
    session.stop_on_errors()
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        snapshot = engine.snapshot()
        plan = make_plan(session.graph, snapshot, selected=session.graph.models)
    if partition or model.calendar is None:
        _print_partition(model, partition, plan, snapshot)
    else:
        _print_model(model, plan, snapshot)
    return 0


def all_codes() -> dict[str, Code]:
    """Every code of every stage, by its id."""
    modules = (load_codes, compile_codes, aggregate_codes, check_codes, dry_run_codes, engine_codes, run_codes)
    found = [code for module in modules for code in _codes(module)]
    found += (*LINT_CODES, *DRY_RUN_CODES)
    return {code.id: code for code in found}


def _codes(module: ModuleType) -> Iterator[Code]:
    return (value for value in vars(module).values() if isinstance(value, Code))


def _print_code(code: Code) -> None:
    click.secho(f"{code.id} {code.name}", bold=True)
    click.echo(f"\n{code.page}")
    examples = [(rule.code, rule.bad, rule.good) for rule in RULES]
    examples += [(rule.code, rule.bad, rule.good) for rule in DRY_RUN_RULES]
    for known, bad, good in examples:
        if known is code:
            click.echo(f"\nNot so:\n\n    {bad}\n\nBut so:\n\n    {good}")


def _print_kinds(kinds: Sequence[Kind]) -> None:
    """The methods of one word, with the SQL of an example."""
    for number, kind in enumerate(kinds):
        click.echo("\n" if number else "", nl=False)
        click.secho(f"{kind.word} {kind.method} ({kind.additivity})".replace("  ", " "), bold=True)
        click.echo(f"\n{kind.page}\n\n    measures: {{example: {kind.example}}}")


def _model(graph: Graph, name: str) -> CompiledModel:
    table = TableName.parse(name)
    if table is None or table not in graph.models:
        known = [*map(str, graph.models), *all_codes(), *(kind.word for kind in KINDS)]
        raise click.UsageError(f"{name} is neither a code nor a model. {did_you_mean(name, known)}".strip())
    return graph.models[table]


def _print_model(model: CompiledModel, plan: Plan, snapshot: Snapshot) -> None:
    due, stale = plan.due[model.name], plan.stale[model.name]
    state = f"{len(stale):,} of {count(len(due), 'partition')} are not fresh" if stale else "everything is fresh"
    click.echo(f"{model.name}: {state}.")
    if model.one_by_one:
        click.echo(f"It is built one partition at a time: {model.one_by_one}.")
    elif model.calendar is not None:
        click.echo("Any number of partitions can be built in one query: each row depends on its own partition only.")
    for partition in list(stale)[:1]:
        click.echo()
        _print_partition(model, partition, plan, snapshot)


def _print_partition(model: CompiledModel, partition: str, plan: Plan, snapshot: Snapshot) -> None:
    """The chain from this partition to the root cause, or what it was built from."""
    due = plan.due[model.name]
    name = address(model.name, partition)
    if partition not in due:
        span = f"it has {due[0]} to {due[-1]}" if due and due[0] else "it has no partitions"
        raise click.UsageError(f"{name} is not a partition of {model.name}: {span}")
    failure = snapshot.ledger.failed.get(model.name, {}).get(partition)
    if failure is not None:
        click.secho(f"{name} failed in run {failure.run_id}", fg="red")
        click.echo(f"  {failure.message}")
    stale = plan.stale[model.name].get(partition)
    if stale is None:
        _print_fresh(name, snapshot.ledger.built[model.name][partition], plan.exempt[model.name].get(partition))
        return
    _print_chain(name, stale, plan)
    click.echo(f"\nMend it: aggregator run --select +{model.name}")


def _print_chain(name: str, stale: Stale, plan: Plan) -> None:
    """Follow what is to be rebuilt upstream, down to what really changed."""
    for depth in range(MAX_CHAIN):
        click.echo(f"{'  ' * depth}{name} is stale ({stale.reason}){': ' if stale.detail else ''}{stale.detail}")
        if not stale.pending:
            return
        name = stale.detail.removesuffix(" is to be rebuilt")
        table, _, partition = name.partition("@")
        parsed = TableName.parse(table)
        following = plan.stale.get(parsed, {}).get(partition) if parsed else None
        if following is None:
            return
        stale = following


def _print_fresh(name: str, row: LedgerRow, exempt: Exempt | None) -> None:
    state = f"{_EXEMPT[exempt.policy]}: {exempt.detail}" if exempt is not None else "is fresh"
    click.secho(f"{name} {state}", fg="green")
    click.echo(f"  {row.outcome} with {count(row.rows, 'row')} at {row.written_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"  run {row.run_id}, logic {row.fingerprint}")
    inputs = json.loads(row.inputs)
    for each in inputs[:MAX_CHAIN]:
        click.echo(f"  read {address(each['table'], each['partition'])} ({count(each['rows'], 'row')})")
    if len(inputs) > MAX_CHAIN:
        click.echo(f"  … and {len(inputs) - MAX_CHAIN} more")
