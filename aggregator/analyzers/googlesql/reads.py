"""Which columns of each table a resolved statement really reads, and so which bytes BigQuery counts.

The analyzer's own pruning keeps whatever an inner SELECT names, even where the outer query drops it; BigQuery prunes
through subqueries, WITH and UNION ALL. The ids of columns are unique within a statement, so what is read is what can be
reached in a graph: from each column to those that it is computed from. All that decides which rows there are (WHERE,
ON, GROUP BY, DISTINCT) hangs on the statement itself.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Node: TypeAlias = Any
"""A resolved node: one of some hundreds of generated message types."""

Owner: TypeAlias = "int | str | None"
"""What needs a column: another column, a WITH query by its name, or (None) the statement."""

_EXISTS = 2
_UNION_ALL = 0


def concrete(node: Node) -> Node:
    """The node inside the wrappers that stand for "one of these kinds"."""
    while _is_wrapper(node.DESCRIPTOR) and node.WhichOneof("node"):
        node = getattr(node, node.WhichOneof("node"))
    return node


@functools.cache
def _is_wrapper(descriptor: Any) -> bool:
    return "node" in descriptor.oneofs_by_name


def inherited(node: Node, field: str) -> Any:
    """A field of a node, or of what it is a special case of."""
    while field not in node.DESCRIPTOR.fields_by_name:
        node = node.parent
    return getattr(node, field)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text as far as the tree has it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(list(_all_children(found))))


def _all_children(node: Node) -> Iterator[Node]:
    for descriptor, value in node.ListFields():
        if descriptor.message_type is not None and not _is_map(descriptor.message_type):
            yield from [value] if hasattr(value, "DESCRIPTOR") else value


@functools.cache
def _is_map(message_type: Any) -> bool:
    found: bool = message_type.GetOptions().map_entry
    return found


@dataclasses.dataclass(frozen=True)
class Reads:
    """Each scan of a table, and call of a table function, that matters, with the names of the columns that it reads."""

    scans: tuple[tuple[Node, frozenset[str]], ...]
    calls: tuple[tuple[Node, frozenset[str]], ...]


def reads_of(statement: Node) -> Reads:
    """What a resolved statement reads."""
    graph = _Graph()
    graph.visit(statement, None)
    live = graph.reachable()

    def read(nodes: list[tuple[Owner, Node]]) -> tuple[tuple[Node, frozenset[str]], ...]:
        return tuple(
            (node, frozenset(column.name for column in node.parent.column_list if column.column_id in live))
            for owner, node in nodes
            if owner in live
        )

    return Reads(read(graph.scans), read(graph.calls))


class _Graph:
    """The edges between columns, gathered in one walk."""

    def __init__(self) -> None:
        self.scans: list[tuple[Owner, Node]] = []
        self.calls: list[tuple[Owner, Node]] = []
        self._needs: dict[Owner, set[Owner]] = collections.defaultdict(set)
        self._with: dict[str, list[int]] = {}
        self._with_uses: list[tuple[str, list[int]]] = []

    def visit(self, node: Node, owner: Owner, field: str = "") -> None:
        """Note what a node needs, for the sake of ``owner``; ``field`` is where it stands in its parent."""
        node = concrete(node)
        handle = _HANDLERS.get(node.DESCRIPTOR.name)
        if handle is not None:
            handle(self, node, owner, field)
        else:
            self.visit_children(node, owner)

    def visit_children(self, node: Node, owner: Owner) -> None:
        for name, child in _children(node):
            self.visit(child, owner, name)

    def reachable(self) -> set[Owner]:
        for name, columns in self._with_uses:
            for column, source in zip(columns, self._with.get(name, ()), strict=False):
                self._needs[column].add(source)
        seen: set[Owner] = {None}
        waiting: list[Owner] = [None]
        while waiting:
            new = self._needs[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    def column_ref(self, node: Node, owner: Owner, _: str) -> None:
        self._needs[owner].add(node.column.column_id)

    def computed(self, node: Node, owner: Owner, field: str) -> None:
        if field == "group_by_list":
            self._needs[owner].add(node.column.column_id)
        self.visit(node.expr, node.column.column_id)

    def table_scan(self, node: Node, owner: Owner, _: str) -> None:
        self.scans.append((owner, node))

    def table_function(self, node: Node, owner: Owner, _: str) -> None:
        self.calls.append((owner, node))
        self.visit_children(node, owner)

    def with_entry(self, node: Node, _: Owner, __: str) -> None:
        name = node.with_query_name.casefold()
        self._with[name] = _column_ids(node.with_subquery)
        self.visit(node.with_subquery, f"with {name}")

    def with_scan(self, node: Node, owner: Owner, _: str) -> None:
        name = node.with_query_name.casefold()
        self._needs[owner].add(f"with {name}")
        self._with_uses.append((name, [column.column_id for column in node.parent.column_list]))

    def set_operation(self, node: Node, owner: Owner, _: str) -> None:
        """A column of UNION ALL needs those at its place; DISTINCT and its like compare all of them."""
        for item in node.input_item_list:
            for column, source in zip(node.parent.column_list, item.output_column_list, strict=False):
                needed_by = column.column_id if node.op_type == _UNION_ALL else owner
                self._needs[needed_by].add(source.column_id)
            self.visit(item, owner)

    def recursive(self, node: Node, owner: Owner, _: str) -> None:
        for term in (node.non_recursive_term, node.recursive_term):
            self._needs[owner].update(column.column_id for column in term.output_column_list)
            self.visit(term, owner)

    def analytic_group(self, node: Node, owner: Owner, _: str) -> None:
        """PARTITION BY and ORDER BY are read for the functions of their group."""
        columns = [concrete(each).column.column_id for each in node.analytic_function_list]
        for name, child in _children(node):
            for column in (owner,) if name == "analytic_function_list" else columns:
                self.visit(child, column)

    def subquery(self, node: Node, owner: Owner, _: str) -> None:
        """All but EXISTS hand on their columns."""
        if node.subquery_type != _EXISTS:
            self._needs[owner].update(_column_ids(node.subquery))
        self.visit_children(node, owner)

    def argument(self, node: Node, owner: Owner, _: str) -> None:
        """A table that a table function takes is read as far as it is handed over."""
        self._needs[owner].update(column.column_id for column in node.argument_column_list)
        self.visit_children(node, owner)

    def insert(self, node: Node, owner: Owner, _: str) -> None:
        self._needs[owner].update(column.column_id for column in node.query_output_column_list)
        self.visit_children(node, owner)

    def aggregate(self, node: Node, owner: Owner, _: str) -> None:
        for each in node.grouping_set_list:
            self.visit(each, owner)
        self.visit_children(node, owner)


_HANDLERS: dict[str, Callable[[_Graph, Node, Owner, str], None]] = {
    "ResolvedColumnRefProto": _Graph.column_ref,
    "ResolvedOutputColumnProto": _Graph.column_ref,
    "ResolvedComputedColumnProto": _Graph.computed,
    "ResolvedDeferredComputedColumnProto": _Graph.computed,
    "ResolvedTableScanProto": _Graph.table_scan,
    "ResolvedTVFScanProto": _Graph.table_function,
    "ResolvedWithEntryProto": _Graph.with_entry,
    "ResolvedWithRefScanProto": _Graph.with_scan,
    "ResolvedSetOperationScanProto": _Graph.set_operation,
    "ResolvedRecursiveScanProto": _Graph.recursive,
    "ResolvedAnalyticFunctionGroupProto": _Graph.analytic_group,
    "ResolvedSubqueryExprProto": _Graph.subquery,
    "ResolvedFunctionArgumentProto": _Graph.argument,
    "ResolvedInsertStmtProto": _Graph.insert,
    "ResolvedAggregateScanBaseProto": _Graph.aggregate,
}


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    descriptor = node.DESCRIPTOR
    paths = _known_paths.get(descriptor.full_name)
    if paths is None:
        paths = _paths(descriptor)
    if not paths:
        return
    for field, value in node.ListFields():
        name = field.name
        if name in paths:
            if paths[name]:
                for child in value:
                    yield name, child
            else:
                yield name, value


_known_paths: dict[str, dict[str, bool]] = {}
_leads_somewhere: dict[str, bool] = {}


def _paths(descriptor: Any) -> dict[str, bool]:
    """The fields of a node in which there may be something to read, and whether each is a list.

    Most of a tree is types, columns and signatures of functions; looking into them would take most of the time.
    """
    found = {
        field.name: field.is_repeated
        for field in descriptor.fields
        if field.message_type is not None and _can_lead(field.message_type)
    }
    _known_paths[descriptor.full_name] = found
    return found


def _can_lead(start: Any) -> bool:
    """Whether a node of this kind can hold one of those that are looked for, at any depth."""
    if start.full_name not in _leads_somewhere:
        _leads_somewhere[start.full_name] = any(kind.name in _HANDLERS for kind in _kinds_within(start))
    return _leads_somewhere[start.full_name]


def _kinds_within(start: Any) -> Iterator[Any]:
    """A kind of node, and all that may stand below it."""
    seen, waiting = {start.full_name}, [start]
    while waiting:
        kind = waiting.pop()
        yield kind
        kinds = [field.message_type for field in kind.fields if field.message_type is not None]
        waiting += [each for each in kinds if each.full_name not in seen]
        seen.update(each.full_name for each in kinds)


def _column_ids(scan: Node) -> list[int]:
    return [column.column_id for column in inherited(concrete(scan), "column_list")]
