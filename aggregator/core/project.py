"""What was committed: the result of the load stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.core import pseudo
from aggregator.core.declared import Scheduling
from aggregator.core.diagnostics import Word, place_in

if TYPE_CHECKING:
    from aggregator.core.aggregate import MeasureDeclaration, RollupDeclaration
    from aggregator.core.calendar import Grain
    from aggregator.core.declared import Budget, DeclaredSize, Duration, Freshness, OnChange
    from aggregator.core.diagnostics import Document, Place
    from aggregator.core.learned import LearnedModel
    from aggregator.core.maps import PartitionMap
    from aggregator.core.monitoring import Monitoring
    from aggregator.core.names import TableName
    from aggregator.core.plain import Plain

MARKS = ("{{", "{%", "{#")
"""What Jinja does something about; a text without any of them is its own SQL."""


class Kind(StrEnum):
    """What a model becomes in the warehouse."""

    TABLE = "table"
    VIEW = "view"


@dataclasses.dataclass(frozen=True)
class Environment:
    """Where an environment's tables live, and its limits. ``path`` belongs to the embedded engine.

    ``storage`` is a folder that stands for Google's storage on the embedded engine. ``exports`` are what an export's
    address may begin with.
    ``impersonate`` is the service account that BigQuery is asked as, in place of the user. ``reservation`` is the full
    name of the one whose slots queries use; ``none`` is that of none, so that bytes are paid for.
    """

    name: str
    engine: str
    place: Place
    path: str = ""
    project: str = ""
    location: str = ""
    datasets: str = "{dataset}"
    read_from: str = ""
    max_bytes_billed: int | None = None
    price_per_tib: float | None = None
    storage: str = ""
    exports: tuple[str, ...] = ()
    impersonate: str = ""
    reservation: str = ""


class FileFormat(StrEnum):
    """What the rows of an export are written as."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"
    """A JSON object per line."""
    AVRO = "avro"


@dataclasses.dataclass(frozen=True)
class ExportDeclaration:
    """``export:``: where the rows of a table go as files once they are published.

    ``to`` is a pattern such as ``gs://bucket/{model}/{partition}/*.parquet``; ``*`` stands for the number of a file.
    """

    to: Word
    format: FileFormat


@dataclasses.dataclass(frozen=True)
class Partitioning:
    """The ``partition:`` of a model or source. ``start`` and ``end`` are on the table's wall clock.

    ``requires_filter`` says that BigQuery refuses whoever reads the table without a filter on the column. ``suffix`` is
    there for a source that stands for many tables: how the ends of their names are made from a date, as ``%Y%m%d``.
    ``expire`` is after how many seconds from its beginning a partition goes by itself.
    """

    by: Word
    grain: Grain
    zone: str
    place: Place
    start: datetime
    end: datetime | None = None
    requires_filter: bool = False
    suffix: str = ""
    expire: int | None = None

    def first(self, now: datetime) -> datetime:
        """When the first partition begins that is there at a moment in UTC: of those that expire, one that has not.

        Whatever the zone of a table, BigQuery counts from the beginning of a partition as if it were in UTC.
        """
        first = self.grain.ceil(self.start)
        if self.expire is None:
            return first
        gone = now.replace(tzinfo=None) - timedelta(seconds=self.expire)
        return first if first > gone else self.grain.shift(self.grain.floor(gone), 1)


@dataclasses.dataclass(frozen=True)
class Column:
    """A declared column; ``type`` is a BigQuery type, empty where the author left it to inference.

    ``bytes`` is how long a value is on average; None where the type says it, or nobody does. What
    is sensitive is shown to nobody: it is masked where rows are.
    """

    name: Word
    type: str = ""
    description: str = ""
    bytes: int | None = None
    is_sensitive: bool = False


@dataclasses.dataclass(frozen=True)
class LocalFile:
    """Where the embedded engine finds the rows of a source: a file of the project, or of an installed package.

    ``nulls`` are the texts of a CSV file that stand for NULL.
    """

    file: str
    package: str
    place: Place
    nulls: tuple[str, ...] = ("",)

    def __str__(self) -> str:
        """For messages and the record of what was loaded."""
        return f"{self.package}:{self.file}" if self.package else self.file


@dataclasses.dataclass(frozen=True)
class CheckDeclaration:
    """A promise about rows, as written: ``- not_null: [carrier]``. The check of that name gives it meaning."""

    name: Word
    arguments: Plain
    place: Place


@dataclasses.dataclass(frozen=True)
class Source:
    """A table that nobody here builds, or many of them that are read as one. Its ``key`` is believed, not checked."""

    name: TableName
    document: Document
    description: str
    owner: str
    columns: tuple[Column, ...]
    partition: Partitioning | None = None
    freshness: Freshness | None = None
    local: LocalFile | None = None
    size: DeclaredSize | None = None
    key: tuple[Word, ...] = ()

    @property
    def pseudo_columns(self) -> tuple[Column, ...]:
        """What the table has besides its columns, and a star does not stand for."""
        partition = self.partition
        if partition is None:
            return ()
        names = (pseudo.TABLE_SUFFIX,) if partition.suffix else pseudo.of_arrival(partition.by, partition.grain)
        return tuple(Column(Word(name, partition.place), pseudo.TYPES[name]) for name in names)


@dataclasses.dataclass(frozen=True)
class Model:
    """One SELECT and what its author says about it.

    With ``measures``, the SELECT gives the rows that are grouped by ``dimensions``; with a ``rollup``, there is none.
    ``kept`` names the inputs whose partitions may go without those that were made from them. Rows of a ``volatile``
    model are good for so long, and not at all if that is 0; for good, if they were read ``lookback`` after their
    partition's end. ``runbook`` is the address of what to do when it breaks.
    """

    name: TableName
    document: Document
    sql_start: int
    kind: Kind
    description: str
    owner: str
    schedule: str = ""
    partition: Partitioning | None = None
    cluster: tuple[Word, ...] = ()
    key: tuple[Word, ...] = ()
    inputs: Mapping[Word, PartitionMap] = dataclasses.field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    checks: tuple[CheckDeclaration, ...] = ()
    freshness: Freshness | None = None
    budget: Budget | None = None
    tags: tuple[str, ...] = ()
    size: DeclaredSize | None = None
    dimensions: tuple[Word, ...] = ()
    measures: tuple[MeasureDeclaration, ...] = ()
    rollup: RollupDeclaration | None = None
    export: ExportDeclaration | None = None
    kept: tuple[Word, ...] = ()
    on_change: OnChange | None = None
    volatile: Duration | None = None
    lookback: Duration | None = None
    scheduling: Scheduling = dataclasses.field(default_factory=Scheduling)
    runbook: str = ""

    @property
    def named_inputs(self) -> tuple[Word, ...]:
        """The tables and aliases that stand under ``inputs:``."""
        return tuple(dict.fromkeys((*self.inputs, *self.kept)))

    @property
    def sql(self) -> str:
        """The SELECT as committed, Jinja and all."""
        return self.document.text[self.sql_start :]

    @property
    def is_template(self) -> bool:
        """Whether the SELECT has to be rendered."""
        return any(mark in self.sql for mark in MARKS)

    @property
    def mentions(self) -> str:
        """The text in which the model names the tables that it reads."""
        return str(self.rollup.of) if self.rollup is not None else self.sql


@dataclasses.dataclass(frozen=True)
class Function:
    """A function that lives in the warehouse: its name, ``dataset.function``, and the statement that makes it.

    ``lines`` tell where the lines of the text begin in the file; empty where YAML wraps or escapes them.
    """

    name: str
    text: Word
    lines: tuple[Place, ...] = ()

    def place(self, offset: int | None) -> Place:
        """Where a character of the text is written; without one, where the text is."""
        return place_in(self.text, self.lines, offset)


@dataclasses.dataclass(frozen=True)
class Project:
    """Everything committed, in one environment.

    ``broken`` names the models and sources whose files have errors of their own, so that those who read them are
    not told that they do not exist. ``digests`` identify all that the text of a model's SQL is made from, and what a
    source declares. ``read_from`` is the environment that has the tables which are not built in this one.
    ``ml_models`` are models of machine learning in the warehouse. ``monitoring`` is there in environments that are
    monitored.
    """

    root: Path
    name: str
    zone: str
    environment: Environment
    environments: tuple[str, ...]
    variables: Mapping[str, Plain]
    macros: tuple[Document, ...]
    sources: Mapping[TableName, Source]
    models: Mapping[TableName, Model]
    broken: frozenset[TableName] = frozenset()
    digests: Mapping[TableName, str] = dataclasses.field(default_factory=dict)
    read_from: Environment | None = None
    functions: tuple[Function, ...] = ()
    ml_models: tuple[LearnedModel, ...] = ()
    monitoring: Monitoring | None = None
