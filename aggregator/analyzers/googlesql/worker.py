"""A process that holds an analyzer: takes requests on standard input, answers on standard output.

It can be killed at any time. Statements are text of others: what they make the analyzer do must not harm whoever asked.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.judge import Judge
from aggregator.analyzers.protocol import NotAvailableError

MAX_MEMORY = 1024**3
"""In bytes; an analyzer at work needs about a tenth of it."""


def serve(compiled: Path, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests, each the name of what to do and its argument, until there are no more."""
    try:
        judge = Judge(compiled)
    except NotAvailableError as error:
        _say(answers, error)
        return
    faces: dict[str, Callable[[Any], Any]] = {"verdicts": judge.verdicts, "evaluate": Evaluator(judge).evaluate}
    while True:
        try:
            method, argument = pickle.load(requests)  # noqa: S301  (from our own parent process)
        except EOFError:
            return
        _say(answers, faces[method](argument))


def _say(answers: BinaryIO, answer: Any) -> None:
    pickle.dump(answer, answers)
    answers.flush()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415  (only POSIX has it)

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then lets go of this process
    _limit_memory()
    serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
