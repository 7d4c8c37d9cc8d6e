"""How a run tells that it goes on: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections import Counter as Counts
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.core.report import StepResult


class Silent:
    """Says nothing."""

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """Nothing."""

    def advance(self, result: StepResult) -> None:
        """Nothing."""


class Lines:
    """A line when a model is done with and, within a long one, every few seconds."""

    _EVERY_SECONDS = 5.0

    def __init__(self) -> None:
        self._total = 0
        self._left: Counts[TableName] = Counts()
        self._said = time.monotonic()

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """Remember how much there is to do."""
        self._left.update(partitions)
        self._total = self._left.total()

    def advance(self, result: StepResult) -> None:
        """Say where we are, if it is worth a line."""
        self._left[result.model] -= len(result.partitions)
        if not self._left[result.model] or time.monotonic() - self._said > self._EVERY_SECONDS:
            self._said = time.monotonic()
            done = self._total - self._left.total()
            click.echo(f"{done:,}/{self._total:,}  {result.model} {result.partitions[-1]}".rstrip(), err=True)


class Bar:
    """A progress bar."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415  (only a terminal needs it)
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self._progress = Progress(
            TextColumn("{task.description:<32}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("planning", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """Set the length of the bar."""
        self._progress.update(self._task, total=sum(partitions.values()))

    def advance(self, result: StepResult) -> None:
        """Move on."""
        self._progress.update(self._task, advance=len(result.partitions), description=str(result.model))


class Counter:
    """A number that grows, for work that is usually over before anyone wonders."""

    _EVERY_SECONDS = 2.0

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = time.monotonic()
        self._is_shown = False

    def tell(self, done: int, total: int) -> None:
        """Say how much is done, every now and then; on a terminal, in one line that goes when all is done."""
        on_terminal = sys.stderr.isatty()
        if done < total and time.monotonic() - self._said > self._EVERY_SECONDS:
            self._said = time.monotonic()
            line = f"{done:,}/{total:,} {self._what}"
            click.echo(f"\r{line}" if on_terminal else line, nl=not on_terminal, err=True)
            self._is_shown = on_terminal
        if done == total and self._is_shown:
            click.echo("\r\033[K", nl=False, err=True)
            self._is_shown = False


def counter(what: str, *, quiet: bool) -> Callable[[int, int], None]:
    """What tells how much is done: a :class:`Counter`, or nothing."""
    return (lambda _done, _total: None) if quiet else Counter(what).tell
