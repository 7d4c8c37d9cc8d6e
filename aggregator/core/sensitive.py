"""Which columns must not be shown: those that are marked, and what is made of them row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.core.graph import Derivation
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.core.graph import Graph, OutputColumn
    from aggregator.core.project import Column


def sensitive_columns(graph: Graph, name: TableName) -> frozenset[str]:
    """The columns of a table, in lower case, that its author marked ``sensitive``, or that come from one that is.

    An aggregate of many rows shows none of them, and is not sensitive unless it is marked.
    """
    return _of_table(graph, name, {})


def _of_table(graph: Graph, name: TableName, known: dict[TableName, frozenset[str]]) -> frozenset[str]:
    if name not in known:
        known[name] = frozenset()  # a model that reads itself adds nothing
        declared: tuple[Column, ...] = ()
        if name in graph.models:
            declared = graph.models[name].model.columns
        elif name in graph.sources:
            declared = graph.sources[name].columns
        marked = {column.name.casefold() for column in declared if column.is_sensitive}
        outputs = graph.models[name].columns if name in graph.models else ()
        marked |= {column.name.casefold() for column in outputs if _comes_from_one(graph, column, known)}
        known[name] = frozenset(marked)
    return known[name]


def _comes_from_one(graph: Graph, column: OutputColumn, known: dict[TableName, frozenset[str]]) -> bool:
    if column.derivation is Derivation.AGGREGATE:
        return False
    for origin in column.origins:
        table = TableName.parse(origin.table)
        if table is not None and origin.column.split(".")[0].casefold() in _of_table(graph, table, known):
            return True
    return False
