"""What a dry run is asked about, and by whom it is judged: the project as it is, and as it was."""

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
from aggregator.cache import Cache, key_of
from aggregator.cli.output import print_findings, say, teller
from aggregator.cli.session import Session
from aggregator.core.catalog import Catalog
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.dry_run.request import Request
from aggregator.load.catalog import CATALOG_FILE, load_catalog
from aggregator.review import review


@dataclasses.dataclass(frozen=True)
class Before:
    """The project as it was, with what was wrong in it."""

    graph: Graph
    findings: tuple[Diagnostic, ...]


def request_about(session: Session, selected: Iterable[TableName], output: str) -> Request:
    """What to ask about the project as it is; a damaged catalog ends the command."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return Request(session.graph, session.findings, frozenset(selected), now, *_catalog(session, output))


def reviewed_before(root: Path, environment: str | None, cache: Cache) -> Before:
    """The project as it was, understood. Raises UsageError if it could not be read at all."""
    before = review(root, environment, cache, processes=os.cpu_count() or 1)
    if before.graph is None:
        raise click.UsageError("aggregator.yml could not be read at the revision to compare with")
    return Before(before.graph, before.findings)


def request_before(request: Request, before: Before) -> Request:
    """The same question about the project as it was. What was selected there is what is selected now, or gone."""
    gone = before.graph.project.models.keys() - request.graph.project.models.keys()
    return dataclasses.replace(
        request, graph=before.graph, findings=before.findings, selected=request.selected | frozenset(gone)
    )


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
def open_analyzers(session: Session, layers: Sequence[str], *, quiet: bool) -> Iterator[list[Analyzer]]:
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
