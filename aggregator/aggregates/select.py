"""Measures to SQL: what an analyst would have to write to aggregate rows, or to roll up states."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

from aggregator.aggregates.protocol import Algebra, Column, State
from aggregator.core.diagnostics import Word

OPENING, CLOSING = "WITH facts AS (\n", "\n),\n"
"""What stands around the rows of an aggregate, before its groups."""


class Piece(NamedTuple):
    """A stretch of SQL, and the word of the author's that it is there for; None for what is always there."""

    text: str
    cause: Word | None = None


@dataclasses.dataclass(frozen=True)
class Key:
    """A column that rows are grouped by. One that is not ``grouped`` is the same in all rows."""

    name: str
    sql: str
    cause: Word | None = None
    is_grouped: bool = True


@dataclasses.dataclass(frozen=True)
class Computed:
    """A measure and its SQL; ``words`` are the author's, as they stand in it."""

    name: Word
    algebra: Algebra
    words: tuple[Word, ...] = ()


@dataclasses.dataclass(frozen=True)
class Grouping:
    """What is grouped (``relation``, which is a name), how, and which columns of it are needed, None for all.

    ``time`` is the key that says in which bucket a row is, for what is counted over a whole bucket.
    """

    relation: Piece
    keys: tuple[Key, ...]
    measures: tuple[Computed, ...]
    of_states: bool = False
    needs: tuple[str, ...] | None = None
    where: Word | None = None
    periods: tuple[Column, ...] = ()


def select(grouping: Grouping) -> Iterator[Piece]:
    """The aggregation, from its first WITH item to its end; keys first, then what people read, then the states."""
    relation = grouping.relation
    before = list(_before(grouping))
    if before:
        yield Piece("weighed AS (\n")
        yield from _listed([*_needed(grouping), *before], "  ")
        yield from (Piece("\n  FROM "), relation)
        yield from _where(grouping, "  ")
        yield Piece("\n),\n")
        relation = Piece("weighed")
    yield Piece("grouped AS (\n")
    yield from _listed([*_keys(grouping), *_aggregates(grouping)], "  ")
    yield from (Piece("\n  FROM "), relation)
    if not before:
        yield from _where(grouping, "  ")
    yield from _grouped_by(grouping)
    yield Piece("\n)")
    last = "grouped"
    if any(_settled(state, grouping) for each in grouping.measures for state in each.algebra.states):
        yield Piece(",\nsettled AS (\n")
        yield from _listed([*_names(grouping), *_settlements(grouping)], "  ")
        yield Piece("\n  FROM grouped\n)")
        last = "settled"
    yield Piece("\n")
    yield from _listed([*_names(grouping), *_finals(grouping), *_kept(grouping)], "")
    yield Piece(f"\nFROM {last}")


def _listed(items: list[list[Piece]], indent: str) -> Iterator[Piece]:
    yield Piece(f"{indent}SELECT")
    for number, item in enumerate(items):
        yield Piece(f"{',' if number else ''}\n{indent}  ")
        yield from item


def _needed(grouping: Grouping) -> Iterator[list[Piece]]:
    if grouping.needs is None:
        yield [Piece("*")]
    else:
        yield from ([Piece(column)] for column in grouping.needs)


def _before(grouping: Grouping) -> Iterator[list[Piece]]:
    """Window functions over each group, and over each bucket."""
    keys = [key for key in grouping.keys if key.is_grouped]
    over = f" OVER (PARTITION BY {', '.join(key.sql for key in keys)})" if keys else " OVER ()"
    for measure in grouping.measures:
        algebra = measure.algebra
        for column in algebra.before_states if grouping.of_states else algebra.before_rows:
            yield [*_sourced(column.sql, measure), Piece(f"{over} AS {column.name}")]
    buckets = [key.sql for key in grouping.keys[:1] if key.is_grouped]
    over = f" OVER (PARTITION BY {buckets[0]})" if buckets else " OVER ()"
    for column in grouping.periods:
        yield [Piece(f"{column.sql}{over} AS {column.name}")]


def _where(grouping: Grouping, indent: str) -> Iterator[Piece]:
    if grouping.where is not None:
        yield from (Piece(f"\n{indent}WHERE "), Piece(grouping.where, grouping.where))


def _keys(grouping: Grouping) -> Iterator[list[Piece]]:
    for key in grouping.keys:
        yield [Piece(key.sql if key.sql == key.name else f"{key.sql} AS {key.name}", key.cause)]


def _aggregates(grouping: Grouping) -> Iterator[list[Piece]]:
    for column in grouping.periods:
        yield [Piece(f"MAX({column.name}) AS {column.name}")]
    for measure in grouping.measures:
        for state in measure.algebra.states:
            sql = state.of_states if grouping.of_states else state.of_rows
            yield [*_sourced(sql, measure), Piece(f" AS {state.column}", measure.name)]


def _grouped_by(grouping: Grouping) -> Iterator[Piece]:
    keys = [key for key in grouping.keys if key.is_grouped]
    if not keys:  # without GROUP BY there is a row even of nothing
        yield Piece("\n  HAVING COUNT(*) > 0")
        return
    yield Piece("\n  GROUP BY ")
    for number, key in enumerate(keys):
        yield Piece(f"{', ' if number else ''}{key.sql}", key.cause)


def _names(grouping: Grouping) -> Iterator[list[Piece]]:
    names = [*((key.name, key.cause) for key in grouping.keys), *((each.name, None) for each in grouping.periods)]
    yield from ([Piece(name, cause)] for name, cause in names)


def _settled(state: State, grouping: Grouping) -> str:
    return state.settled_states if grouping.of_states else state.settled_rows


def _settlements(grouping: Grouping) -> Iterator[list[Piece]]:
    for measure in grouping.measures:
        for state in measure.algebra.states:
            sql = _settled(state, grouping)
            yield [Piece(f"{sql} AS {state.column}" if sql else state.column, measure.name)]


def _finals(grouping: Grouping) -> Iterator[list[Piece]]:
    for measure in grouping.measures:
        finals = measure.algebra.finals
        yield from ([Piece(f"{final.sql} AS {final.name}", measure.name)] for final in finals)
        if not finals:
            yield [Piece(measure.algebra.states[0].column, measure.name)]


def _kept(grouping: Grouping) -> Iterator[list[Piece]]:
    for measure in grouping.measures:
        algebra = measure.algebra
        yield from ([Piece(state.column, measure.name)] for state in algebra.states[0 if algebra.finals else 1 :])


def _sourced(sql: str, measure: Computed) -> Iterator[Piece]:
    """SQL in pieces: where it repeats a word of the author's, that word is where it comes from."""
    position = 0
    while position < len(sql):
        found = [(at, -len(word), word) for word in measure.words if word and (at := sql.find(word, position)) >= 0]
        if not found:
            break
        at, _, word = min(found, key=lambda each: each[:2])
        if at > position:
            yield Piece(sql[position:at], measure.name)
        yield Piece(word, word)
        position = at + len(word)
    if position < len(sql):
        yield Piece(sql[position:], measure.name)
