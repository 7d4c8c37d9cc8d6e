"""A compiled model while its trees are at hand: what lint rules and checks look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis
    from aggregator.compile.query import Query
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import CompiledModel, Difference, Table
    from aggregator.core.names import TableName


@dataclasses.dataclass(frozen=True)
class Remark:
    """What someone wants to remember of a model, to compare it with others when its trees are gone."""

    text: str


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model as it was written (``query``), qualified and typed (``analysis``), and what it reads (``tables``).

    Trees are large and are not kept: whoever wants to say something about them does so while the model is compiled.
    """

    model: CompiledModel
    query: Query
    analysis: Analysis
    tables: Mapping[TableName, Table]

    def release(self) -> None:
        """Let the trees go, once everything is said about them."""
        self.query.nodes.release()
        self.analysis.release()


Inspect = Callable[[Subject], Iterable["Diagnostic | Remark | Difference"]]
"""Looks at a model while its trees are at hand."""
