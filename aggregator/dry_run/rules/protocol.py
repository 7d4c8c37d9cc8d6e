"""What a rule of the dry run is, and what it looks at."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from aggregator.analyzers.protocol import Field

if TYPE_CHECKING:
    from aggregator.core.catalog import Catalog, StoredTable
    from aggregator.core.diagnostics import Code, Diagnostic, Place
    from aggregator.core.graph import CompiledModel, Graph


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A compiled model that is to become a table of BigQuery, and where.

    ``schema`` is what the strictest analyzer gave, empty if there is none; ``now`` is UTC, without a zone.
    """

    model: CompiledModel
    graph: Graph
    now: datetime
    schema: tuple[Field, ...] = ()
    catalog: Catalog | None = None

    @functools.cached_property
    def columns(self) -> tuple[Field, ...]:
        """The columns: of the schema, else as far as the compiler knows them."""
        return self.schema or tuple(Field(column.name, column.type) for column in self.model.columns)

    @property
    def stored(self) -> StoredTable | None:
        """The table of that name that is in the warehouse now."""
        return self.catalog.tables.get(self.model.name) if self.catalog is not None else None

    def place_of(self, column: str) -> Place:
        """Where the front matter describes a column; where the SELECT begins, if it does not."""
        name = column.casefold()
        places = (each.name.place for each in self.model.model.columns if each.name.casefold() == name)
        return next(places, self.model.place)


class Rule(Protocol):
    """Looks at one candidate; pure. The examples are run as tests and printed by ``aggregator explain``.

    ``stored`` is what is in the warehouse when the examples are looked at.
    """

    code: Code
    good: str
    bad: str
    stored: tuple[StoredTable, ...]

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """What this rule finds."""
        ...
