"""What the parts of the analysis ask of each other: expressions hold queries, and queries hold expressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlglot import exp

    from aggregator.compile.analysis.lineage import Value
    from aggregator.compile.analysis.names import Level
    from aggregator.compile.analysis.relation import Relation
    from aggregator.compile.analysis.types import Type
    from aggregator.compile.query import Query
    from aggregator.compile.routines import Routine
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import Origin


class Reader(Protocol):
    """Reads expressions; ``findings``, ``remarks`` and ``touched`` are added to on the way."""

    query: Query
    parameter: Type | None
    findings: list[Diagnostic]
    remarks: list[Diagnostic]
    touched: set[Origin] | None
    uses_parameters: bool
    queries: Queries

    @property
    def bodies(self) -> Calls:
        """Reads calls of declared functions."""
        ...

    def value(self, node: exp.Expr, level: Level) -> Value:
        """What is known of an expression."""
        ...

    def values(self, nodes: Iterable[object], level: Level) -> list[Value]:
        """What is known of several expressions."""
        ...


class Calls(Protocol):
    """Reads calls of declared functions."""

    def routine(self, call: exp.Expr) -> Routine | None:
        """The declared function that is called."""
        ...

    def value(self, call: exp.Expr, routine: Routine, arguments: Sequence[Value]) -> Value:
        """What a function gives."""
        ...

    def relation(self, call: exp.Expr, routine: Routine, arguments: Sequence[Value]) -> Relation:
        """The columns of a table function."""
        ...


class Queries(Protocol):
    """Reads queries."""

    def read(self, node: exp.Expr, outer: Level | None = None) -> Relation:
        """The columns that a query gives."""
        ...

    def find_with(self, name: str) -> Relation | None:
        """The query in WITH that has a name, in lower case."""
        ...
