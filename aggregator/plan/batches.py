"""Which partitions one query may build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aggregator.core.graph import CompiledModel


def batches(model: CompiledModel, partitions: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Unbroken runs of partitions that one query may build."""
    if model.calendar is None:
        yield from ((each,) for each in partitions)
        return
    run: list[str] = []
    for partition in partitions:
        follows = run and model.calendar.id(model.calendar.next(model.calendar.parse(run[-1]))) == partition
        if run and (model.one_by_one or not follows):
            yield tuple(run)
            run = []
        run.append(partition)
    if run:
        yield tuple(run)
