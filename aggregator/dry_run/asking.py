"""Many statements to one analyzer: several shares at once, each of which shares a catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent import futures

from aggregator.analyzers.protocol import Analyzer, Statement, Verdict

_SHARE = 64
"""Statements that are asked at a time."""


def answers(analyzer: Analyzer, statements: Sequence[Statement]) -> Iterator[Sequence[Verdict]]:
    """The verdicts in the order of the statements, share by share."""
    size = max(1, min(_SHARE, len(statements) // analyzer.parallel))
    shares = [statements[start : start + size] for start in range(0, len(statements), size)]
    with futures.ThreadPoolExecutor(analyzer.parallel) as pool:
        yield from pool.map(analyzer.analyse, shares)
