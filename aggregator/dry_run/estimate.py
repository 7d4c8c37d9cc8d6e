"""What each model reads and costs: columns, partitions and sizes, put together by BigQuery's rules.

- The columns of a table that all parts of a query read are counted once; COUNT(*) reads none.
- Partitions are those that the maps of the inputs name, all maps of a table together; without partitions, or with the
  map ``all``, the whole table is read. Of these, the ones count that conditions leave (``narrowing.py``).
- Views are looked through (``views.py``), sizes are found (``sizes.py``), firings are counted (``cadence.py``).
- What may be less than counted is ``at most``, with the reason; what has no size is unknown, by name.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.core.estimate import Estimate, TableRead, price_per_tib
from aggregator.core.maps import Reach
from aggregator.core.project import Kind
from aggregator.core.warehouse import WHOLE
from aggregator.dry_run.cadence import builds_per_day
from aggregator.dry_run.conditions import is_tested
from aggregator.dry_run.inlining import with_views
from aggregator.dry_run.narrowing import Narrowed, narrowed
from aggregator.dry_run.sizes import Stock, newest, stock_of
from aggregator.dry_run.views import Reads, Scan, is_whole, scans
from aggregator.plan.due import Horizon
from aggregator.plan.maps import read_partitions

if TYPE_CHECKING:
    from aggregator.core.catalog import Catalog, Size
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.names import TableName

_MOST_TRIED = 20_000
"""So many partitions of an input are compared with the conditions of a query: more are not worth the time."""

_LATER = timedelta(days=800)
"""After so long, a table that goes on has a new partition, whatever its grain."""


@dataclasses.dataclass(frozen=True)
class Grounds:
    """What estimates are made from; ``now`` is UTC, without a zone.

    ``reads`` has what an analyzer told of every model and view; ``measured`` the bytes that the warehouse's own dry run
    told of some.
    """

    graph: Graph
    now: datetime
    catalog: Catalog | None = None
    reads: Reads = dataclasses.field(default_factory=dict)
    measured: Mapping[TableName, int] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def moment(self) -> datetime:
        """The clock by which a newest partition is looked for: that of the catalog, which knows none after it."""
        taken = self.catalog.taken_at if self.catalog is not None else None
        return min(self.now, taken) if taken is not None else self.now

    @functools.cached_property
    def now_complete(self) -> Horizon:
        """Which partitions are complete."""
        return Horizon(self.graph, self.moment)

    @functools.cached_property
    def later_complete(self) -> Horizon:
        """Which partitions will be."""
        return Horizon(self.graph, self.now + _LATER)

    @functools.cached_property
    def _stocks(self) -> dict[TableName, Stock]:
        return {}

    def stock(self, table: TableName) -> Stock:
        """The size of a table."""
        if table not in self._stocks:
            self._stocks[table] = stock_of(table, self.graph, self.catalog, self.moment)
        return self._stocks[table]


def estimates(grounds: Grounds) -> dict[TableName, Estimate]:
    """What each model reads and costs."""
    return {name: estimate(model, grounds) for name, model in grounds.graph.models.items()}


def estimate(model: CompiledModel, grounds: Grounds) -> Estimate:
    """What a build of the newest complete partition of a model reads and costs; a view is made for nothing."""
    partition = built_partition(model, grounds)
    return Estimate(
        model=model.name,
        partition=partition,
        reads=Reader(model, grounds).reads((partition,)),
        runs_per_day=0.0 if _is_ended(model, grounds) else builds_per_day(model),
        price_per_tib=price_per_tib(grounds.graph.project.environment),
        measured=grounds.measured.get(model.name),
    )


def built_partition(model: CompiledModel, grounds: Grounds) -> str:
    """The id of the partition that is estimated: the newest that is complete, or the first, if none is yet."""
    newest = grounds.now_complete.newest(model.name)
    if newest is not None or model.calendar is None or model.model.partition is None:
        return newest or WHOLE
    return model.calendar.id(model.calendar.grain.ceil(model.model.partition.start))


def _is_ended(model: CompiledModel, grounds: Grounds) -> bool:
    """Whether a table with partitions will have no more of them."""
    later, now = grounds.later_complete, grounds.now_complete
    return model.calendar is not None and later.newest(model.name) == now.newest(model.name)


class Reader:
    """What queries of one model read of each table."""

    def __init__(self, model: CompiledModel, grounds: Grounds) -> None:
        found = () if model.model.kind is Kind.VIEW else scans(model, grounds.graph, grounds.reads)
        self._model = model
        self._scans = [(scan, grounds.stock(scan.table)) for scan in found]
        self._limits: dict[tuple[TableName, bool], tuple[str, ...]] = {}

    def reads(self, partitions: Sequence[str]) -> tuple[TableRead, ...]:
        """What one query reads that builds some partitions; nothing is read twice for two of them."""
        return tuple(self._read(scan, stock, partitions) for scan, stock in self._scans)

    def _read(self, scan: Scan, stock: Stock, partitions: Sequence[str]) -> TableRead:
        columns = tuple(sorted(stock.names if scan.columns is None else scan.columns))
        ids = _ids(scan, self._model, partitions, stock)
        left = _left(scan, self._model, partitions, stock, ids)
        ids = ids if left is None else left.partitions
        is_pruned = left is not None and left.is_certain
        count = None if ids is None else len(ids)
        if not columns and scan.columns is not None:
            return TableRead(scan.table, (), count, 0, 0, stock.how if stock.whole else "no column is read")
        sizes = [stock.whole] if ids is None else [stock.partition(each) for each in ids]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return TableRead(scan.table, columns, count, None, 0, stock.how)
        limits = self._limits_of(scan, stock, is_whole=is_whole(scan) and not is_pruned)
        total = _sum(stock, known, columns)
        surely = total if scan.columns == scan.surely else _sum(stock, known, scan.surely)
        at_least = 0 if _PRUNED in limits else surely
        return TableRead(scan.table, columns, count, total, at_least, stock.how, limits)

    def _limits_of(self, scan: Scan, stock: Stock, *, is_whole: bool) -> tuple[str, ...]:
        key = (scan.table, is_whole)
        if key not in self._limits:
            self._limits[key] = tuple(_limits(scan, self._model, stock, is_whole=is_whole))
        return self._limits[key]


def _sum(stock: Stock, sizes: Iterable[Size], columns: Iterable[str]) -> int:
    wanted = tuple(columns)
    return sum(stock.bytes(size, wanted) for size in sizes)


def _ids(scan: Scan, model: CompiledModel, partitions: Sequence[str], stock: Stock) -> tuple[str, ...] | None:
    """The partitions that are read, each once; None for the whole table."""
    reader, source, found = model.calendar, stock.calendar, set[str]()
    if reader is None or source is None or is_whole(scan):
        return None
    for start, map_ in itertools.product(map(reader.parse, partitions), scan.maps):
        read = read_partitions(map_, reader, source, start)
        chosen = newest(stock, read) if map_.reach is Reach.LATEST else None
        found.update(read if map_.reach is not Reach.LATEST else (chosen,) if chosen is not None else ())
    return tuple(sorted(found))


def _left(
    scan: Scan, model: CompiledModel, partitions: Sequence[str], stock: Stock, ids: tuple[str, ...] | None
) -> Narrowed | None:
    """The partitions that conditions of the query leave of those that it could read, as far as that can be told.

    Where there are no partitions in the catalog, there is nothing to choose from.
    """
    among = tuple(sorted(stock.partitions)) if ids is None else ids
    if stock.calendar is None or stock.typical is None or not among:
        return None
    if stock.calendar.suffix or not _may_narrow(scan, model, stock.calendar.column):
        return None  # ends of names are texts, which compare otherwise than dates
    if len(among) * len(partitions) > _MOST_TRIED:
        return None
    sql, table = with_views(model.sql, scan.through), str(scan.table)
    found = [narrowed(sql, table, stock.calendar, among, _bounds(model, each)) for each in partitions]
    left = [each for each in found if each is not None]
    if len(left) < len(found):
        return None
    kept = {partition for each in left for partition in each.partitions}
    return Narrowed(tuple(sorted(kept)), all(each.is_certain for each in left))


def _may_narrow(scan: Scan, model: CompiledModel, column: str) -> bool:
    """Whether what the author wrote, or a view, may have such a condition; to be sure costs parsing."""
    ends = [0, *(each.end for each in model.splices)]
    starts = [*(each.start for each in model.splices), len(model.sql)]
    own = (model.sql[end:start] for end, start in zip(ends, starts, strict=True))
    text = " ".join((*own, *(sql for _, sql in scan.through))).casefold()
    return "where" in text and column.casefold() in text


def _bounds(model: CompiledModel, partition: str) -> dict[str, Any]:
    """The values of ``@start`` and ``@end`` for a partition."""
    if model.calendar is None:
        return {}
    start = model.calendar.parse(partition)
    return {"start": model.calendar.value(start), "end": model.calendar.value(model.calendar.next(start))}


_PRUNED = "a condition on the partition column may skip partitions"


def _may_skip(scan: Scan, model: CompiledModel, column: str) -> bool:
    """Whether a condition on a column may let BigQuery pass over some of a table."""
    if scan.columns is not None and column.casefold() not in scan.columns:
        return False
    return is_tested(with_views(model.sql, scan.through), str(scan.table), column)


def _limits(scan: Scan, model: CompiledModel, stock: Stock, *, is_whole: bool) -> Iterable[str]:
    """Why a query may read less than is counted."""
    if scan.columns is None:
        yield "no analyzer says which columns are read"
    elif scan.columns != scan.surely:
        yield "a view may need fewer columns"
    if is_whole and stock.calendar is not None and _may_skip(scan, model, stock.calendar.column):
        yield _PRUNED
    if stock.clustering and _may_skip(scan, model, stock.clustering[0]):
        yield f"clustered by {', '.join(stock.clustering)}"
