"""How large tables are: from the catalog, else as declared, else not known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.core.calendar import Calendar
from aggregator.core.catalog import Catalog, Size, StoredTable
from aggregator.core.pseudo import telling
from aggregator.core.warehouse import NULL_PARTITION
from aggregator.dry_run.type_tree import UNKNOWN, TypeTree, type_tree

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.core.declared import DeclaredSize
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.core.project import Partitioning


@dataclasses.dataclass(frozen=True)
class Width:
    """How many bytes a value of a column takes on average; ``is_fixed`` where all but NULLs take the same."""

    bytes: float
    is_fixed: bool
    tree: TypeTree = UNKNOWN


@dataclasses.dataclass(frozen=True)
class Stock:
    """What is known of the size of a table. Columns are by their names in lower case.

    ``columns`` are those whose bytes are counted in sizes, ``new`` are those that the warehouse does not have yet.
    ``calendar`` says how the table stands in the warehouse, which may not be as it is declared; None where a filter
    skips nothing. ``whole`` is None where the size is not known, ``typical`` is an average partition. ``how`` says
    where it is all from, or why there is nothing.
    """

    columns: Mapping[str, Width]
    how: str
    calendar: Calendar | None = None
    whole: Size | None = None
    partitions: Mapping[str, Size] = dataclasses.field(default_factory=dict)
    typical: Size | None = None
    clustering: tuple[str, ...] = ()
    new: Mapping[str, Width] = dataclasses.field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns."""
        return (*self.columns, *self.new)

    def partition(self, partition: str) -> Size | None:
        """Of a partition: nothing if there is none, an average one if it is not there yet, or none is known."""
        if not self.partitions or partition > max(self.partitions):
            return self.typical
        return self.partitions.get(partition, Size(0, 0))

    def bytes(self, size: Size, columns: Iterable[str]) -> int:
        """What some columns, or fields of them, take of the table, or of a partition of it."""
        widths = {**self.columns, **self.new}
        taken = {name: round(width.bytes * size.rows) for name, width in self.new.items()}
        taken |= spread(size, self.columns)
        wanted = set(map(str.casefold, columns))
        total = sum(taken.get(each, 0) for each in wanted)
        for path in sorted(wanted - taken.keys()):
            name, _, field = path.partition(".")
            if name in taken and name not in wanted:
                total += round(taken[name] * widths[name].tree.share(field))
        return total


def newest(stock: Stock, among: Sequence[str]) -> str | None:
    """Which of some partitions is read where the latest is; one that is not known yet counts as if it were there."""
    return next((each for each in reversed(among) if (size := stock.partition(each)) is None or size.rows), None)


def spread(size: Size, columns: Mapping[str, Width]) -> dict[str, int]:
    """The bytes of rows by column.

    Columns of fixed width take that for each row; what is left belongs to the others, in proportion to their averages.
    So all columns together take what the rows take.
    """
    fixed = {name: width.bytes * size.rows for name, width in columns.items() if width.is_fixed}
    loose = {name: width.bytes for name, width in columns.items() if not width.is_fixed}
    taken, averages = sum(fixed.values()), sum(loose.values())
    if taken > size.bytes:  # some values are NULL, and NULL takes nothing
        fixed = {name: each * size.bytes / taken for name, each in fixed.items()}
    rest = max(size.bytes - taken, 0)
    loose = {name: rest * (width / averages) for name, width in loose.items()} if averages else {}
    return {name: round(each) for name, each in (fixed | loose).items()}


def stock_of(table: TableName, graph: Graph, catalog: Catalog | None, now: datetime) -> Stock:
    """What is known of the size of a source, or of a model that is no view."""
    stored = catalog.tables.get(table) if catalog is not None else None
    if catalog is not None and stored is not None:
        stock = _stored(stored, graph.calendars.get(table), _types(table, graph), _taken(catalog))
        return stock if stock.typical or not stock.calendar else _averaged(stock, _declared(table, graph)[1], now)
    missing = f"is not in the {_taken(catalog)}" if catalog is not None else "is in no catalog"
    declared, partition = _declared(table, graph)
    columns = _widths(_types(table, graph))
    if declared is None:
        return Stock(columns, f"{missing} and has no size:")
    size = _complete(declared, columns)
    how = "size: as declared" if declared.bytes is not None else "size: as declared, lengths of texts assumed"
    cluster = tuple(map(str, graph.models[table].model.cluster)) if table in graph.models else ()
    calendar = graph.calendars.get(table)
    if calendar is None or partition is None:
        return Stock(columns, how, None, size, clustering=cluster)
    count = _partitions_until(partition, calendar, now)
    whole = Size(size.rows * count, size.bytes * count)
    return Stock(columns, how, calendar, whole, typical=size, clustering=cluster)


def _taken(catalog: Catalog) -> str:
    return f"catalog of {catalog.taken_at:%Y-%m-%d}" if catalog.taken_at is not None else "catalog"


def _stored(stored: StoredTable, declared: Calendar | None, known: Mapping[str, _Typed], how: str) -> Stock:
    """From the catalog; columns that the warehouse does not have yet are as wide as their types."""
    rows = stored.size.rows
    declared_widths, widths = _widths(known), {}
    for column in stored.columns:
        tree = type_tree(column.type)
        width = Width(tree.width, tree.is_fixed, tree)
        if column.bytes is not None and rows:
            width = Width(column.bytes / rows, tree.is_fixed, tree)
        elif not tree.is_fixed:
            width = declared_widths.get(column.name.casefold(), width)
            how += "" if how.endswith("assumed") else ", lengths of texts assumed"
        widths[column.name.casefold()] = width
    calendar = _as_stored(stored, declared)
    partitions = _partitions(stored, calendar)
    count = len(partitions)
    totals = [sum(s.rows for s in partitions.values()), sum(s.bytes for s in partitions.values())]
    typical = Size(round(totals[0] / count), round(totals[1] / count)) if count else None
    new = {name: width for name, width in declared_widths.items() if name not in widths}
    return Stock(widths, how, calendar, stored.size, partitions, typical, stored.clustering, new)


def _averaged(stock: Stock, partition: Partitioning | None, now: datetime) -> Stock:
    """With an average partition, where the catalog has no sizes of partitions."""
    if partition is None or stock.calendar is None or stock.whole is None:
        return stock
    count = max(1, _partitions_until(partition, stock.calendar, now))
    typical = Size(round(stock.whole.rows / count), round(stock.whole.bytes / count))
    return dataclasses.replace(stock, typical=typical, how=f"{stock.how}, an average partition")


def _as_stored(stored: StoredTable, declared: Calendar | None) -> Calendar | None:
    """How a table is cut in the warehouse, as far as the filter on the declared column can make use of it."""
    told_by = telling(declared.column, declared.grain) if declared is not None else ()
    if declared is None or stored.partition_column.casefold() not in map(str.casefold, told_by):
        return None
    if stored.grain is None or stored.grain is declared.grain.stored:
        return declared
    return dataclasses.replace(declared, grain=stored.grain)


def _partitions(stored: StoredTable, calendar: Calendar | None) -> dict[str, Size]:
    """The sizes of partitions as the project names them: those of a week's days, or of a quarter's months, together."""
    named = {each: size for each, size in stored.partitions.items() if each != NULL_PARTITION}
    if calendar is None or stored.grain is None or calendar.grain is stored.grain:
        return named
    together: dict[str, Size] = {}
    for id_, size in named.items():
        name = calendar.id(calendar.grain.floor(calendar.parse(id_)))
        before = together.get(name, Size(0, 0))
        together[name] = Size(before.rows + size.rows, before.bytes + size.bytes)
    return together


def _declared(table: TableName, graph: Graph) -> tuple[DeclaredSize | None, Partitioning | None]:
    if table in graph.models:
        return graph.models[table].model.size, graph.models[table].model.partition
    source = graph.sources.get(table)
    return (source.size, source.partition) if source is not None else (None, None)


@dataclasses.dataclass(frozen=True)
class _Typed:
    """A column with its type and, where it is declared, its average length."""

    type: str
    bytes: int | None


def _types(table: TableName, graph: Graph) -> dict[str, _Typed]:
    """The columns of a table as the project knows them."""
    if table in graph.models:
        model = graph.models[table]
        lengths = {column.name.casefold(): column.bytes for column in model.model.columns}
        return {each.name.casefold(): _Typed(each.type, lengths.get(each.name.casefold())) for each in model.columns}
    source = graph.sources.get(table)
    return {each.name.casefold(): _Typed(each.type, each.bytes) for each in source.columns} if source else {}


def _widths(columns: Mapping[str, _Typed]) -> dict[str, Width]:
    return {name: _width(type_tree(column.type), column.bytes) for name, column in columns.items()}


def _width(tree: TypeTree, length: int | None) -> Width:
    """By the type, and by the declared average length where the type leaves it open."""
    if tree.is_fixed or length is None:
        return Width(tree.width, tree.is_fixed, tree)
    return Width(length + (2 if tree.name in ("STRING", "BYTES", "JSON") else 0), is_fixed=False, tree=tree)


def _complete(declared: DeclaredSize, columns: Mapping[str, Width]) -> Size:
    """Rows and bytes, where one of them follows from the widths of the columns."""
    width = sum(each.bytes for each in columns.values())
    rows, bytes_ = declared.rows, declared.bytes
    if bytes_ is None:
        bytes_ = round((rows or 0) * width)
    if rows is None:
        rows = round(bytes_ / width) if width else 0
    return Size(rows, bytes_)


def _partitions_until(partition: Partitioning, calendar: Calendar, now: datetime) -> int:
    """How many partitions a table has had so far."""
    end = calendar.local(now)
    return calendar.grain.number(partition.first(now), min(end, partition.end) if partition.end else end)
