"""How a run tells that it goes on: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import click

from aggregator.core.report import StepResult


class Silent:
    """Says nothing."""

    def begin(self, partitions: int) -> None:
        """Nothing."""

    def advance(self, result: StepResult) -> None:
        """Nothing."""


class Lines:
    """A line when a model is done with and, within a long one, every few seconds."""

    _EVERY_SECONDS = 5.0

    def __init__(self) -> None:
        self._total = self._done = 0
        self._last: StepResult | None = None
        self._said = time.monotonic()

    def begin(self, partitions: int) -> None:
        """Remember how much there is to do."""
        self._total = partitions

    def advance(self, result: StepResult) -> None:
        """Say where we are, if it is worth a line."""
        if self._last is not None and self._last.model != result.model:
            self._say(self._last)
        self._done += len(result.partitions)
        if self._done == self._total or time.monotonic() - self._said > self._EVERY_SECONDS:
            self._say(result)
            self._last = None
        else:
            self._last = result

    def _say(self, result: StepResult) -> None:
        self._said = time.monotonic()
        click.echo(f"{self._done:,}/{self._total:,}  {result.model} {result.partitions[-1]}".rstrip(), err=True)


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

    def begin(self, partitions: int) -> None:
        """Set the length of the bar."""
        self._progress.update(self._task, total=partitions)

    def advance(self, result: StepResult) -> None:
        """Move on."""
        self._progress.update(self._task, advance=len(result.partitions), description=str(result.model))
