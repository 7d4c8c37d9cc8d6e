"""What a change does, found out step by step: columns and costs, partitions to rebuild, rows."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from aggregator.cache import Cache
from aggregator.cli.judging import Before, open_analyzers, request_about, request_before
from aggregator.cli.output import teller
from aggregator.cli.progress import counter
from aggregator.cli.session import Session
from aggregator.cli.warehouse import at_work
from aggregator.core.change import ChangeKind
from aggregator.core.estimate import Estimate
from aggregator.core.names import TableName
from aggregator.core.warehouse import Snapshot
from aggregator.diff.affected import How
from aggregator.diff.choose import Wish, choose
from aggregator.diff.compare import Progress, Version, Versions, compare
from aggregator.diff.comparison import Comparison
from aggregator.diff.rebuilds import Rebuild, rebuilds
from aggregator.diff.report import ModelDiff
from aggregator.dry_run.difference import Difference, difference_of
from aggregator.dry_run.stage import dry_run
from aggregator.engines import Engine, NotHereError
from aggregator.plan.due import due_partitions
from aggregator.plan.plan import within


@dataclasses.dataclass(frozen=True)
class Sides:
    """The project as it is and as it was; the models that differ, and those of them that are shown."""

    session: Session
    before: Before
    concerned: Mapping[TableName, How]
    models: Mapping[TableName, How]


@dataclasses.dataclass(frozen=True)
class Judged:
    """What a change does to columns and costs."""

    difference: Difference
    estimates: Mapping[TableName, Estimate]

    @property
    def renamed(self) -> dict[TableName, dict[str, str]]:
        """Old names of columns with their new ones, by table."""
        found: dict[TableName, dict[str, str]] = {}
        for change in self.difference.changes:
            if change.kind is ChangeKind.COLUMN_RENAMED:
                found.setdefault(change.table, {})[change.before] = change.after
        return found


@dataclasses.dataclass(frozen=True)
class Impact:
    """What a change does to the models that it concerns; ``no_data`` says why no rows were compared."""

    models: Mapping[TableName, How]
    judged: Judged
    rebuilds: Mapping[TableName, Rebuild]
    rows: Mapping[TableName, ModelDiff]
    no_data: str = ""

    def without_examples(self) -> Impact:
        """The same, without a value of any row."""
        return dataclasses.replace(self, rows={name: each.without_examples() for name, each in self.rows.items()})


def judged(sides: Sides, cache: Cache, output: str, *, quiet: bool) -> Judged:
    """Columns and costs before and after, by a dry run of each."""
    request = request_about(sides.session, sides.models, output)
    base = request_before(request, sides.before)
    progress = counter("models judged", quiet=quiet)
    with contextlib.ExitStack() as stack:
        analyzers = stack.enter_context(open_analyzers(sides.session, [], quiet=quiet)) if sides.models else []
        found = dry_run(request, analyzers, cache, progress)
        difference = difference_of(base, dry_run(base, analyzers, cache, progress), request, found)
    costs = {each.name: each.examination.estimate for each in found.models}
    return Judged(difference, {name: cost for name, cost in costs.items() if cost is not None})


def impact(sides: Sides, found: Judged, wish: Wish, wait: float, *, quiet: bool) -> Impact:
    """Partitions to rebuild and rows, as far as this warehouse can be asked for them from here."""
    if not sides.models:
        return Impact({}, found, {}, {})
    graph = sides.session.graph
    stale: Mapping[TableName, Rebuild] | None = None
    try:
        with at_work(graph, sides.session.root, teller(quiet=quiet), wait) as engine:
            snapshot = engine.snapshot()
            stale = rebuilds(sides.before.graph, graph, snapshot, sides.concerned.keys(), wish.interval)
            rows = _rows(engine, sides, snapshot, wish, found.renamed)
            compared = {each.model: each for each in rows(counter("partitions computed or compared", quiet=quiet))}
        missing = ""
    except NotHereError as error:
        compared, missing = {}, str(error)
    stale = _at_most(sides, wish) if stale is None else stale
    shown = {name: each for name, each in stale.items() if name in sides.models}
    return Impact(sides.models, found, shown, compared, missing)


def _rows(
    engine: Engine, sides: Sides, snapshot: Snapshot, wish: Wish, renamed: Mapping[TableName, Mapping[str, str]]
) -> Callable[[Progress], Iterator[ModelDiff]]:
    """What compares the rows of each model, or says why not."""
    before, after = (
        Version(graph, due_partitions(graph, snapshot.now)) for graph in (sides.before.graph, sides.session.graph)
    )
    versions = Versions(before, after, frozenset(sides.concerned))
    chosen = list(choose(versions, sides.models, wish, snapshot.versions, renamed))
    ready = [each for each in chosen if isinstance(each, Comparison)]
    said = [each for each in chosen if isinstance(each, ModelDiff)]
    return lambda progress: itertools.chain(said, compare(engine, versions, ready, progress))


def _at_most(sides: Sides, wish: Wish) -> dict[TableName, Rebuild]:
    """All partitions that there should be, where nobody knows what is there."""
    graph = sides.session.graph
    due = due_partitions(graph, datetime.now(UTC))
    return {
        name: Rebuild(tuple(within(graph.models[name], due[name], wish.interval)), 0)
        for name in sides.models
        if name in due
    }
