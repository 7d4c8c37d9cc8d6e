"""Every kind of measure: states, merged along any tree, say what all facts say at once."""

from __future__ import annotations

import dataclasses
import math
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce
from operator import and_, or_, xor
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging import Warehouse, computed, key, of_rows, of_states

from aggregator.aggregates import KINDS, Bucket, kind_of
from aggregator.core.aggregate import MeasureDeclaration

INT64 = 2**63
PARTS = 6
PERIODS = 7
"""How many partitions of the base the bucket is said to have."""


@dataclasses.dataclass(frozen=True)
class Fact:
    """A row. ``part`` is the partition that it lies in, ``k`` a dimension."""

    part: int
    k: str | None
    n: int | None
    """A number whose totals fit an INT64."""
    big: int | None
    x: float | None
    v: float | None
    flag: bool | None
    s: str | None
    at: int | None


COLUMNS = {
    "part": "BIGINT",
    "k": "VARCHAR",
    "n": "BIGINT",
    "big": "BIGINT",
    "x": "DOUBLE",
    "v": "DOUBLE",
    "flag": "BOOLEAN",
    "s": "VARCHAR",
    "at": "BIGINT",
}
Answer: TypeAlias = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Case:
    """A measure ``m`` and what Python says that people must read; ``near`` is how far apart the two may be."""

    arguments: Mapping[str, Any]
    oracle: Callable[[list[Fact]], Any]
    near: Callable[[list[Fact]], float] = lambda _: 0.0


def of(column: str, facts: Iterable[Fact]) -> list[Any]:
    """The values that are not NULL."""
    return [value for each in facts if (value := getattr(each, column)) is not None]


def over(column: str, function: Callable[[list[Any]], Any], nothing: Any = None) -> Callable[[list[Fact]], Any]:
    """A function of the values; ``nothing`` if there are none."""
    return lambda facts: function(values) if (values := of(column, facts)) else nothing


def quotient(num: int, den: int) -> float | None:
    return float(Fraction(num, den)) if den else None


def mean(values: list[int]) -> float:
    return float(Fraction(sum(values), len(values)))


def spread(facts: list[Fact]) -> float:
    """The variance of a population, exactly."""
    return float(statistics.pvariance(map(Fraction, of("v", facts))))


def sample(facts: list[Fact]) -> float | None:
    values = of("v", facts)
    return float(statistics.variance(map(Fraction, values))) if len(values) > 1 else None


def rounding(facts: list[Fact]) -> float:
    """How much of a variance may be lost: nine digits are right, of which a mean that is far away takes its share."""
    values, epsilon = of("v", facts), sys.float_info.epsilon
    largest = max(map(abs, values), default=0.0)
    squares = spread(facts) * len(values) if values else 0.0
    return 1e-9 * squares + 16 * epsilon * largest * math.sqrt(squares * len(values)) + (16 * epsilon * largest) ** 2


def picked(value: str, by: tuple[str, ...], *, is_last: bool) -> Callable[[list[Fact]], Any]:
    """The value of the extreme row; of equal ones the extreme value."""

    def pick(facts: list[Fact]) -> Any:
        rows = [tuple(getattr(each, name) for name in (*by, value)) for each in facts]
        present = [row for row in rows if None not in row]
        return (max if is_last else min)(present)[-1] if present else None

    return pick


def at_one_moment(*, is_last: bool) -> Callable[[list[Fact]], int | None]:
    """The total of the rows of the last moment, or of the first one."""

    def total(facts: list[Fact]) -> int | None:
        present = [each for each in facts if each.n is not None and each.at is not None]
        if not present:
            return None
        moment = (max if is_last else min)(each.at for each in present)
        return sum(each.n for each in present if each.at == moment)

    return total


def averaged(facts: list[Fact]) -> float | None:
    """The mean over partitions of the totals that each group has at its last moment."""
    groups = {(each.part, each.k) for each in facts}
    totals = [at_one_moment(is_last=True)([f for f in facts if (f.part, f.k) == group]) for group in groups]
    present = [each for each in totals if each is not None]
    return quotient(sum(present), PERIODS) if present else None


def quantile(values: list[Any], share: str) -> Any:
    """The smallest value that at least a share of all are not greater than."""
    ordered = sorted(values)
    return ordered[max(math.ceil(Fraction(share) * len(ordered)), 1) - 1]


def commonest(facts: list[Fact]) -> list[Any]:
    counts = Counter(of("s", facts))
    return [{"value": value, "n": n} for value, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:2]]


CASES = {
    "count of rows": Case({"count": "*"}, len),
    "count": Case({"count": "s"}, over("s", len, 0)),
    "countif": Case({"countif": "n > 0"}, lambda facts: sum(value > 0 for value in of("n", facts))),
    "sum": Case({"sum": "n"}, over("n", sum)),
    "sum of floats": Case(
        {"sum": "x"}, over("x", math.fsum), lambda facts: 1e-13 * math.fsum(abs(value) for value in of("x", facts))
    ),
    "min": Case({"min": "big"}, over("big", min)),
    "min of text": Case({"min": "s"}, over("s", min)),
    "max": Case({"max": "big"}, over("big", max)),
    "max of floats": Case({"max": "x"}, over("x", max)),
    "logical_and": Case({"logical_and": "flag"}, over("flag", all)),
    "logical_or": Case({"logical_or": "flag"}, over("flag", any)),
    "bit_and": Case({"bit_and": "big"}, over("big", lambda values: reduce(and_, values))),
    "bit_or": Case({"bit_or": "big"}, over("big", lambda values: reduce(or_, values))),
    "bit_xor": Case({"bit_xor": "big"}, over("big", lambda values: reduce(xor, values))),
    "avg": Case({"avg": "n"}, over("n", mean), lambda facts: 4e-16 * abs(over("n", mean, 0.0)(facts))),
    "ratio": Case(
        {"ratio": {"num": "COUNTIF(n > 0)", "den": "COUNT(s)"}},
        lambda facts: quotient(sum(value > 0 for value in of("n", facts)), len(of("s", facts))),
        lambda _: 1e-15,
    ),
    "variance": Case({"variance": "v"}, sample, lambda facts: rounding(facts) / max(len(of("v", facts)) - 1, 1)),
    "variance of all": Case(
        {"variance": "v", "of": "population"},
        over("v", lambda values: float(statistics.pvariance(map(Fraction, values)))),
        lambda facts: rounding(facts) / max(len(of("v", facts)), 1),
    ),
    "stddev": Case(
        {"stddev": "v"},
        lambda facts: None if (found := sample(facts)) is None else math.sqrt(found),
        lambda facts: math.sqrt(rounding(facts)) if not sample(facts) else rounding(facts) / math.sqrt(sample(facts)),
    ),
    "first": Case({"first": "s", "by": "at"}, picked("s", ("at",), is_last=False)),
    "last": Case({"last": "big", "by": "at"}, picked("big", ("at",), is_last=True)),
    "last by two": Case({"last": "s", "by": ["at", "big"]}, picked("s", ("at", "big"), is_last=True)),
    "arg_max": Case({"arg_max": "s", "by": "x"}, picked("s", ("x",), is_last=True)),
    "arg_min": Case({"arg_min": "n", "by": "s"}, picked("n", ("s",), is_last=False)),
    "last over time": Case({"last": "n", "by": "at", "over_time": "last"}, at_one_moment(is_last=True)),
    "first over time": Case({"last": "n", "by": "at", "over_time": "first"}, at_one_moment(is_last=False)),
    "mean over time": Case(
        {"last": "n", "by": "at", "over_time": "avg"}, averaged, lambda facts: 4e-16 * abs(averaged(facts) or 0.0)
    ),
    "distinct by hll": Case({"distinct": "s"}, lambda facts: len({*of("s", facts)})),
    "distinct numbers by hll": Case({"distinct": "big", "precision": 12}, lambda facts: len({*of("big", facts)})),
    "distinct by set": Case({"distinct": "s", "method": "exact_set"}, lambda facts: len({*of("s", facts)})),
    "distinct days": Case({"distinct": "s", "method": "active_days"}, lambda facts: len({*of("s", facts)})),
    "quantile": Case({"quantile": "big"}, over("big", lambda values: quantile(values, "0.5"))),
    "least quantile": Case({"quantile": "x", "phi": 0}, over("x", min)),
    "quantile of text": Case({"quantile": "s", "phi": 0.9}, over("s", lambda values: quantile(values, "0.9"))),
    "quantile by kll": Case(
        {"quantile": "x", "phi": 0.3, "method": "kll"}, over("x", lambda values: quantile(values, "0.3"))
    ),
    "top": Case({"top": "s", "n": 2}, commonest),
}


def or_null(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.none()


SMALL = st.integers(-3, 3)
FLOATS = st.sampled_from([0.0, 0.1, 0.2, -0.3, 2.5, 1e-9, 1e15, -1e15, 1e15 + 0.5])
FACTS = st.builds(
    Fact,
    part=st.integers(0, PARTS - 1),
    k=st.sampled_from([None, "", "a"]),
    n=or_null(SMALL | st.integers(-(2**56), 2**56)),
    big=or_null(SMALL | st.sampled_from([2**53 + 1, INT64 - 1, -INT64]) | st.integers(-INT64, INT64 - 1)),
    x=or_null(FLOATS),
    v=or_null(SMALL.map(float) | st.sampled_from([1e9, 1e9 + 1, 1e9 + 0.5]) | st.floats(-1e6, 1e6)),
    flag=or_null(st.booleans()),
    s=or_null(st.sampled_from(["", " ", "A", "a", "b", "é", "NULL"])),
    at=or_null(SMALL),
)
MERGES = st.lists(st.lists(st.integers(0, PARTS - 1), min_size=PARTS, max_size=PARTS), max_size=3).map(
    lambda levels: [*levels, [0] * PARTS]
)
"""Into which partition each one is merged, level by level, until one is left."""

MEASURES = computed({f"m{number}": each.arguments for number, each in enumerate(CASES.values())}, Bucket(periods="7"))
KEYS = key("part"), key("k")


def merged(facts: list[Fact], merges: list[list[int]], dropped: int) -> list[dict[str, Any]]:
    """What people read, after so many merges with and the others without the dimension."""
    warehouse = Warehouse.new()
    warehouse.fill("rows", COLUMNS, [dataclasses.astuple(each) for each in facts])
    warehouse.keep("states", of_rows("rows", KEYS, MEASURES))
    for number, into in enumerate(merges):
        warehouse.db.execute(f"UPDATE states SET part = {into}[part + 1]")
        warehouse.keep("states", of_states("states", KEYS if number < dropped else KEYS[:1], MEASURES))
    return warehouse.rows("states")


def wrong(found: Mapping[str, Any], facts: list[Fact]) -> dict[str, tuple[Any, Any]]:
    """The measures that are not what Python says, with both."""
    return {
        title: (actual, expected)
        for number, (title, case) in enumerate(CASES.items())
        if not is_near(actual := found[f"m{number}"], expected := case.oracle(facts), case.near(facts))
    }


def is_near(actual: Any, expected: Any, near: float) -> bool:
    if near and actual is not None and expected is not None:
        return abs(actual - expected) <= near
    return type(actual) is type(expected) and actual == expected


def test_every_kind_has_a_case():
    covered = {kind_of(MeasureDeclaration("m", each.arguments)) for each in CASES.values()}

    assert {*KINDS} == covered


@pytest.mark.parametrize("title", CASES)
def test_cases_can_fail(title: str):
    """What Python says of different facts differs, so that no oracle is a constant."""
    facts = [
        Fact(0, "a", 5, 12, 0.5, 3.0, True, "b", 1),
        Fact(1, "a", -7, 10, 2.5, 5.0, False, "a", 2),
        Fact(1, "a", 9, 6, 1.5, 9.0, None, "c", 0),
    ]
    answers = [CASES[title].oracle(some) for some in ([], facts[:1], facts[:2], facts)]

    assert any(answer != answers[0] for answer in answers)


@settings(max_examples=10)
@given(st.lists(FACTS, min_size=1, max_size=40), MERGES, st.integers(0, 4))
def test_any_tree_of_merges_says_what_all_facts_say(facts: list[Fact], merges: list[list[int]], dropped: int):
    found = merged(facts, merges, dropped)
    is_dropped = dropped < len(merges)
    groups = {k: [each for each in facts if is_dropped or each.k == k] for k in {each.k for each in facts}}
    groups = {None: facts} if is_dropped else groups

    assert Counter([*groups]) == Counter(each.get("k") for each in found)
    assert not [differing for each in found if (differing := wrong(each, groups[each.get("k")]))]


def test_sums_of_squares_would_lose_what_distances_from_the_mean_keep():
    values = [1e9 + number / 64 for number in range(64)]
    facts = [Fact(number % PARTS, "a", *[None] * 3, value, *[None] * 3) for number, value in enumerate(values)]
    (found,) = merged(facts, [[0, 0, 0, 1, 1, 1], [0] * PARTS], dropped=0)
    naive = math.fsum(each * each for each in values) / 64 - (math.fsum(values) / 64) ** 2

    assert abs(naive / spread(facts) - 1) > 0.1
    assert not wrong(found, facts)
