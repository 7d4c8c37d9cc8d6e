"""The analyzer as the dry run sees it: statements in, verdicts out, whatever happens to the processes behind it."""

from __future__ import annotations

import os
import queue
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.process import LostError, Process
from aggregator.analyzers.protocol import NotAvailableError, Statement, Verdict

_MOST_PROCESSES = 4
_SECONDS = 30.0
"""For one statement; the largest of ours take a fifth of a second."""
_SECONDS_MORE = 2.0
"""For each further statement that is asked along with it."""


class GoogleSql:
    """Google's analyzer in processes of its own, as many as are asked at once."""

    name = "googlesql"
    judges_functions = True

    def __init__(self, compiled: Path, seconds: float = _SECONDS) -> None:
        self.parallel = min(os.cpu_count() or 1, _MOST_PROCESSES)
        self._compiled = compiled
        self._seconds = seconds
        self._idle: queue.SimpleQueue[Process] = queue.SimpleQueue()

    def version(self) -> str:
        """The versions of the module and its runtime; our own files are part of every key as it is."""
        return module.version()

    def analyse(self, statements: Sequence[Statement]) -> Sequence[Verdict]:
        """A verdict for each statement. One over which the process is lost is looked for, and the others are judged."""
        seconds = self._seconds + _SECONDS_MORE * (len(statements) - 1)
        try:
            found: Sequence[Verdict] = self.ask("verdicts", list(statements), seconds)
        except LostError as error:
            if len(statements) == 1:
                return [Verdict(unchecked=str(error))]
            return [verdict for each in statements for verdict in self.analyse([each])]
        except NotAvailableError as error:
            return [Verdict(unchecked=str(error))] * len(statements)
        return found

    def ask(self, method: str, argument: Any, seconds: float) -> Any:
        """Have a process answer; one that is lost is not asked again."""
        process = self._idle_process() or Process(self._compiled)
        answer = process.ask(method, argument, seconds)
        self._idle.put(process)
        return answer

    def _idle_process(self) -> Process | None:
        while True:
            try:
                process = self._idle.get_nowait()
            except queue.Empty:
                return None
            if process.is_alive:
                return process
            process.close()

    def close(self) -> None:
        """End the processes."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
