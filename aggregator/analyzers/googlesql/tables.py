"""What the reference engine takes and gives: small tables of plain Python values.

| BigQuery | Python |
|---|---|
| INT64, FLOAT64, BOOL, STRING, BYTES | ``int``, ``float``, ``bool``, ``str``, ``bytes`` |
| NUMERIC, BIGNUMERIC | ``Decimal`` |
| DATE, TIME | ``date``, ``time`` |
| DATETIME, TIMESTAMP | ``datetime``: naive, aware |
| ARRAY, STRUCT | ``list``, ``dict`` |
| JSON, RANGE, INTERVAL | :class:`Json`, :class:`Range`, :class:`Interval` |
| NULL | ``None`` |
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from aggregator.analyzers.protocol import Field, Mistake, Relation

Row: TypeAlias = "Mapping[str, Any] | Sequence[Any]"
"""Values by the names of their columns (NULL where one is left out), or in the order of the columns."""


@dataclasses.dataclass(frozen=True)
class Json:
    """A value of type JSON; ``Json(None)`` is JSON's null, and not SQL's. Where one is taken, so is the bare value."""

    value: Any


@dataclasses.dataclass(frozen=True)
class Range:
    """A half-open range of dates or times, without a beginning or an end where that is None."""

    start: Any = None
    end: Any = None


@dataclasses.dataclass(frozen=True)
class Interval:
    """A length of time; its parts are not converted into each other, and each has its own sign."""

    months: int = 0
    days: int = 0
    microseconds: int = 0


@dataclasses.dataclass(frozen=True)
class Table:
    """A table and all its rows. Pseudo-columns, such as ``_PARTITIONTIME``, come after the columns."""

    relation: Relation
    rows: Sequence[Row] = ()


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a query, such as ``@start``."""

    name: str
    type: str
    value: Any


@dataclasses.dataclass(frozen=True)
class Question:
    """A query to be computed; ``routines`` are ``CREATE FUNCTION`` statements that it may use."""

    sql: str
    tables: Sequence[Table] = ()
    parameters: Sequence[Parameter] = ()
    routines: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Rows:
    """The result of a query: its schema, and the values of each row in the order of the columns.

    Two runs may give the rows in another order, unless the query ``is_ordered``.
    """

    columns: tuple[Field, ...]
    values: tuple[tuple[Any, ...], ...]
    is_ordered: bool


@dataclasses.dataclass(frozen=True)
class Unchecked:
    """Why the engine can't say what BigQuery would give.

    ``lacks`` is the function that it does not have, if so;
    ``is_late`` that of fewer rows it might have answered in time.
    """

    reason: str
    lacks: str = dataclasses.field(default="", compare=False)
    is_late: bool = dataclasses.field(default=False, compare=False)


Answer: TypeAlias = Rows | Mistake | Unchecked
"""What became of a query: its rows; why BigQuery would refuse it, or fail; or that neither can be said."""
