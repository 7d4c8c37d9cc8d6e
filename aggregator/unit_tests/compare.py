"""Rows that came out beside rows that were expected: what is missing, surplus or different."""

from __future__ import annotations

import dataclasses
import decimal
import math
from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.analyzers.googlesql.tables import Json
from aggregator.unit_tests.bind import ExpectedRow, Values


@dataclasses.dataclass(frozen=True)
class Changed:
    """An expected row and the one that came out in its place; ``columns`` are those that differ."""

    expected: ExpectedRow
    actual: Values
    columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How rows differ from those expected; ``shown`` are the columns that any expected row mentions."""

    missing: tuple[ExpectedRow, ...]
    extra: tuple[Values, ...]
    changed: tuple[Changed, ...]
    shown: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.extra or self.changed)


@dataclasses.dataclass(frozen=True)
class Rule:
    """How rows are compared: ``key`` pairs those that differ, and ``tolerance`` is that of FLOAT64, relative."""

    key: tuple[str, ...]
    tolerance: float
    ordered: bool = False


def compare(expected: Sequence[ExpectedRow], actual: Sequence[Values], rule: Rule) -> Comparison:
    """Compare two sets of rows; only the columns that an expected row mentions count."""
    shown = tuple(dict.fromkeys(name for row in expected for name in row.values))
    if rule.ordered:
        pairs = list(zip(range(len(expected)), range(len(actual)), strict=False))
        matched = {i: j for i, j in pairs if not _differing(expected[i], actual[j], rule)}
    else:
        matched = _matched(expected, actual, rule)
    taken = set(matched.values())
    left = [index for index in range(len(expected)) if index not in matched]
    over = [index for index in range(len(actual)) if index not in taken]
    missing, changed = [], []
    for index in left:
        other = index if rule.ordered and index in over else _nearest(expected[index], actual, over, rule)
        if other is None:
            missing.append(expected[index])
        else:
            over.remove(other)
            differing = _differing(expected[index], actual[other], rule)
            changed.append(Changed(expected[index], actual[other], differing))
    return Comparison(tuple(missing), tuple(actual[index] for index in over), tuple(changed), shown)


def _matched(expected: Sequence[ExpectedRow], actual: Sequence[Values], rule: Rule) -> dict[int, int]:
    """The largest number of pairs of equal rows. One that says little may stand for several, so pairs are undone."""
    equal = [[j for j, row in enumerate(actual) if not _differing(each, row, rule)] for each in expected]
    owner: dict[int, int] = {}

    def find(index: int, seen: set[int]) -> bool:
        for candidate in equal[index]:
            if candidate not in seen:
                seen.add(candidate)
                if candidate not in owner or find(owner[candidate], seen):
                    owner[candidate] = index
                    return True
        return False

    for index in range(len(expected)):
        free = next((each for each in equal[index] if each not in owner), None)
        if free is not None:
            owner[free] = index
        else:
            find(index, set())
    return {index: candidate for candidate, index in owner.items()}


def _nearest(row: ExpectedRow, actual: Sequence[Values], left: Sequence[int], rule: Rule) -> int | None:
    """The row with the same key; where no key is known, the one that has most in common, if that is half of it."""
    key = [name for name in rule.key if name in row.values]
    if key:
        same = (each for each in left if not set(key).intersection(_differing(row, actual[each], rule)))
        return min(same, key=lambda each: len(_differing(row, actual[each], rule)), default=None)
    nearest = min(left, key=lambda each: len(_differing(row, actual[each], rule)), default=None)
    if nearest is None or 2 * len(_differing(row, actual[nearest], rule)) > len(row.values):
        return None
    return nearest


def _differing(row: ExpectedRow, actual: Values, rule: Rule) -> tuple[str, ...]:
    return tuple(name for name, value in row.values.items() if not is_same(value, actual.get(name), rule.tolerance))


def is_same(expected: Any, actual: Any, tolerance: float) -> bool:
    """Whether two values are equal; of a struct, as far as it was written."""
    if expected is None or actual is None:
        return expected is actual or (expected in (None, []) and actual in (None, []))  # no array is stored as NULL
    if isinstance(expected, Json) or isinstance(actual, Json):
        return bool(_bare(expected) == _bare(actual))
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = zip(expected, actual, strict=False)
        return len(expected) == len(actual) and all(is_same(one, other, tolerance) for one, other in pairs)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return all(is_same(value, actual.get(name), tolerance) for name, value in expected.items())
    if isinstance(expected, float) or isinstance(actual, float):
        return _is_near(expected, actual, tolerance)
    return bool(expected == actual) and isinstance(expected, bool) == isinstance(actual, bool)


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Json) else value


def _is_near(one: Any, other: Any, tolerance: float) -> bool:
    if not isinstance(one, int | float | decimal.Decimal) or not isinstance(other, int | float | decimal.Decimal):
        return False
    one, other = float(one), float(other)
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
