"""Exports of published rows: done, and told of. For ``run`` and ``export``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from itertools import groupby

import click

from aggregator.cli.output import count, print_text, say
from aggregator.cli.progress import counter
from aggregator.cli.session import Session
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.names import TableName
from aggregator.core.report import Status, StepResult
from aggregator.core.unload import Unload
from aggregator.engines import Engine, NotHereError
from aggregator.export.storage import behind, refused, unload


@dataclasses.dataclass(frozen=True)
class Exports:
    """What was written to files, and what could not be."""

    written: tuple[Unload, ...] = ()
    failed: tuple[tuple[Unload, Diagnostic], ...] = ()

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Why some could not be."""
        return tuple(problem for _, problem in self.failed)

    def results(self) -> list[StepResult]:
        """What could not be written, as steps of a run."""
        return [
            StepResult(each.table, (each.partition,), Status.FAILED, problem=problem) for each, problem in self.failed
        ]

    def json(self) -> list[dict[str, object]]:
        """The partitions that were written."""
        return [
            {"model": str(each.table), "partition": each.partition or None, "files": each.files}
            for each in self.written
        ]


def exporting(session: Session, chosen: Iterable[TableName]) -> list[TableName]:
    """The models among these that are exported. Ends the command if one may not be exported where it wants to."""
    graph = session.graph
    names = [name for name in chosen if graph.models[name].model.export is not None]
    problems = refused(graph, names)
    if problems:
        print_text(problems, session.root)
        click.secho(f"{count(len(problems), 'export')} not allowed: nothing was run", fg="red", err=True)
        raise click.exceptions.Exit(1)
    return names


def export(session: Session, engine: Engine, names: list[TableName], *, quiet: bool) -> Exports:
    """Write what is not in storage as it is in the warehouse."""
    if not names:
        return Exports()
    try:
        unloads = behind(session.graph, engine.snapshot(), engine, names)
    except NotHereError as error:
        say(f"{count(len(names), 'table')} not exported: {error}")
        return Exports()
    tell = counter("partitions exported", quiet=quiet)
    written, failed = [], []
    for done, (each, problem) in enumerate(unload(unloads, session.graph, engine), start=1):
        tell(done, len(unloads))
        if problem is None:
            written.append(each)
        else:
            failed.append((each, problem))
    return Exports(tuple(written), tuple(failed))


def print_exports(exports: Exports, session: Session) -> None:
    """A line per model, and what went wrong."""
    for line in _lines(exports.written):
        click.echo(line)
    print_text(exports.problems, session.root)


def _lines(written: Iterable[Unload]) -> Iterator[str]:
    for table, unloads in groupby(written, lambda each: each.table):
        several = list(unloads)
        first, last = several[0], several[-1]
        to = first.files if len(several) == 1 else f"{first.folder} … {last.folder}"
        what = count(len(several), "partition") if first.partition else "the table"
        yield f"exported {what} of {table} to {to}"
