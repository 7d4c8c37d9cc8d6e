"""Where columns come from and where they go, over all models of a graph. Pure; looks only at what it is asked for."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from aggregator.core.graph import Derivation, Graph, Origin, OutputColumn
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.core.project import Column


@dataclasses.dataclass(frozen=True)
class Step:
    """One step from a column to another one: ``column`` is where it leads, ``derivation`` what happens on the way.

    The column of a source may be a path, where a field of it is meant: ``shipping.address.city``.
    """

    column: Origin
    derivation: Derivation


class Lineage:
    """The columns of a graph and the steps between them. Names of columns are looked up in any case."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._columns: dict[str, dict[str, OutputColumn]] = {}

    def columns(self, table: str) -> Mapping[str, OutputColumn]:
        """The columns of a table by their names in lower case; none where they are not known."""
        if table not in self._columns:
            self._columns[table] = {column.name.casefold(): column for column in self._columns_of(table)}
        return self._columns[table]

    def column(self, place: Origin) -> OutputColumn | None:
        """A column; that which a field is in, where one is meant."""
        return self.columns(place.table).get(_first(place))

    def upstream(self, place: Origin) -> Iterator[Step]:
        """The columns of inputs that a column is made from, in one step."""
        column = self.column(place)
        for origin in column.origins if column is not None else ():
            yield Step(origin, column.derivation if column is not None else Derivation.UNKNOWN)

    def downstream(self, place: Origin) -> Iterator[Step]:
        """The columns that are made from a column in one step. One that is made from a field is made from all of it."""
        wanted = place.column.casefold()
        for step, origin in self._uses.get((place.table, _first(place)), ()):
            made_from = origin.column.casefold()
            if f"{made_from}.".startswith(f"{wanted}.") or f"{wanted}.".startswith(f"{made_from}."):
                yield step

    def description(self, place: Origin) -> str:
        """What a column means: its own description, or that of the column that it is a copy of.

        A measure of a roll-up means what it means in the table that is rolled up.
        """
        seen: set[Origin] = set()
        while place not in seen:
            seen.add(place)
            column = self.column(place)
            if column is None or "." in place.column:
                return ""  # the description of a STRUCT is not that of its fields
            if column.description:
                return column.description
            origin = self._inherited(place, column)
            if origin is None:
                return ""
            place = origin
        return ""

    def _inherited(self, place: Origin, column: OutputColumn) -> Origin | None:
        """The column of an input whose description holds for one that has none of its own."""
        if column.derivation is Derivation.COPY and len(column.origins) == 1:
            return column.origins[0]
        model = self._graph.models.get(TableName(*place.table.split(".", 1)))
        if model is not None and model.model.rollup is not None:
            return Origin(str(model.model.rollup.of), column.name)
        return None

    def _columns_of(self, table: str) -> tuple[OutputColumn, ...]:
        name = TableName(*table.split(".", 1))
        if name in self._graph.models:
            return self._graph.models[name].columns
        source = self._graph.sources.get(name)
        return tuple(map(_declared, source.columns)) if source is not None else ()

    @functools.cached_property
    def _uses(self) -> Mapping[tuple[str, str], list[tuple[Step, Origin]]]:
        """For each column, by its name in lower case, what is made from it or from its fields."""
        uses: dict[tuple[str, str], list[tuple[Step, Origin]]] = {}
        for name, model in self._graph.models.items():
            for column in model.columns:
                step = Step(Origin(str(name), column.name), column.derivation)
                for origin in column.origins:
                    uses.setdefault((origin.table, _first(origin)), []).append((step, origin))
        return uses


def _first(place: Origin) -> str:
    return place.column.partition(".")[0].casefold()


def _declared(column: Column) -> OutputColumn:
    return OutputColumn(str(column.name), column.type, column.description)
