"""What the rules look at: the nodes of a tree, parsed or resolved, by kind, and their places in the text."""

from __future__ import annotations

import collections
import enum
import functools
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Node: TypeAlias = Any
"""A node of the analyzer's: one of some hundreds of generated message types."""

_NOT_NODES = frozenset(
    {
        "annotation_map",
        "column",
        "column_index_list",
        "column_list",
        "function",
        "function_call_info",
        "hint_list",
        "output_column_list",
        "parse_location_range",
        "signature",
        "table",
        "tvf",
        "type",
        "type_annotation_map",
        "type_modifiers",
        "value",
    }
)
"""Fields that hold no nodes of interest, and most of the bulk of a tree."""


class Tree:
    """The nodes of a tree by the names of their message types, parents before children: walked once for all rules."""

    def __init__(self, root: Node) -> None:
        self.by_kind: Mapping[str, list[Node]] = collections.defaultdict(list)
        for node in below(root):
            self.by_kind[node.DESCRIPTOR.name].append(node)

    def of(self, *kinds: str) -> Iterator[Node]:
        """The nodes of some kinds, such as ``ResolvedJoinScan``."""
        for kind in kinds:
            yield from self.by_kind.get(f"{kind}Proto", ())


def is_a(node: Node, *kinds: str) -> bool:
    """Whether a node is of one of some kinds."""
    return node.DESCRIPTOR.name.removesuffix("Proto") in kinds


def below(node: Node, into: bool = True) -> Iterator[Node]:  # noqa: FBT001, FBT002  (a private helper's switch)
    """A node and all nodes below it; with ``into`` false, not those inside subqueries."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if into or node.DESCRIPTOR.name != "ResolvedSubqueryExprProto":
            waiting.extend(reversed([child for _, child in children(node)]))


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """The nodes right below a node, with the fields that they stand in.

    A wrapper is looked through, and so is what a kind of nodes has in common with others.
    """
    for name, how in _reads(node.DESCRIPTOR):
        if how is _Read.EACH:
            for child in getattr(node, name):
                yield name, unwrapped(child)
        elif node.HasField(name):
            if how is _Read.COMMON:
                yield from children(getattr(node, name))
            else:
                yield name, unwrapped(getattr(node, name))


class _Read(enum.Enum):
    """How the nodes in a field are come by."""

    COMMON = enum.auto()
    ONE = enum.auto()
    EACH = enum.auto()


@functools.cache
def _reads(kind: Any) -> tuple[tuple[str, _Read], ...]:
    """The fields of a kind of nodes that hold nodes, by number: asking for these is quicker than listing all."""
    found = ((field.name, _how_read(field)) for field in sorted(kind.fields, key=lambda field: field.number))
    return tuple((name, how) for name, how in found if how is not None)


def _how_read(field: Any) -> _Read | None:
    if field.message_type is None or field.name in _NOT_NODES or field.message_type.GetOptions().map_entry:
        return None
    if field.name == "parent":
        return _Read.COMMON if _reads(field.message_type) else None
    return _Read.EACH if field.is_repeated else _Read.ONE


def unwrapped(node: Node) -> Node:
    """The node inside the wrappers that stand for "one of these kinds"."""
    while _is_wrapper(node.DESCRIPTOR):
        inside = node.WhichOneof("node")
        if not inside:
            break
        node = getattr(node, inside)
    return node


@functools.cache
def _is_wrapper(descriptor: Any) -> bool:
    return "node" in descriptor.oneofs_by_name


def common(node: Node, field: str) -> Any:
    """A field of a node, or of what it has in common with other kinds."""
    while field not in node.DESCRIPTOR.fields_by_name:
        node = node.parent
    return getattr(node, field)


def span(node: Node) -> slice:
    """The bytes of the text that a node was made from; none if that was not recorded."""
    while "parse_location_range" not in node.DESCRIPTOR.fields_by_name:
        if "parent" not in node.DESCRIPTOR.fields_by_name:
            return slice(0, 0)
        node = node.parent
    return slice(node.parse_location_range.start, node.parse_location_range.end)
