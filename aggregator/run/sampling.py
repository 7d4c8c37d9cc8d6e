"""Samples of sources: what they would read and cost, and then their rows, from BigQuery to files on this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.estimate import billed
from aggregator.core.sample import Part, Sample
from aggregator.engines.bigquery.sampling import Extract, Sampling
from aggregator.engines.codes import NOT_SAMPLED
from aggregator.engines.duckdb.pseudo import as_in_file
from aggregator.engines.duckdb.samples import SampleFolder, not_held
from aggregator.engines.protocol import QueryError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.core.project import Column, Source
    from aggregator.core.sample import Share


@dataclasses.dataclass(frozen=True)
class Quote:
    """What a sample would copy.

    ``here`` are those that are here already, with the rows that they have; ``bytes`` is what the others would read.
    """

    extracts: Mapping[TableName, tuple[Extract, ...]]
    here: Mapping[Extract, int]
    bytes: Mapping[Extract, int]
    problems: tuple[Diagnostic, ...]

    @property
    def billed(self) -> int:
        """What BigQuery would bill, in bytes."""
        return sum(billed([each]) for each in self.bytes.values())


@dataclasses.dataclass(frozen=True)
class Taken:
    """The samples that are there now, and why others are not."""

    samples: tuple[Sample, ...]
    problems: tuple[Diagnostic, ...]


def quote(graph: Graph, sampling: Sampling, wanted: Mapping[TableName, Sequence[str]], share: Share) -> Quote:
    """Ask what the partitions of some sources would cost. Nothing is run."""
    problems: list[Diagnostic] = []
    extracts: dict[TableName, tuple[Extract, ...]] = {}
    for name, partitions in wanted.items():
        source = graph.sources[name]
        columns = as_in_file(source).columns
        problem = _unfit(graph, source, columns) if partitions else _problem(source, _absent(sampling, name))
        if problem is not None:
            problems.append(problem)
        else:
            extracts[name] = tuple(sampling.extract(source, columns, each, share) for each in partitions)
    here = {
        each: rows
        for each in _all(extracts)
        if (rows := SampleFolder(graph.project.root, each.table).rows(each.file)) is not None
    }
    asked = [each for each in _all(extracts) if each not in here]
    answers = dict(zip(asked, sampling.bytes(asked), strict=True))
    failed, sizes = _told_apart(graph, answers)
    sound = {name: each for name, each in extracts.items() if name not in failed}
    kept = {extract: size for extract, size in sizes.items() if extract.table in sound}
    return Quote(sound, here, kept, (*problems, *failed.values()))


def take(
    graph: Graph, sampling: Sampling, quoted: Quote, *, share: Share, budget: int, tell: Callable[[int, int], object]
) -> Taken:
    """Copy the rows. A source of which a partition fails keeps the sample that it had."""
    asked, done = list(quoted.bytes), 0

    def told() -> None:
        nonlocal done
        done += 1
        tell(done, len(asked))

    def write(extract: Extract, rows: Iterable[Sequence[Any]]) -> int:
        return SampleFolder(graph.project.root, extract.table).write(extract.file, extract.columns, rows)

    answers = dict(zip(asked, sampling.copy(asked, budget, write, told), strict=True))
    failed, written = _told_apart(graph, answers)
    counts = {**quoted.here, **written}
    samples = [
        _sample(graph, sampling, share, extracts, counts)
        for name, extracts in quoted.extracts.items()
        if name not in failed
    ]
    kept = tuple(SampleFolder(graph.project.root, each.table).finish(each) for each in samples)
    return Taken(kept, tuple(failed.values()))


def _sample(
    graph: Graph, sampling: Sampling, share: Share, extracts: Sequence[Extract], counts: Mapping[Extract, int]
) -> Sample:
    parts = tuple(Part(each.partition, each.file, counts[each]) for each in extracts)
    masked = tuple(str(each.name) for each in extracts[0].columns if each.is_sensitive)
    taken_at = sampling.now().astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return Sample(extracts[0].table, graph.project.environment.name, taken_at, str(share), masked, parts)


def _all(extracts: Mapping[TableName, Iterable[Extract]]) -> Iterator[Extract]:
    return (each for several in extracts.values() for each in several)


def _told_apart(
    graph: Graph, answers: Mapping[Extract, int | QueryError]
) -> tuple[dict[TableName, Diagnostic], dict[Extract, int]]:
    """The first thing that is wrong with each source, and the numbers of what is not."""
    failed: dict[TableName, Diagnostic] = {}
    numbers: dict[Extract, int] = {}
    for extract, answer in answers.items():
        if isinstance(answer, QueryError):
            which = f"{extract.table}@{extract.partition}" if extract.partition else str(extract.table)
            failed.setdefault(extract.table, _problem(graph.sources[extract.table], f"{which}: {answer}"))
        else:
            numbers[extract] = answer
    return failed, numbers


def _unfit(graph: Graph, source: Source, columns: Sequence[Column]) -> Diagnostic | None:
    """Why a source can't be copied at all."""
    calendar, unknown = graph.calendars[source.name], not_held(columns)
    if unknown:
        return _problem(source, f"the embedded engine holds no values of the type of {', '.join(unknown)}")
    if calendar is not None and any(each.name == calendar.column and each.is_sensitive for each in columns):
        return _problem(source, f"{calendar.column} says to which partition a row belongs, and is sensitive")
    return None


def _absent(sampling: Sampling, name: TableName) -> str:
    if name not in sampling.versions():
        return f"{name} is not there"
    return f"{name} has no rows in the partitions that are asked for"


def _problem(source: Source, message: str) -> Diagnostic:
    return Diagnostic(source.document.place(0), NOT_SAMPLED, message)
