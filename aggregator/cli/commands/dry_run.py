"""``aggregator dry-run``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.analyzers import ANALYZERS, open_analyzer
from aggregator.analyzers.protocol import Analyzer, NotAvailableError
from aggregator.cache import FILE, Cache, key_of
from aggregator.cli.dry_runs import dry_run_json, print_dry_run
from aggregator.cli.options import format_option, project_options, select_option
from aggregator.cli.output import print_findings, print_json, print_text, say, teller
from aggregator.cli.progress import counter
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.catalog import Catalog
from aggregator.core.diagnostics import errors
from aggregator.dry_run.request import Request
from aggregator.dry_run.stage import STRUCTURE, dry_run
from aggregator.load.catalog import CATALOG_FILE, load_catalog


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
@format_option("json", "github", "sarif")
def command(
    folder: Path, environment: str | None, selection: tuple[str, ...], layers: tuple[str, ...], quiet: bool, output: str
) -> int:
    """Check without running anything whether BigQuery would accept every model, and what it would read and cost."""
    session = open_project(folder, environment, output, quiet=quiet)
    catalog, catalog_key = _catalog(session, output)
    request = Request(
        graph=session.graph,
        findings=session.findings,
        selected=frozenset(select(session.graph, selection)),
        now=datetime.now(UTC).replace(tzinfo=None),
        catalog=catalog,
        catalog_key=catalog_key,
    )
    progress = counter("models judged", quiet=quiet)
    with _analyzers(session, layers, quiet=quiet) as analyzers, Cache(session.root / FILE) as cache:
        found = dry_run(request, analyzers, cache, progress)
    if output == "json":
        print_json(dry_run_json(found))
    elif output != "text":
        print_findings(found.findings, session.root, output)
    else:
        print_text(found.findings, session.root)
        print_dry_run(found)
    return 1 if any(errors(found.findings)) else 0


def _catalog(session: Session, output: str) -> tuple[Catalog | None, str]:
    """What is known of the warehouse, if the project has it, and its key; a damaged file ends the command."""
    path = session.root / CATALOG_FILE
    if not path.exists():
        return None, ""
    found = load_catalog(path)
    if isinstance(found, Catalog):
        return found, key_of(path.read_text(encoding="utf-8"))
    print_findings(found, session.root, output)
    raise click.exceptions.Exit(2)


@contextlib.contextmanager
def _analyzers(session: Session, layers: Sequence[str], *, quiet: bool) -> Iterator[list[Analyzer]]:
    """The analyzers that can be had; why the others can't is said. One that was asked for by name must be there."""
    analyzers = list[Analyzer]()
    try:
        for name in (each for each in ANALYZERS if not layers or each in layers):
            try:
                analyzers.append(open_analyzer(name, session.graph.project, teller(quiet=quiet)))
            except NotAvailableError as error:
                if name in layers:
                    raise click.UsageError(f"--layer {name}: {error}") from None
                say(f"{name} is not asked: {error}")
        yield analyzers
    finally:
        for analyzer in analyzers:
            analyzer.close()
