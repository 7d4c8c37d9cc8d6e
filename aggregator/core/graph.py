"""What was understood: the result of the compile stage."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.maps import Reach

if TYPE_CHECKING:
    from aggregator.core.aggregate import Aggregate
    from aggregator.core.calendar import Calendar
    from aggregator.core.diagnostics import Place, Word
    from aggregator.core.maps import PartitionMap
    from aggregator.core.names import TableName
    from aggregator.core.project import Column, Model, Partitioning, Project, Source

Mention: TypeAlias = "tuple[int, int, TableName]"
"""Where a query mentions a table: two offsets, and which."""


@dataclasses.dataclass(frozen=True)
class Input:
    """A table that a model reads, under an alias, through a partition map.

    ``function`` is the declared function in whose body it stands; then there is no alias, and all of it is read.
    """

    table: TableName
    alias: str
    map: PartitionMap
    place: Place
    function: str = ""


def chosen_inputs(inputs: Iterable[Input]) -> dict[tuple[TableName, PartitionMap], tuple[str, str]]:
    """The tables of which one partition is chosen when a step begins, by the map through which they are read.

    With each stand the names of the parameters that its beginning and end are handed over as.
    """
    found = dict.fromkeys((each.table, each.map) for each in inputs if each.map.reach is Reach.LATEST)
    return {read: (f"latest_{number}_start", f"latest_{number}_end") for number, read in enumerate(found, start=1)}


def parameter_types(model: CompiledModel, calendars: Mapping[TableName, Calendar | None]) -> dict[str, str]:
    """The parameters of a model's query, with the types of BigQuery that they have."""
    if model.calendar is None:
        return {}
    found = dict.fromkeys(("start", "end"), str(model.calendar.type))
    for (table, _), names in chosen_inputs(model.inputs).items():
        source = calendars[table]
        assert source is not None  # noqa: S101  (the map was refused otherwise)
        found |= dict.fromkeys(names, str(source.type))
    return found


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
    QUANTILE = "quantile"
    TOP = "top"
    OTHER = "other"


@dataclasses.dataclass(frozen=True)
class OutputColumn:
    """A column of a model's table. ``type`` is a BigQuery type, empty where it is unknown.

    ``sketch`` says what BYTES are a sketch of, such as ``hll(STRING, 15)``: family, type and precision. It is empty for
    what is no sketch, and where it is not known.
    ``state_of`` is the measure for whose sake it is kept; people read the measure, and need not see the column.
    """

    name: str
    type: str = ""
    description: str = ""
    origins: tuple[Origin, ...] = ()
    derivation: Derivation = Derivation.UNKNOWN
    measure: Measure = Measure.NONE
    sketch: str = ""
    state_of: str = ""

    def described(self, type_: str, description: str) -> OutputColumn:
        """The same column with what its author says of it; of the type, if anything."""
        return OutputColumn(
            self.name,
            type_ or self.type,
            description,
            self.origins,
            self.derivation,
            self.measure,
            self.sketch,
            self.state_of,
        )


@dataclasses.dataclass(frozen=True)
class Table:
    """What the readers of a table can know of it.

    ``key`` are the columns that make a row unique, empty where that is not declared. ``logic`` is the fingerprint of a
    view, which has no rows of its own. ``aggregate`` is there if its rows are groups.
    """

    name: TableName
    columns: tuple[OutputColumn, ...]
    calendar: Calendar | None = None
    key: tuple[str, ...] = ()
    logic: str = ""
    aggregate: Aggregate | None = None


@dataclasses.dataclass(frozen=True)
class Implied:
    """What follows from the measures of an aggregate or a roll-up, as if its author had written it.

    ``states`` has each column that is kept for merging, with its measure and what it is; ``numbers`` says of those that
    people read which kind of number each is.
    """

    key: tuple[Word, ...]
    columns: tuple[Column, ...]
    states: Mapping[str, tuple[str, str]]
    partition: Partitioning | None = None
    inputs: Mapping[Word, PartitionMap] = dataclasses.field(default_factory=dict)
    numbers: Mapping[str, Measure] = dataclasses.field(default_factory=dict)

    def applied(self, model: Model) -> Model:
        """The model with all of it."""
        inputs = {**model.inputs, **self.inputs}
        return dataclasses.replace(model, key=self.key, columns=self.columns, partition=self.partition, inputs=inputs)


class Fidelity(StrEnum):
    """How near the rows that the embedded engine gives are to those of BigQuery."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True)
class Difference:
    """A construct that the embedded engine computes only nearly as BigQuery does, or not at all, and why."""

    fidelity: Fidelity
    place: Place
    construct: str
    why: str


@dataclasses.dataclass(frozen=True)
class Splice:
    """Where the compiler wrote over the author's text: ``[start, end)`` stands for ``[written_start, written_end)``.

    The first two are offsets in the compiled SQL, the others in the text that was rendered from the author's file.
    """

    start: int
    end: int
    written_start: int
    written_end: int


@dataclasses.dataclass(frozen=True)
class CompiledModel:
    """A model, understood.

    ``sql`` is one text for all partitions, with the partition filters in; its parameters are ``@start`` and ``@end``,
    and those of :func:`chosen_inputs`;
    ``splices`` tell where it differs from the author's, in order, and always where that begins. ``one_by_one`` says why
    several partitions can't be built in one query; empty when they can. ``place`` is where the SELECT begins.
    ``functions`` are the declared functions that it calls, each after those that it calls itself. ``aggregate`` and
    ``implied`` are there if it has measures; ``facts`` is then where the author's own SELECT stands in ``sql``.
    ``differences`` are what the embedded engine does not compute exactly as BigQuery does.
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
    splices: tuple[Splice, ...] = ()
    functions: tuple[str, ...] = ()
    aggregate: Aggregate | None = None
    implied: Implied | None = None
    facts: tuple[int, int] | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def fidelity(self) -> Fidelity:
        """How near its rows on the embedded engine are to those on BigQuery."""
        found = {each.fidelity for each in self.differences}
        return next((each for each in (Fidelity.REFUSED, Fidelity.APPROXIMATE) if each in found), Fidelity.EXACT)

    @property
    def name(self) -> TableName:
        """The name of the model and of its table."""
        return self.model.name

    def written(self, offset: int) -> int:
        """The offset in the author's rendered text of a character of the compiled SQL.

        What the compiler put there stands where the author wrote what it stands for.
        """
        index = bisect.bisect_right(self.splices, offset, key=lambda splice: splice.start) - 1
        if index < 0:
            return offset
        splice = self.splices[index]
        return splice.written_start if offset < splice.end else offset - splice.end + splice.written_end


@dataclasses.dataclass(frozen=True)
class Translations:
    """What the embedded engine makes of texts in BigQuery's SQL: queries of models, and what is asked of their rows.

    ``functions`` has the functions of ours that the translated texts call, by name, each before those that call it.
    """

    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    functions: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Graph:
    """All models that could be understood, upstream before downstream, and the sources.

    ``reads`` has the tables that each model reads directly, without itself. ``identities`` has what a model's compiled
    form is found by: the same identity, the same form. Both are known without looking at the models. ``mentions`` has
    where compiled SQL mentions tables, by that SQL, and ``translations`` what the engine makes of it: both as far as
    they were found out when a manifest was written.
    """

    project: Project
    models: Mapping[TableName, CompiledModel]
    sources: Mapping[TableName, Source]
    calendars: Mapping[TableName, Calendar | None]
    reads: Mapping[TableName, tuple[TableName, ...]]
    identities: Mapping[TableName, str]
    mentions: Mapping[str, Sequence[Mention]] = dataclasses.field(default_factory=dict)
    translations: Translations = Translations()

    def upstream(self, name: TableName) -> Iterator[TableName]:
        """The tables that a table reads directly, without itself."""
        return iter(self.reads.get(name, ()))

    def downstream(self, name: TableName) -> Iterator[TableName]:
        """The models that read a table directly, without itself."""
        return (other for other in self.models if name in self.reads[other])
