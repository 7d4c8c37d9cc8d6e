"""``aggregator dry-run``."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.analyzers import ANALYZERS, open_analyzer
from aggregator.analyzers.protocol import Analyzer, NotAvailableError
from aggregator.cache import FILE, Cache
from aggregator.cli.catalogs import committed_catalog
from aggregator.cli.dry_runs import dry_run_json, print_difference, print_dry_run
from aggregator.cli.options import format_option, project_options, select_option
from aggregator.cli.output import print_findings, print_json, print_text, say, teller
from aggregator.cli.progress import counter
from aggregator.cli.revisions import base_commit, project_at
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.catalog import Catalog
from aggregator.core.diagnostics import errors
from aggregator.core.names import TableName
from aggregator.dry_run.request import Request
from aggregator.dry_run.stage import STRUCTURE, dry_run
from aggregator.review import review


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
@click.option(
    "--compare",
    "revision",
    metavar="REV",
    help="Say what is different from where this branch left a git revision: columns, and what depends on them; costs.",
)
@format_option("json", "github", "sarif")
def command(
    folder: Path,
    environment: str | None,
    selection: tuple[str, ...],
    layers: tuple[str, ...],
    revision: str | None,
    quiet: bool,
    output: str,
) -> int:
    """Say what BigQuery would make of every model, and its cost.

    Nothing is run. Google's own analyzer judges offline, and BigQuery itself where there are credentials.
    """
    session = open_project(folder, environment, output, quiet=quiet)
    commit = base_commit(session.root, revision) if revision is not None else None
    request = _request(session, select(session.graph, selection), committed_catalog(session.root, output))
    progress = counter("models judged", quiet=quiet)
    with _analyzers(session, layers, quiet=quiet) as analyzers, Cache(session.root / FILE) as cache:
        found = dry_run(request, analyzers, cache, progress)
        difference = None
        if commit is not None:
            from aggregator.dry_run.difference import difference_of  # noqa: PLC0415  (only who compares pays for it)

            with project_at(session.root, commit) as before:
                base = _base(before, environment, request, cache)
                difference = difference_of(base, dry_run(base, analyzers, cache, progress), request, found)
    if output == "json":
        print_json(dry_run_json(found, difference))
    elif output != "text":
        print_findings(found.findings, session.root, output)
    else:
        print_text(found.findings, session.root)
        print_dry_run(found)
        if difference is not None:
            print_difference(difference)
    return 1 if any(errors(found.findings)) else 0


def _request(session: Session, selected: Iterable[TableName], catalog: tuple[Catalog | None, str]) -> Request:
    now = datetime.now(UTC).replace(tzinfo=None)
    return Request(session.graph, session.findings, frozenset(selected), now, *catalog)


def _base(root: Path, environment: str | None, request: Request, cache: Cache) -> Request:
    """The same question about the project as it was. What was selected there is what is selected now, or gone."""
    before = review(root, environment, cache, processes=os.cpu_count() or 1)
    if before.graph is None:
        raise click.UsageError("aggregator.yml could not be read at the revision to compare with")
    gone = before.graph.project.models.keys() - request.graph.project.models.keys()
    return dataclasses.replace(
        request, graph=before.graph, findings=before.findings, selected=request.selected | frozenset(gone)
    )


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
