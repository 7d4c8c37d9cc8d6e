"""What is read below a model: views looked through, down to tables, with only the columns that are used.

BigQuery puts the SQL of a view into the query and leaves out what is not used of it. A column of a base table is read
through a view if a used output column is made from it, or if the view needs it whatever is selected: to filter, join,
group or sort. The lineage says the first. For the second, a column that makes no output column must be there for such a
reason; and one that makes only unused ones is there if its name stands outside of the view's SELECT list. That is exact
for a view that is one SELECT; with WITH, subqueries or UNION it may count a column too many, and says so.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from aggregator.compile.pipes import tree_of
from aggregator.core.graph import CompiledModel, Derivation, Graph, OutputColumn
from aggregator.core.maps import PartitionMap, Reach
from aggregator.core.project import Kind
from aggregator.dry_run.inlining import Views

if TYPE_CHECKING:
    from aggregator.core.names import TableName

Reads: TypeAlias = "Mapping[TableName, Mapping[str, tuple[str, ...]] | None]"
"""By model and view: for each table in its FROM, the columns whose bytes count; None where no analyzer could tell."""


@dataclasses.dataclass(frozen=True)
class Scan:
    """What a query reads of one table, in all places together: at most ``columns``, and ``surely`` these of them.

    Names are in lower case. ``columns`` is None where nobody could tell them. ``maps`` say which partitions, and
    ``through`` has the views on the way.
    """

    table: TableName
    columns: frozenset[str] | None
    surely: frozenset[str]
    maps: frozenset[PartitionMap]
    through: Views = frozenset()

    def joined(self, other: Scan) -> Scan:
        """Both, of the same table."""
        both = None if self.columns is None or other.columns is None else self.columns | other.columns
        return Scan(self.table, both, self.surely | other.surely, self.maps | other.maps, self.through | other.through)


def scans(model: CompiledModel, graph: Graph, reads: Reads) -> tuple[Scan, ...]:
    """The tables that a build of a model reads in the end, each once."""
    found: dict[TableName, Scan] = {}
    for scan in _below(model, graph, reads, None):
        found[scan.table] = found[scan.table].joined(scan) if scan.table in found else scan
    return tuple(found.values())


@dataclasses.dataclass(frozen=True)
class _Used:
    """Output columns of a view that are used: at most, and surely."""

    columns: frozenset[str] | None
    surely: frozenset[str]


def _below(model: CompiledModel, graph: Graph, reads: Reads, used: _Used | None) -> Iterator[Scan]:
    """What a model reads; where it is a view, of which so much is ``used``."""
    told = reads.get(model.name)
    by_name = {name.casefold(): columns for name, columns in told.items()} if told is not None else None
    maps: dict[TableName, set[PartitionMap]] = {}
    for edge in model.inputs:
        maps.setdefault(edge.table, set()).add(edge.map)
    inside = {edge.table for edge in model.inputs if edge.function}  # of a function no analyzer tells what it reads
    for table, reached in maps.items():
        columns = None
        if by_name is not None and (table not in inside or str(table).casefold() in by_name):
            columns = frozenset(map(str.casefold, by_name.get(str(table).casefold(), ())))
        scan = Scan(table, columns, columns or frozenset(), frozenset(reached))
        if used is not None:
            scan = _narrowed(scan, model, used)
        view = graph.models.get(table)
        if view is not None and view.model.kind is Kind.VIEW:
            for each in _below(view, graph, reads, _Used(scan.columns, scan.surely)):
                yield dataclasses.replace(each, through=each.through | {(str(table).casefold(), view.sql)})
        else:
            yield scan


def _narrowed(scan: Scan, view: CompiledModel, used: _Used) -> Scan:
    """Without the columns that are only in a view for what is not used of it."""
    if scan.columns is None or used.columns is None:
        return dataclasses.replace(scan, surely=frozenset())
    needs = _needs(view.sql)
    if needs.all:
        return scan
    always = {c.name.casefold() for c in view.columns if c.name.casefold() in needs.names or needs.keeps(c)}
    made = _origins(view.columns, scan.table)
    wanted = _origins((c for c in view.columns if c.name.casefold() in used.columns | always), scan.table)
    surely = _origins((c for c in view.columns if c.name.casefold() in used.surely), scan.table)
    needed = frozenset(c for c in scan.columns if c in wanted or c not in made or _top(c) in needs.names)
    if needs.is_plain and used.columns == used.surely:
        return dataclasses.replace(scan, columns=needed, surely=needed)
    return dataclasses.replace(scan, columns=needed, surely=needed & (surely | (scan.columns - made)))


def _origins(columns: Iterator[OutputColumn] | tuple[OutputColumn, ...], table: TableName) -> frozenset[str]:
    """The columns of a table that some output columns are made from, and those that they are fields of."""
    paths = [o.column.casefold() for column in columns for o in column.origins if o.table == str(table)]
    return frozenset({*paths, *map(_top, paths)})


def _top(path: str) -> str:
    return path.partition(".")[0]


@dataclasses.dataclass(frozen=True)
class _Needs:
    """What the SQL of a view needs whatever is selected from it.

    ``names`` stand outside of its SELECT list. ``groups``: what it groups by makes its rows. ``is_plain``: it is one
    SELECT, so that a name is no other one's. ``all``: nothing can be left out, or nobody knows.
    """

    names: frozenset[str] = frozenset()
    groups: bool = False
    is_plain: bool = True
    all: bool = False

    def keeps(self, column: OutputColumn) -> bool:
        """Whether an output column makes the groups."""
        return self.groups and column.derivation is not Derivation.AGGREGATE


@functools.lru_cache(maxsize=1024)
def _needs(sql: str) -> _Needs:
    tree = tree_of(sql)
    selects = list(_sides(tree))
    if any(each is None for each in selects) or tree.find(exp.Pivot) is not None:
        return _Needs(all=True)
    lists = {id(item) for select in selects if select is not None for item in select.expressions}
    queries = sum(1 for _ in tree.find_all(exp.Query))
    names: set[str] = set()
    for node in tree.find_all(exp.Column, exp.Join):
        if isinstance(node, exp.Column) and not _is_listed(node, lists):
            names |= {part.name.casefold() for part in node.parts}
        if isinstance(node, exp.Join):
            names |= {each.name.casefold() for each in node.args.get("using") or ()}
    groups = any(select is not None and select.args.get("group") for select in selects)
    return _Needs(frozenset(names), groups=groups, is_plain=queries == 1)


def _sides(tree: exp.Expr) -> Iterator[exp.Select | None]:
    """The SELECTs whose columns are those of the view; None for one of which nothing can be left out."""
    if isinstance(tree, exp.Subquery):
        yield from _sides(tree.this)
    elif isinstance(tree, exp.Union) and not tree.args.get("distinct"):
        yield from _sides(tree.left)
        yield from _sides(tree.right)
    elif isinstance(tree, exp.Select) and not tree.args.get("distinct") and not tree.args.get("limit"):
        yield tree
    else:
        yield None


def _is_listed(column: exp.Column, lists: set[int]) -> bool:
    """Whether a column stands in one of the SELECT lists, and in no query inside it."""
    node: exp.Expr | None = column
    while node is not None:
        if id(node) in lists:
            return True
        if isinstance(node, exp.Query):
            return False
        node = node.parent
    return False


def is_whole(scan: Scan) -> bool:
    """Whether no map keeps a query from reading the whole table."""
    return any(map_.reach is Reach.ALL for map_ in scan.maps)
