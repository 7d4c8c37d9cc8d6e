"""What the dry run asks of an analyzer, and what it gets."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aggregator.core.learned import LearnedModel


@dataclasses.dataclass(frozen=True)
class Field:
    """A column: its name and its BigQuery type, such as ``ARRAY<STRUCT<sku STRING, price FLOAT64>>``."""

    name: str
    type: str


@functools.lru_cache(maxsize=1 << 16)
def field_of(name: str, type_: str) -> Field:
    """A column. Those of one name and type, of which a project has many, are made once."""
    return Field(name, type_)


@dataclasses.dataclass(frozen=True)
class Relation:
    """A table as a query sees it, by the name that the query uses: ``lake.flights``, or ``lake.events_*``.

    ``pseudo`` are columns that ``SELECT *`` leaves out, such as ``_PARTITIONTIME``.
    """

    name: str
    columns: tuple[Field, ...]
    pseudo: tuple[Field, ...] = ()


@dataclasses.dataclass(frozen=True)
class Statement:
    """A statement to be judged: its text, the types of its parameters, and all tables that it reads.

    It is a SELECT; where the analyzer ``judges_functions``, it may be a ``CREATE FUNCTION``, too.

    ``values`` are those of the parameters, in order, for which bytes are to be told; none where that is all the same.
    ``routines`` are ``CREATE FUNCTION`` and ``CREATE TABLE FUNCTION`` statements that it may use. ``filters`` tell from
    where to where the text is not the author's: there, a star does not mean that he wants all columns. None where
    nobody looks for the columns that he wants. ``models`` are models of machine learning that it may ask.
    """

    name: str
    sql: str
    tables: tuple[Relation, ...]
    parameters: tuple[Field, ...] = ()
    values: tuple[Any, ...] = ()
    routines: tuple[str, ...] = ()
    filters: tuple[tuple[int, int], ...] | None = None
    models: tuple[LearnedModel, ...] = ()


@dataclasses.dataclass(frozen=True)
class Mistake:
    """Why a statement is refused. Offsets count the characters of its text, from 0; None where no place is told."""

    message: str
    start: int | None = None
    help: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What an analyzer says of one statement.

    ``columns`` is the schema of the result, and empty when there is a mistake. ``reads`` has, for each table, the
    columns whose bytes count; None where the analyzer can't tell. ``bytes`` is what the warehouse itself says it would
    read. ``unchecked`` says why nothing could be found out; then nothing else is here.
    """

    mistake: Mistake | None = None
    columns: tuple[Field, ...] = ()
    reads: Mapping[str, tuple[str, ...]] | None = None
    bytes: int | None = None
    unchecked: str = ""


class NotAvailableError(Exception):
    """An analyzer can't be had here; the message says why, and what to do."""


class Analyzer(Protocol):
    """Judges statements. It may be asked from several threads at once."""

    name: str
    """That of its layer: what ``aggregator dry-run --layer`` picks, and what a report says."""

    parallel: int
    """How many threads may usefully ask at once."""

    judges_functions: bool
    """Whether the functions that a project declares are made here; otherwise they are what the warehouse has."""

    def version(self) -> str:
        """Changes whenever the same statement could be judged otherwise: part of the key of a verdict that is kept."""
        ...

    def analyse(self, statements: Sequence[Statement]) -> Sequence[Verdict]:
        """A verdict for each statement, in order. Never raises for what a statement contains."""
        ...

    def close(self) -> None:
        """Let go of processes and connections."""
        ...
