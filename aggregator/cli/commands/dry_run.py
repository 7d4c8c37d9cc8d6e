"""``aggregator dry-run``."""

from __future__ import annotations

import contextlib
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from aggregator.analyzers import ANALYZERS, open_analyzer
from aggregator.analyzers.protocol import Analyzer, NotAvailableError
from aggregator.cache import FILE, Cache
from aggregator.cli.options import format_option, project_options, quiet_option, select_option
from aggregator.cli.output import count, print_findings, print_json, print_text, say
from aggregator.cli.progress import Counter
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import errors
from aggregator.dry_run.report import DryRun, ModelReport, State
from aggregator.dry_run.stage import STRUCTURE, dry_run
from aggregator.export.manifest import diagnostic_json


@click.command("dry-run")
@project_options
@select_option
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice([STRUCTURE, *ANALYZERS]),
    help="Ask only this layer, also several times; by default all that can be had.",
)
@quiet_option
@format_option("json", "github", "sarif")
def command(
    folder: Path, environment: str | None, selection: tuple[str, ...], layers: tuple[str, ...], quiet: bool, output: str
) -> int:
    """Check without running anything whether BigQuery would accept every model, and what it would read and cost."""
    session = open_project(folder, environment, output)
    selected = select(session.graph, selection)
    progress = (lambda _done, _total: None) if quiet else Counter("models judged").tell
    with _opened(session, layers, quiet=quiet) as (analyzers, absent), Cache(session.root / FILE) as cache:
        found = dry_run(session.graph, session.findings, set(selected), analyzers, cache, progress)
    if output == "json":
        print_json(_json(found))
    elif output != "text":
        print_findings(found.findings, session.root, output)
    else:
        _print(found, session)
    for layer, why in absent.items():
        say(f"{layer} was not asked: {why}")
    return 1 if any(errors(found.findings)) else 0


@contextlib.contextmanager
def _opened(
    session: Session, layers: tuple[str, ...], *, quiet: bool
) -> Iterator[tuple[list[Analyzer], dict[str, str]]]:
    """The analyzers that can be had, and why the others can't. One that was asked for by name must be there."""
    analyzers, absent = list[Analyzer](), dict[str, str]()
    announce = (lambda _: None) if quiet else say
    try:
        for name in (each for each in ANALYZERS if not layers or each in layers):
            try:
                analyzers.append(open_analyzer(name, session.graph.project, announce))
            except NotAvailableError as error:
                if name in layers:
                    raise click.UsageError(f"--layer {name}: {error}") from None
                absent[name] = str(error)
        yield analyzers, absent
    finally:
        for analyzer in analyzers:
            analyzer.close()


def _print(found: DryRun, session: Session) -> None:
    print_text(found.findings, session.root)
    width = max((len(str(model.name)) for model in found.models), default=0)
    for model in found.models:
        click.echo(f"{model.name!s:<{width}}  {_state(model)}")
    click.echo(", ".join((count(len(found.models), "model"), *_tallies(found))))


def _state(model: ModelReport) -> str:
    refused = [each.layer for each in model.judgements if each.state is State.REFUSED]
    unchecked = [
        f"not checked by {each.layer}: {each.why}" for each in model.judgements if each.state is State.UNCHECKED
    ]
    verdict = click.style(f"refused by {', '.join(refused)}", fg="red") if refused else "accepted"
    return "; ".join((f"{count(len(model.columns), 'column'):<12}{verdict}", *unchecked))


def _tallies(found: DryRun) -> Iterator[str]:
    """``googlesql: 14 accepted, 1 refused``, for each layer."""
    for layer in found.layers:
        states = Tally(each.state for model in found.models for each in model.judgements if each.layer == layer)
        yield f"{layer}: " + " and ".join(f"{states[state]:,} {state}" for state in State if states[state])


def _json(found: DryRun) -> dict[str, Any]:
    by_path: dict[str, list[dict[str, Any]]] = {}
    for each in found.findings:
        by_path.setdefault(each.place.path, []).append(diagnostic_json(each))
    return {"layers": list(found.layers), "models": [_model_json(model, by_path) for model in found.models]}


def _model_json(model: ModelReport, by_path: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "name": str(model.name),
        "schema": [{"name": column.name, "type": column.type} for column in model.columns],
        "bytes": model.bytes,
        "checked": {each.layer: f"{each.state}{f': {each.why}' if each.why else ''}" for each in model.judgements},
        "diagnostics": by_path.get(model.path, []),
    }
