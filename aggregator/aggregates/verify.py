"""Is a roll-up what its rows say? The question as SQL: numbers from states beside the same numbers from rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.aggregates.buckets import Buckets, buckets
from aggregator.aggregates.kinds import algebra_of
from aggregator.aggregates.protocol import Algebra, BadMeasureError, Bucket, Column

if TYPE_CHECKING:
    from aggregator.core.aggregate import Aggregate, MeasureDeclaration, RollupDeclaration
    from aggregator.core.calendar import Calendar

ROUNDING = 1e-9
"""How far apart, relative to their size, two FLOAT64 may be that were added up in another order."""


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows at the bottom of a chain of roll-ups: their SELECT, filtered by ``@start`` and ``@end``, and groups."""

    sql: str
    aggregate: Aggregate
    calendar: Calendar


@dataclasses.dataclass(frozen=True)
class Compared:
    """A column that is compared: how far the two may be apart, relative to the one from rows; None for no number.

    FLOAT64 near 0 may be as far apart as such near 1: what added up to nothing was not nothing.
    """

    name: str
    tolerance: float | None
    type: str = ""


@dataclasses.dataclass(frozen=True)
class Question:
    """``sql`` asks over ``@start`` and ``@end`` of the rows, and gives one row.

    That is: the number of groups, of those that only the rows have, of those that only the roll-up has; then for each
    of ``compared`` the number of groups in which the two differ, and the largest difference, relative to the truth.
    """

    sql: str
    compared: tuple[Compared, ...]
    unchecked: tuple[str, ...]


def question(
    table: str,
    declared: RollupDeclaration,
    groups: Aggregate,
    rows: Rows,
    types: dict[str, str],
    where: Sequence[str] = (),
) -> Question | str:
    """What to ask about a table that was rolled up, or why it can't be asked.

    ``groups`` is what the roll-up is made of; ``types`` are the types of its columns; ``where`` are the conditions of
    the chain.
    """
    found = buckets(dataclasses.replace(declared, column=groups.time), rows.aggregate, rows.calendar, "@first")
    if not isinstance(found, Buckets):
        return found[0]
    kept = (groups.time, *groups.dimensions)
    computed = [(measure, _algebra(measure, found.bucket)) for measure in groups.measures]
    checks = [(measure, algebra, _checks(measure, algebra)) for measure, algebra in computed]
    unchecked = tuple(str(measure.name) for measure, _, columns in checks if not columns)
    compared = [
        Compared(column.name, _tolerance(types.get(column.name, ""), algebra), types.get(column.name, ""))
        for _, algebra, columns in checks
        for column in columns
    ]
    if not compared:
        return "none of its measures can be computed from rows in one query"
    raw = _raw(rows, found, groups, checks, where)
    finals = {final.name: final.sql for _, algebra, _ in checks for final in algebra.finals}
    sides = _both_sides(table, kept, compared, groups, finals)
    return Question(f"{raw},\n{sides},\n{_pairs(kept, compared)}", tuple(compared), unchecked)


def _algebra(measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
    """The SQL of a measure; nothing of it is checked if there is none over these rows."""
    try:
        return algebra_of(measure, bucket)
    except BadMeasureError:
        return Algebra((), checks=())


def _both_sides(
    table: str, kept: Sequence[str], compared: Sequence[Compared], groups: Aggregate, finals: dict[str, str]
) -> str:
    """The groups that rows make and those of the table, which must also be what its own states say."""
    raw = ", ".join((*kept, *(_text(each, _stored(each.name, each)) for each in compared)))
    names = ", ".join((*kept, *(_text(each, each.name) for each in compared)))
    agreed = ", ".join(f"FALSE AS {each.name}__off" for each in compared)
    off = ", ".join(
        f"TO_JSON_STRING({each.name}) IS DISTINCT FROM TO_JSON_STRING({_stored(finals[each.name], each)})"
        f" AS {each.name}__off"
        if each.name in finals
        else f"FALSE AS {each.name}__off"
        for each in compared
    )
    return (
        f"both_sides AS (\n  SELECT TRUE AS is_raw, {raw}, {agreed} FROM from_rows\n  UNION ALL\n"
        f"  SELECT FALSE AS is_raw, {names}, {off} FROM {table}\n"
        f"  WHERE {groups.time} >= @first AND {groups.time} < @last\n)"
    )


def _pairs(kept: Sequence[str], compared: Sequence[Compared]) -> str:
    """Each group of one side beside that of the other, and what differs."""
    pairs = ",\n    ".join(
        (
            *kept,
            "COUNTIF(is_raw) AS in_rows__",
            "COUNTIF(NOT is_raw) AS in_table__",
            *(f"MAX(IF(is_raw, {each.name}, NULL)) AS {each.name}__raw" for each in compared),
            *(f"MAX(IF(NOT is_raw, {each.name}, NULL)) AS {each.name}__kept" for each in compared),
            *(f"LOGICAL_OR({each.name}__off) AS {each.name}__off" for each in compared),
        )
    )
    answers = ",\n  ".join(
        (
            "COUNT(*) AS groups__",
            "COUNTIF(in_table__ = 0) AS only_rows__",
            "COUNTIF(in_table__ > in_rows__) AS only_table__",
            *(answer for each in compared for answer in _answers(each)),
        )
    )
    return (
        f"pairs AS (\n  SELECT\n    {pairs}\n  FROM both_sides\n  GROUP BY {', '.join(kept)}\n)\n"
        f"SELECT\n  {answers}\nFROM pairs"
    )


def _checks(measure: MeasureDeclaration, algebra: Algebra) -> tuple[Column, ...]:
    """What people read, as scalar SQL over aggregated rows; none where rows alone don't say it."""
    if algebra.checks is not None:
        return algebra.checks
    return algebra.finals or (Column(str(measure.name), algebra.states[0].column),)


def _raw(
    rows: Rows,
    found: Buckets,
    groups: Aggregate,
    checks: Sequence[tuple[MeasureDeclaration, Algebra, tuple[Column, ...]]],
    where: Sequence[str],
) -> str:
    """The groups of the roll-up, made from rows."""
    time = found.sql
    keys = [*([] if found.is_rolling else [time]), *groups.dimensions]
    over = f"OVER (PARTITION BY {', '.join(keys)})" if keys else "OVER ()"
    needed = [algebra for _, algebra, columns in checks if columns]
    before = [f"{each.sql} {over} AS {each.name}" for algebra in needed for each in algebra.before_rows]
    states = [
        f"{state.of_rows} AS {state.column}" for algebra in needed if algebra.checks is None for state in algebra.states
    ]
    exact = [f"{each.sql} AS {each.name}" for algebra in needed for each in algebra.checks or ()]
    settled = [
        f"{state.settled_rows or state.column} AS {state.column}"
        for algebra in needed
        if algebra.checks is None
        for state in algebra.states
    ]
    own = [each.name for algebra in needed for each in algebra.checks or ()]
    read = [
        f"{each.sql} AS {each.name}" for _, algebra, columns in checks if algebra.checks is None for each in columns
    ]
    conditions = [f"{rows.aggregate.time} >= @start", f"{rows.aggregate.time} < @end", *(f"({each})" for each in where)]
    named = [groups.time, *groups.dimensions]
    return (
        f"WITH facts AS (\n{rows.sql}\n),\n"
        f"weighed AS (\n  SELECT {', '.join(('*', *before))}\n  FROM facts\n  WHERE {' AND '.join(conditions)}\n),\n"
        f"grouped AS (\n  SELECT {', '.join((f'{time} AS {groups.time}', *groups.dimensions, *states, *exact))}\n"
        f"  FROM weighed\n  {_grouped(keys)}\n),\n"
        f"settled AS (\n  SELECT {', '.join((*named, *settled, *own))}\n  FROM grouped\n),\n"
        f"from_rows AS (\n  SELECT {', '.join((*named, *own, *read))}\n  FROM settled\n)"
    )


def _grouped(keys: Sequence[str]) -> str:
    return f"GROUP BY {', '.join(keys)}" if keys else "HAVING COUNT(*) > 0"


def _tolerance(type_: str, algebra: Algebra) -> float | None:
    if type_ in ("FLOAT64", "INT64") and algebra.error:
        return algebra.error
    if type_ == "FLOAT64":
        return ROUNDING
    return 0.0 if type_.partition("(")[0] in ("INT64", "NUMERIC", "BIGNUMERIC") else None


def _text(each: Compared, sql: str) -> str:
    """Arrays and structures are compared as text."""
    return f"{sql if each.tolerance is not None else f'TO_JSON_STRING({sql})'} AS {each.name}"


def _stored(sql: str, each: Compared) -> str:
    """A number as the table has it: rounded to its type."""
    return sql if each.tolerance is None else f"CAST({sql} AS {each.type})"


def _answers(each: Compared) -> tuple[str, str]:
    raw, kept = f"{each.name}__raw", f"{each.name}__kept"
    if each.tolerance is None:
        wrong = f"{each.name}__off OR {raw} IS DISTINCT FROM {kept}"
        return f"COUNTIF({wrong}) AS {each.name}__wrong", f"0.0 AS {each.name}__error"
    error = f"ABS({raw} - {kept}) / NULLIF(ABS({raw}), 0)"
    size = f"GREATEST(ABS({raw}), 1)" if each.type == "FLOAT64" else f"ABS({raw})"
    far = f"ABS({raw} - {kept}) > {each.tolerance!r} * {size}"
    wrong = f"{each.name}__off OR ({raw} IS NULL) != ({kept} IS NULL) OR IFNULL({far}, FALSE)"
    return f"COUNTIF({wrong}) AS {each.name}__wrong", f"MAX({error}) AS {each.name}__error"
