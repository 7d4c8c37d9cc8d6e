"""What a kind of measure is: how a number is computed from rows, kept, merged and read. All of it is BigQuery SQL."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from aggregator.core.diagnostics import did_you_mean

if TYPE_CHECKING:
    from aggregator.core.aggregate import MeasureDeclaration
    from aggregator.core.diagnostics import Place
    from aggregator.core.plain import Plain


class Additivity(StrEnum):
    """How much has to be kept so that a number can be aggregated once more (Gray et al., Data Cube, 1997)."""

    DISTRIBUTIVE = "distributive"
    """The number itself: totals of totals are totals."""
    ALGEBRAIC = "algebraic"
    """A few numbers, always as many: a sum and a count for a mean."""
    HOLISTIC = "holistic"
    """As much as there are different values, or a sketch of them."""


class BadMeasureError(Exception):
    """The declaration of a measure makes no sense. Turned into a diagnostic by whoever asked for its algebra."""

    def __init__(self, message: str, advice: str = "", *, at: Plain = None) -> None:
        """``at`` is the word to point at, if it knows where it stands; otherwise the name of the measure is."""
        super().__init__(message)
        self.advice = advice
        self.place: Place | None = getattr(at, "place", None)


@dataclasses.dataclass(frozen=True)
class Bucket:
    """The stretch of time of one group, in SQL over the columns of the grouped relation.

    ``age`` is how many days before the end of the bucket a row's own partition ends, ``periods`` how many partitions of
    the base a bucket has; ``days`` is how long a bucket is at most, None where that has no meaning.
    """

    age: str = "0"
    periods: str = "1"
    days: int | None = 1


@dataclasses.dataclass(frozen=True)
class State:
    """A column that is kept for later merging.

    ``of_rows`` is an aggregate over rows, ``of_states`` one over the column itself. Where an aggregate alone can't say
    it, a scalar expression over the aggregated column settles it: ``settled_rows`` and ``settled_states``.
    """

    column: str
    of_rows: str
    of_states: str
    settled_rows: str = ""
    settled_states: str = ""
    meaning: str = ""


@dataclasses.dataclass(frozen=True)
class Column:
    """A name and the SQL that makes it."""

    name: str
    sql: str


@dataclasses.dataclass(frozen=True)
class Algebra:
    """All SQL of one measure.

    ``finals`` are what people read, made from the states; none where the state that has the measure's name is what they
    read. ``before_rows`` and ``before_states`` are window functions over each group that the aggregates need, written
    without OVER.

    A roll-up is verified by computing ``finals`` over its rows in one go. Where that says something else or only
    estimates, ``checks`` are the aggregates over rows that say it exactly; none if no aggregate does. What people read
    is within ``error`` of it, relative to it (3 standard deviations).
    """

    states: tuple[State, ...]
    finals: tuple[Column, ...] = ()
    before_rows: tuple[Column, ...] = ()
    before_states: tuple[Column, ...] = ()
    checks: tuple[Column, ...] | None = None
    error: float = 0.0


class Kind(Protocol):
    """One kind of measure: ``{word: …, method: …}``. ``page`` is what ``aggregator explain`` prints.

    ``example`` is a declaration over the flights of the demo project, as authors write it.
    """

    word: str
    method: str
    additivity: Additivity
    page: str
    example: str

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """The SQL. Raises :class:`BadMeasureError`."""
        ...


def expression(measure: MeasureDeclaration, key: str) -> str:
    """An argument that is SQL over a row: a column, or an expression."""
    value = measure.arguments.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not str(value).strip():
        raise BadMeasureError(f"{key}: needs a column or an expression", at=value)
    return str(value)


def whole(measure: MeasureDeclaration, key: str, default: int, low: int, high: int) -> int:
    """An argument that is a whole number between two bounds, which are included."""
    value = measure.arguments.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadMeasureError(
            f"{key}: must be a whole number from {low} to {high}, not {value}", at=place_of(measure, key)
        )
    return value


def place_of(measure: MeasureDeclaration, key: str) -> Plain:
    """What to point at for an argument: numbers don't know where they stand, their keys do."""
    value = measure.arguments.get(key)
    return value if isinstance(value, str) else next((each for each in measure.arguments if each == key), None)


def only(measure: MeasureDeclaration, *known: str) -> None:
    """Refuse arguments that this kind of measure does not take."""
    for key in measure.arguments:
        if key not in known:
            advice = did_you_mean(key, known) or f"known here: {', '.join(known)}"
            raise BadMeasureError(f"{known[0]} has no argument {key}", advice, at=key)
