"""A process that holds an analyzer: takes requests on standard input, answers on standard output.

It can be killed at any time. Statements are text of others: what they make the analyzer do must not harm whoever asked.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aggregator.analyzers.googlesql.client import Instances
from aggregator.analyzers.protocol import NotAvailableError

if TYPE_CHECKING:
    from aggregator.analyzers.googlesql.evaluate import Evaluator
    from aggregator.analyzers.googlesql.judge import Judge

MAX_MEMORY = 1024**3
"""In bytes; an analyzer at work needs about a tenth of it."""


def serve(compiled: Path, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests, each the name of what to do and its argument, until there are no more."""
    try:
        instances = Instances(compiled)
    except NotAvailableError as error:
        _say(answers, error)
        return
    from aggregator.analyzers.googlesql.judge import Judge  # noqa: PLC0415  (heavy: imported while an instance is made)

    judge = Judge(instances)
    while True:
        try:
            method, argument = pickle.load(requests)  # noqa: S301  (from our own parent process)
        except EOFError:
            return
        _say(answers, getattr(_face(judge, method), method)(argument))


@functools.cache
def _face(judge: Judge, method: str) -> Judge | Evaluator:
    """Who answers to a method. Queries are computed for tests only."""
    if method != "evaluate":
        return judge
    from aggregator.analyzers.googlesql.evaluate import Evaluator  # noqa: PLC0415  (not for who only has verdicts)

    return Evaluator(judge)


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
