"""Who examines models: this process, and others beside it when there is much to do."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from aggregator.compile.facts import Facts, Known
from aggregator.core.diagnostics import Diagnostic, Place
from aggregator.core.names import TableName
from aggregator.core.project import Project

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    from aggregator.compile.examine import Examiner
    from aggregator.compile.subject import Inspect

Task = tuple[TableName, Known]

_MANY = 24
"""From so many models on that can be examined at once, starting other processes costs less than it saves."""
_MANY_OBJECTS = 10_000
"""About what one model's trees are made of; collecting garbage more often only costs."""

_SHARE = 8
"""At most so many models are sent at a time."""

_AHEAD = 2
"""So many shares for each process are under way: one to work on, one to go on with. To wait for many costs much."""


class Workers:
    """Takes models and gives facts. What examining needs is imported when the first one comes."""

    def __init__(self, project: Project, inspect: Inspect, processes: int) -> None:
        self._project = project
        self._inspect = inspect
        self._processes = processes
        self._waiting: list[Task] = []
        self._running: set[Future[list[tuple[TableName, Facts]]]] = set()
        self._pool: ProcessPoolExecutor | None = None
        self._has_examined = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def are_busy(self) -> bool:
        """Whether something is to be expected from :meth:`finished`."""
        return bool(self._waiting or self._running)

    def submit(self, name: TableName, known: Known) -> None:
        """Have a model examined."""
        self._waiting.append((name, known))

    def finished(self) -> Iterator[tuple[TableName, Facts]]:
        """The facts about at least one of the models, once they are there."""
        if self._pool is None and not self._are_many():
            name, known = self._waiting.pop()
            yield name, self._examiner.examine(name, known)
            self._has_examined = True
            return
        from concurrent import futures  # noqa: PLC0415  (not needed for few)

        pool = self._pool = self._pool or self._start()
        size = max(1, min(_SHARE, len(self._waiting) // self._processes))
        while self._waiting and len(self._running) < _AHEAD * self._processes:
            share, self._waiting = self._waiting[:size], self._waiting[size:]
            self._running.add(pool.submit(_examine, share))
        done, self._running = futures.wait(self._running, return_when=futures.FIRST_COMPLETED)
        for future in done:
            yield from future.result()

    def examined(self, name: TableName, known: Known) -> Facts:
        """The facts about one model, here and now."""
        return self._examiner.examine(name, known)

    def references(self, name: TableName) -> tuple[TableName, ...]:
        """The tables that a model reads, exactly."""
        return tuple(self._examiner.references(name))

    def place_of_reference(self, name: TableName, table: TableName) -> Place:
        """Where a model mentions a table that it reads."""
        return self._examiner.references(name)[table]

    def macro_problems(self) -> Iterator[Diagnostic]:
        """What is wrong with the files in ``macros/``."""
        return self._examiner.macro_problems()

    @functools.cached_property
    def _examiner(self) -> Examiner:
        from aggregator.compile.examine import Examiner  # noqa: PLC0415  (sqlglot: nothing may have changed)

        return Examiner(self._project, self._inspect)

    def _are_many(self) -> bool:
        """Whether to start other processes: not before a model was examined here, which loads what they all need."""
        return self._has_examined and self._processes > 1 and len(self._waiting) >= _MANY

    def _start(self) -> ProcessPoolExecutor:
        """Forked processes share what is loaded already; where there is no fork they load it themselves."""
        import multiprocessing  # noqa: PLC0415
        from concurrent import futures  # noqa: PLC0415

        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
        return futures.ProcessPoolExecutor(self._processes, context, _prepare, (self._project, self._inspect))


_mine: list[Examiner] = []


def _prepare(project: Project, inspect: Inspect) -> None:
    from aggregator.compile.examine import Examiner  # noqa: PLC0415

    _mine[:] = [Examiner(project, inspect)]
    gc.freeze()  # what was there before is not garbage: looking for it there would take a fifth of the time
    gc.set_threshold(_MANY_OBJECTS, 10, 10)


def _examine(share: list[Task]) -> list[tuple[TableName, Facts]]:
    return [(name, _mine[0].examine(name, known)) for name, known in share]
