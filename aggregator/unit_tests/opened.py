"""The engines that tests are computed on, open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from aggregator.core.graph import Graph
from aggregator.engines import open_bench
from aggregator.unit_tests.engines import Computer, Embedded, Reference

ENGINES = ("duckdb", "reference", "both")


@contextlib.contextmanager
def computers(graph: Graph, wanted: str | None, say: Callable[[str], None]) -> Iterator[list[Computer]]:
    """The engines that were asked for; without a wish, those that are here.

    Raises ``NotAvailableError`` of the analyzers' protocol if the reference engine was asked for and can't be had.
    """
    with contextlib.ExitStack() as stack:
        found: list[Computer] = []
        if wanted != "reference":
            bench = open_bench(graph)
            stack.callback(bench.close)
            found.append(Embedded(bench))
        if wanted != "duckdb":
            reference = _reference(graph, stack, say, must_be=wanted is not None)
            found += [reference] if reference is not None else []
        yield found


def _reference(
    graph: Graph, stack: contextlib.ExitStack, say: Callable[[str], None], *, must_be: bool
) -> Reference | None:
    from aggregator.analyzers.googlesql import open_analyzer  # noqa: PLC0415  (only where tests are run)
    from aggregator.analyzers.googlesql.reference import ReferenceEngine  # noqa: PLC0415
    from aggregator.analyzers.protocol import NotAvailableError  # noqa: PLC0415

    try:
        analyzer = open_analyzer(graph.project, say)
    except NotAvailableError:
        if must_be:
            raise
        return None
    stack.callback(analyzer.close)
    return Reference(ReferenceEngine(analyzer), analyzer.parallel)
