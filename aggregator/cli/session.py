"""What most commands begin with: the project loaded and compiled, or the reasons why not."""

from __future__ import annotations

import dataclasses
import gc
import os
from collections.abc import Iterable
from pathlib import Path

import click

from aggregator.cache import FILE, Cache
from aggregator.cli.output import count, print_findings, print_text
from aggregator.cli.progress import counter
from aggregator.core.diagnostics import Diagnostic, Place, errors
from aggregator.core.graph import Graph
from aggregator.load import codes, find_project
from aggregator.review import SELDOM, review

_DOES_NOT_ROLL_UP = "measure-does-not-roll-up"


@dataclasses.dataclass(frozen=True)
class Session:
    """A project that could be read, and everything that is wrong in it."""

    root: Path
    graph: Graph
    findings: tuple[Diagnostic, ...]

    def exit_code(self) -> int:
        """1 if there are errors; warnings stop nothing but `aggregator lint`."""
        return 1 if any(errors(self.findings)) else 0

    def stop_on_errors(self) -> None:
        """Print errors, and with any go no further: nothing is built from what is half understood.

        Warnings are counted: a project that has many would bury what the command is about.
        """
        wrong = tuple(errors(self.findings))
        if wrong:
            print_text(wrong, self.root)
            click.secho(f"{count(len(wrong), 'error')}: nothing was run", fg="red", err=True)
            raise click.exceptions.Exit(1)
        if self.findings:
            click.secho(f"{count(len(self.findings), 'warning')}: see aggregator lint", fg="yellow", err=True)


def open_project(folder: Path, environment: str | None, output: str = "text", *, quiet: bool) -> Session:
    """Load, compile and lint. Without a sound ``aggregator.yml`` the command ends here, with exit code 2."""
    root = find_project(folder)
    if root is None:
        place = Place((folder / "aggregator.yml").as_posix())
        message = f"there is no aggregator.yml in {folder.absolute()} or above it"
        advice = "change into a project, or make one with `aggregator init DIR`"
        _give_up([Diagnostic(place, codes.NO_PROJECT, message, advice)], folder, output)
    assert root is not None  # noqa: S101
    cache = Cache(root / FILE)  # stays open: the graph reads from it what it is asked for
    progress = counter("models compiled", quiet=quiet)
    found = review(root, environment, cache, processes=os.cpu_count() or 1, progress=progress)
    if found.graph is None:
        _give_up(found.findings, root, output)
    assert found.graph is not None  # noqa: S101
    gc.set_threshold(*SELDOM)  # what is known of the project stays until the command ends, and so does most of a plan
    return Session(root, found.graph, _measured(found.findings, found.graph))


def _measured(found: tuple[Diagnostic, ...], graph: Graph) -> tuple[Diagnostic, ...]:
    """The findings; those about columns that do not roll up say how wrong they would be."""
    if not any(each.code.name == _DOES_NOT_ROLL_UP for each in found):
        return found
    from aggregator.cli.measured import measured  # noqa: PLC0415  (sqlglot: few have such a finding)

    return measured(found, graph)


def _give_up(found: Iterable[Diagnostic], root: Path, output: str) -> None:
    print_findings(found, root, output)
    raise click.exceptions.Exit(2)
