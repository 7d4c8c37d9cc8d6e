"""The names of tables and routines, whose case matters to BigQuery and not to the open analyzer."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from aggregator.analyzers.googlesql.restrictions.protocol import Broken
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, span


def miswritten(tree: Tree, text: bytes, names: Collection[str]) -> Iterator[Broken]:
    """Tables and routines that are called by a name in another case than their own; ``tree`` is as parsed."""
    folded = {name.casefold() for name in names}
    for kind, path in _paths(tree):
        parts = [each.id_string for each in path.names]
        name = ".".join(parts)
        if "." in name and name not in names and name.casefold() in folded:
            place = span(path)
            yield Broken(f"{kind} not found: {text[place].decode()}", path)


def declared(tree: Tree) -> Iterator[str]:
    """The names of the routines that a parsed statement creates."""
    for each in tree.of("ASTFunctionDeclaration"):
        yield ".".join(part.id_string for part in each.name.names)


def is_suspicious(sql: str, lowered: str, names: Collection[str]) -> bool:
    """Whether a name may be written otherwise than it is; quick, and right when it says no."""
    parts = {part for name in names for part in name.split(".")}
    return any(lowered.count(part.casefold()) != sql.count(part) for part in parts)


def _paths(tree: Tree) -> Iterator[tuple[str, Node]]:
    for item in tree.of("ASTTablePathExpression"):
        if item.HasField("path_expr"):
            yield "Table", item.path_expr
    for item in tree.of("ASTTVF"):
        yield "Table-valued function", item.name
    for item in tree.of("ASTFunctionCall"):
        yield "Function", item.function
