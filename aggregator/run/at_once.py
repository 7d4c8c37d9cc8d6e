"""Several steps at once, each in a thread of its own, where the engine bears it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.plan import Step
from aggregator.core.report import StepResult
from aggregator.engines import Engine, LeftRunningError
from aggregator.run.schedule import Schedule
from aggregator.run.turns import WRITTEN, Turns

if TYPE_CHECKING:
    from aggregator.run.build import Builder

Enough: TypeAlias = Callable[[StepResult], bool]
"""Whether nothing more is to be begun after a result; asked of each once, in the thread of its step."""

_CANCEL_SECONDS = 0.2
"""How often queries are told to end: they may not have begun to listen the first time."""


class AtOnce:
    """Does steps in the order of a schedule. What a step comes to is looked at in the thread that began all this."""

    def __init__(
        self,
        steps: Sequence[Step],
        schedule: Schedule,
        turns: Turns,
        tell: Callable[[StepResult], None],
        enough: Enough,
    ) -> None:
        self._steps = steps
        self._schedule = schedule
        self._turns = turns
        self._tell = tell
        self._enough = enough
        self._results: list[list[StepResult]] = [[] for _ in steps]
        self._running: dict[futures.Future[list[StepResult]], int] = {}
        self._is_over = threading.Event()
        self._left: LeftRunningError | None = None

    def run(self, engine: Engine) -> tuple[StepResult, ...]:
        """Do all steps; gives how they ended, in their own order.

        What fails as models do is a result. On an exception nothing more is begun, and it is raised when what was
        running has ended; an interrupt cancels that. So it is where a query was left running, but what ended is told.
        """
        with futures.ThreadPoolExecutor(engine.parallel) as pool:
            try:
                self._begin(pool, engine.parallel)
                while self._running:
                    for done in futures.wait(self._running, return_when=futures.FIRST_COMPLETED).done:
                        self._end(self._running.pop(done), done.result())
                    self._begin(pool, engine.parallel)
            except BaseException as error:
                self._is_over.set()
                if isinstance(error, KeyboardInterrupt):
                    self._cancel(engine)
                raise
        if self._left is not None:
            raise self._left
        return tuple(result for results in self._results for result in results)

    def _begin(self, pool: futures.Executor, most: int) -> None:
        """Begin what may begin, as long as there is room."""
        while (
            len(self._running) < most and not self._is_over.is_set() and (number := self._schedule.begin()) is not None
        ):
            turn = self._turns.begin(self._steps[number])
            self._note(number, turn.results)
            if turn.pieces:
                builder = self._turns.builder(self._steps[number].model)
                self._running[pool.submit(self._build, builder, turn.pieces)] = number
            else:
                self._schedule.end(number, is_written=False)

    def _build(self, builder: Builder, pieces: Sequence[Step]) -> list[StepResult]:
        """In a thread of its own: one query after the other."""
        found: list[StepResult] = []
        try:
            for piece in pieces:
                is_enough = False
                for result in builder.build(piece):
                    found.append(result)
                    is_enough |= self._enough(result)
                    if self._is_over.is_set():
                        return found
                if is_enough:
                    self._is_over.set()
                    return found
        except LeftRunningError as error:
            self._left = error
            self._is_over.set()
        return found

    def _end(self, number: int, results: Sequence[StepResult]) -> None:
        self._note(number, results)
        self._schedule.end(number, is_written=any(each.status in WRITTEN for each in results))

    def _note(self, number: int, results: Sequence[StepResult]) -> None:
        self._turns.end(results)
        self._results[number] += results
        for result in results:
            self._tell(result)

    def _cancel(self, engine: Engine) -> None:
        while any(not each.done() for each in self._running):
            engine.cancel()
            futures.wait(self._running, timeout=_CANCEL_SECONDS)
