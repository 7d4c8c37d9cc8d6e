"""``aggregator explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import click

from aggregator.aggregates import KINDS, Kind
from aggregator.aggregates import codes as aggregate_codes
from aggregator.checks import codes as check_codes
from aggregator.cli.explained import Known, print_explained, print_partition
from aggregator.cli.options import project_options, wait_option
from aggregator.cli.output import teller
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.compile import codes as compile_codes
from aggregator.core.diagnostics import Code, did_you_mean
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes as dry_run_codes
from aggregator.dry_run.rules import CODES as DRY_RUN_CODES
from aggregator.dry_run.rules import RULES as DRY_RUN_RULES
from aggregator.engines import codes as engine_codes
from aggregator.export.storage import CODES as EXPORT_CODES
from aggregator.lint import CODES as LINT_CODES
from aggregator.lint import RULES
from aggregator.load import codes as load_codes
from aggregator.plan import make_plan
from aggregator.run import codes as run_codes
from aggregator.unit_tests import codes as unit_test_codes


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
    known = Known(session.graph, snapshot, plan)
    if partition or model.calendar is None:
        print_partition(model, partition, known)
    else:
        print_explained(model, known)
    return 0


def all_codes() -> dict[str, Code]:
    """Every code of every stage, by its id."""
    modules = (
        load_codes,
        compile_codes,
        aggregate_codes,
        check_codes,
        dry_run_codes,
        engine_codes,
        run_codes,
        unit_test_codes,
    )
    found = [code for module in modules for code in _codes(module)]
    found += (*LINT_CODES, *DRY_RUN_CODES, *EXPORT_CODES)
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
