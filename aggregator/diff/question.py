"""Which rows of two tables differ? The question as SQL: each row of one side beside that of the other.

Rows are found by their key, where NULL equals NULL. Rows that share a key with another one of their side, and all rows
where there is no key, are found by all that they hold: equal ones are paired off, what is left was added or removed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from aggregator.diff.pairing import Equality, Pair, Pairing

PRECISION = 1e-9
"""How far apart, relative to the smaller one, two FLOAT64 may be that count as equal."""

EXAMPLES = 5
"""So many rows are shown of those that changed, of those that were added, and of those that were removed."""

LONGEST = 60
"""Of a longer value in an example the beginning is told."""

COUNTS = ("before", "after", "added", "removed", "changed", "unchanged", "repeated")
"""The numbers that an answer begins with, in this order."""

_SPLITTER = 2**23 + 1
"""Multiplying by it and taking the surplus away drops the last 23 bits of a FLOAT64, which is about 9 digits."""


@dataclasses.dataclass(frozen=True)
class Rows:
    """A table by its name in a question, and the column that tells its partitions; empty where it has none.

    Of a table with partitions, the rows between ``@start`` and ``@end`` are meant.
    """

    table: str
    column: str = ""

    @property
    def where(self) -> str:
        """The rows that are meant."""
        return f"\nWHERE `{self.column}` >= @start AND `{self.column}` < @end" if self.column else ""


def question(before: Rows, after: Rows, pairing: Pairing) -> str:
    """What to ask. The answer is one row.

    First ``COUNTS``, then the number of found rows in which each of the values differs; then texts in three arrays, for
    rows that changed, were added, were removed: JSON with ``k0`` for the key, ``b0`` and ``a0`` for values before and
    after, as shortened JSON themselves, ``d0`` telling whether they differ, and ``whole`` whether the row was found by
    all that it holds.
    """
    keys = [f"k{index}__" for index in range(len(pairing.key))]
    sides = (_side(before, pairing, is_after=False), _side(after, pairing, is_after=True))
    nth = f"ROW_NUMBER() OVER (PARTITION BY {_listed('is_after__', *keys, 'row__')}) AS nth__"
    paired = f"SELECT {_listed(*keys, 'row__', *_paired(pairing.values))}\nFROM numbered"
    parts = {
        "both_sides": "\nUNION ALL\n".join(sides),
        "marked": f"SELECT *, {_mark(keys, pairing.values)} AS row__\nFROM both_sides",
        "numbered": f"SELECT *, {nth}\nFROM marked",
        "pairs": f"{paired}\nGROUP BY {_listed(*keys, 'row__', 'nth__')}",
        "compared": f"SELECT {_listed('*', *_differences(pairing.values))}\nFROM pairs",
        "judged": f"SELECT *, {_any_difference(pairing.values)} AS is_changed__\nFROM compared",
    }
    named = ",\n".join(f"{name} AS (\n{body}\n)" for name, body in parts.items())
    return f"WITH {named}\nSELECT {_listed(*_counts(pairing), *_examples(keys, pairing))}\nFROM judged"


def count_question(rows: Rows) -> str:
    """How many rows there are."""
    return f"SELECT COUNT(*) AS rows__ FROM {rows.table}{rows.where}"


def _side(rows: Rows, pairing: Pairing, *, is_after: bool) -> str:
    """The rows of one side under names that both have."""
    keys = (f"{_value(each, is_after=is_after)} AS k{index}__" for index, each in enumerate(pairing.key))
    values = (f"{_value(each, is_after=is_after)} AS v{index}__" for index, each in enumerate(pairing.values))
    side = "TRUE AS is_after__" if is_after else "FALSE AS is_after__"
    return f"SELECT {_listed(side, *keys, *values)}\nFROM {rows.table}{rows.where}"


def _value(pair: Pair, *, is_after: bool) -> str:
    """A column as it can be compared with the other side's."""
    name = f"`{pair.after if is_after else pair.before}`"
    match pair.equality:
        case Equality.NEAR:
            return f"CAST({name} AS FLOAT64)"
        case Equality.TEXT:
            return f"TO_JSON_STRING({name})"
        case Equality.EXACT:
            return name


def _mark(keys: Sequence[str], values: Sequence[Pair]) -> str:
    """All that a row holds, for one that its key does not tell from others of its side; empty for any other."""
    whole = f"TO_JSON_STRING(STRUCT({_listed(*_rounded(values))}))" if values else "''"
    if not keys:
        return whole
    over = f"OVER (PARTITION BY {_listed(*keys)})"
    most = f"GREATEST(COUNTIF(is_after__) {over}, COUNTIF(NOT is_after__) {over})"
    return f"IF({most} > 1, CONCAT('=', {whole}), '')"


def _rounded(values: Sequence[Pair]) -> Iterator[str]:
    for index, pair in enumerate(values):
        value = f"v{index}__"
        if pair.equality is Equality.NEAR:
            yield f"{value} * {_SPLITTER} - ({value} * {_SPLITTER} - {value}) AS v{index}"
        else:
            yield f"{value} AS v{index}"


def _paired(values: Sequence[Pair]) -> Iterator[str]:
    """One row of each side, or of one."""
    yield "COUNTIF(NOT is_after__) AS before__"
    yield "COUNTIF(is_after__) AS after__"
    for index in range(len(values)):
        yield f"MAX(IF(is_after__, NULL, v{index}__)) AS b{index}__"
        yield f"MAX(IF(is_after__, v{index}__, NULL)) AS a{index}__"


def _differences(values: Sequence[Pair]) -> Iterator[str]:
    """Of rows that are on both sides, whether each value differs; a row that was found by all it holds is the same."""
    for index, pair in enumerate(values):
        one, other = f"b{index}__", f"a{index}__"
        differs = f"{one} IS DISTINCT FROM {other}"
        if pair.equality is Equality.NEAR:
            near = f"ABS({one} - {other}) < {PRECISION!r} * LEAST(ABS({one}), ABS({other}))"
            differs = f"{differs} AND NOT IFNULL({near}, FALSE)"
        yield f"row__ = '' AND before__ = 1 AND after__ = 1 AND {differs} AS d{index}__"


def _any_difference(values: Sequence[Pair]) -> str:
    return " OR ".join(f"d{index}__" for index in range(len(values))) or "FALSE"


def _counts(pairing: Pairing) -> Iterator[str]:
    yield "SUM(before__) AS rows_before__"
    yield "SUM(after__) AS rows_after__"
    yield "COUNTIF(before__ = 0) AS added__"
    yield "COUNTIF(after__ = 0) AS removed__"
    yield "COUNTIF(is_changed__) AS changed__"
    yield "COUNTIF(before__ = 1 AND after__ = 1 AND NOT is_changed__) AS unchanged__"
    yield "COUNTIF(row__ != '') AS repeated__" if pairing.key else "0 AS repeated__"
    for index in range(len(pairing.values)):
        yield f"COUNTIF(d{index}__) AS differing{index}__"


def _examples(keys: Sequence[str], pairing: Pairing) -> Iterator[str]:
    """The first rows of each kind, by key."""
    order = _listed(*keys, "row__")
    found = [
        f"{_short(key, pair)} AS k{index}" for index, (key, pair) in enumerate(zip(keys, pairing.key, strict=True))
    ]
    compared = [field for index, pair in enumerate(pairing.values) for field in _compared(index, pair)]
    fields = (*found, *compared, "row__ != '' AS whole")
    text = f"TO_JSON_STRING(STRUCT({_listed(*fields)}))"
    for condition in ("is_changed__", "before__ = 0", "after__ = 0"):
        yield f"ARRAY(SELECT {text} FROM judged WHERE {condition} ORDER BY {order} LIMIT {EXAMPLES})"


def _compared(index: int, pair: Pair) -> Iterator[str]:
    """A value of a row on both sides."""
    yield f"d{index}__ AS d{index}"
    yield f"{_short(f'b{index}__', pair)} AS b{index}"
    yield f"{_short(f'a{index}__', pair)} AS a{index}"


def _short(value: str, pair: Pair) -> str:
    """As JSON, or NULL, with one character more than is shown, so that it is known that there are more."""
    text = value if pair.equality is Equality.TEXT else f"TO_JSON_STRING({value})"
    return f"SUBSTR(NULLIF({text}, 'null'), 1, {LONGEST + 1})"


def _listed(*parts: str) -> str:
    return ", ".join(parts)
