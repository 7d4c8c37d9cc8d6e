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
from aggregator.cache import Cache
from aggregator.cli.catalogs import committed_catalog
from aggregator.cli.output import teller
from aggregator.cli.session import Session
from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.dry_run.request import Request
from aggregator.review import review


@dataclasses.dataclass(frozen=True)
class Before:
    """The project as it was, with what was wrong in it."""

    graph: Graph
    findings: tuple[Diagnostic, ...]


def request_about(session: Session, selected: Iterable[TableName], output: str) -> Request:
    """What to ask about the project as it is; a damaged catalog ends the command. Warnings are left to `lint`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    wrong = tuple(errors(session.findings))
    return Request(session.graph, wrong, frozenset(selected), now, *committed_catalog(session.root, output))


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


@contextlib.contextmanager
def open_analyzers(session: Session, layers: Sequence[str], *, quiet: bool) -> Iterator[list[Analyzer]]:
    """The analyzers that can be had; why the others can't is said. One that was asked for by name must be there."""
    analyzers, tell = list[Analyzer](), teller(quiet=quiet)
    try:
        for name in (each for each in ANALYZERS if not layers or each in layers):
            try:
                analyzers.append(open_analyzer(name, session.graph.project, tell))
            except NotAvailableError as error:
                if name in layers:
                    raise click.UsageError(f"--layer {name}: {error}") from None
                tell(f"{name} is not asked: {error}")
        yield analyzers
    finally:
        for analyzer in analyzers:
            analyzer.close()
