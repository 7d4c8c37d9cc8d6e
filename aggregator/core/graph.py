"""What was understood: the result of the compile stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.diagnostics import Place
    from aggregator.core.maps import PartitionMap
    from aggregator.core.names import TableName
    from aggregator.core.project import Model, Project, Source


@dataclasses.dataclass(frozen=True)
class Input:
    """A table that a model reads, under an alias, through a partition map."""

    table: TableName
    alias: str
    map: PartitionMap
    place: Place


@dataclasses.dataclass(frozen=True, order=True)
class Origin:
    """A column of an input that an output column is made from; ``column`` is a path where a field of it is meant."""

    table: str
    column: str


class Derivation(StrEnum):
    """What a SELECT does with the columns that an output column is made from."""

    UNKNOWN = ""
    COPY = "copy"
    TRANSFORMATION = "transformation"
    AGGREGATE = "aggregate"


class Measure(StrEnum):
    """Which kind of number an output column is: how it may be aggregated once more, if at all."""

    NONE = ""
    COUNT = "count"
    SUM = "sum"
    EXTREME = "extreme"
    AVERAGE = "average"
    RATIO = "ratio"
    DISTINCT = "distinct"
    OTHER = "other"


@dataclasses.dataclass(frozen=True)
class OutputColumn:
    """A column of a model's table. ``type`` is a BigQuery type, empty where it is unknown."""

    name: str
    type: str = ""
    description: str = ""
    origins: tuple[Origin, ...] = ()
    derivation: Derivation = Derivation.UNKNOWN
    measure: Measure = Measure.NONE

    def described(self, type_: str, description: str) -> OutputColumn:
        """The same column with what its author says of it; of the type, if anything."""
        return OutputColumn(self.name, type_ or self.type, description, self.origins, self.derivation, self.measure)


@dataclasses.dataclass(frozen=True)
class Table:
    """What the readers of a table can know of it.

    ``key`` are the columns that make a row unique, empty where that is not declared. ``logic`` is the fingerprint of a
    view, which has no rows of its own.
    """

    name: TableName
    columns: tuple[OutputColumn, ...]
    calendar: Calendar | None = None
    key: tuple[str, ...] = ()
    logic: str = ""


@dataclasses.dataclass(frozen=True)
class CompiledModel:
    """A model, understood.

    ``sql`` is one text for all partitions, with parameters ``@start`` and ``@end`` and the partition filters in.
    ``one_by_one`` says why several partitions can't be built in one query; empty when they can. ``place`` is where the
    SELECT begins.
    """

    model: Model
    place: Place
    sql: str
    inputs: tuple[Input, ...]
    columns: tuple[OutputColumn, ...]
    calendar: Calendar | None
    one_by_one: str
    fingerprint: str
    is_templated: bool = False

    @property
    def name(self) -> TableName:
        """The name of the model and of its table."""
        return self.model.name


@dataclasses.dataclass(frozen=True)
class Graph:
    """All models that could be understood, upstream before downstream, and the sources."""

    project: Project
    models: Mapping[TableName, CompiledModel]
    sources: Mapping[TableName, Source]
    calendars: Mapping[TableName, Calendar | None]

    def upstream(self, name: TableName) -> Iterator[TableName]:
        """The tables that a table reads directly, without itself."""
        if name in self.models:
            tables = dict.fromkeys(edge.table for edge in self.models[name].inputs)
            yield from (table for table in tables if table != name)

    def downstream(self, name: TableName) -> Iterator[TableName]:
        """The models that read a table directly, without itself."""
        return (other for other in self.models if other != name and name in set(self.upstream(other)))
