"""Tables that checks name: whether they are there is known when all models are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from aggregator.checks.codes import UNKNOWN_REFERENCE
from aggregator.checks.protocol import output_column
from aggregator.core.diagnostics import Diagnostic, Place, did_you_mean
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.checks.protocol import Promise
    from aggregator.core.graph import Graph


@dataclasses.dataclass(frozen=True)
class Reference:
    """A table that a check names, and a column of it; empty where no certain one is meant."""

    table: str
    column: str
    place: Place

    def plain(self) -> list[Any]:
        """As JSON."""
        place = self.place
        span = [place.path, place.line, place.column, place.end_line, place.end_column]
        return [self.table, self.column, span]

    @classmethod
    def of_plain(cls, value: list[Any]) -> Reference:
        """From JSON."""
        return cls(value[0], value[1], Place(*value[2]))


def references(promises: Iterable[Promise]) -> Iterator[Reference]:
    """What some checks name."""
    return (Reference(table, column, each.place) for each in promises for table, column in each.reads)


def reference_problems(graph: Graph, named: Iterable[Reference]) -> Iterator[Diagnostic]:
    """What is named and not there."""
    known = {**dict.fromkeys(graph.models), **dict.fromkeys(graph.sources)}
    for each in named:
        table = TableName.parse(each.table)
        if table in graph.project.broken or table in graph.project.models.keys() - graph.models.keys():
            continue
        if table not in known:
            advice = did_you_mean(each.table, map(str, known))
            yield Diagnostic(each.place, UNKNOWN_REFERENCE, f"a check names {each.table}, which is no table", advice)
            continue
        columns = _columns(graph, table)
        if each.column and columns and output_column(each.column, columns) is None:
            advice = did_you_mean(each.column, [column.name for column in columns])
            message = f"a check names the column {each.column}, which {each.table} does not have"
            yield Diagnostic(each.place, UNKNOWN_REFERENCE, message, advice)


def _columns(graph: Graph, table: TableName) -> Any:
    return graph.models[table].columns if table in graph.models else graph.sources[table].columns
