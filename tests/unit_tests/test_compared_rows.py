"""How rows are compared, whatever they are: properties."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.diagnostics import Place
from aggregator.unit_tests.bind import ExpectedRow
from aggregator.unit_tests.compare import Rule, compare

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.integers(0, 2),
            "b": st.one_of(st.none(), st.floats(-1, 1)),
            "c": st.lists(st.integers(0, 1), max_size=2),
        }
    ),
    max_size=6,
)
RULE = Rule(("a",), 1e-9)


def expected(rows, columns="abc"):
    return [ExpectedRow({name: row[name] for name in columns}, Place("x", line=n + 1)) for n, row in enumerate(rows)]


@given(ROWS, st.randoms(use_true_random=False))
def test_rows_are_equal_to_themselves_in_any_order(rows, order: random.Random):
    shuffled = [*rows]
    order.shuffle(shuffled)

    assert compare(expected(rows), shuffled, RULE).is_equal


@given(ROWS, st.data())
def test_rows_that_say_less_are_still_equal(rows, data):
    """However little each of them says, some pairing is found."""
    said = [
        ExpectedRow({name: row[name] for name in data.draw(st.sets(st.sampled_from("abc")))}, Place("x"))
        for row in rows
    ]

    assert compare(said, rows, RULE).is_equal


@given(ROWS, ROWS)
def test_every_row_is_accounted_for_once(rows, others):
    found = compare(expected(rows), others, RULE)

    equal = len(rows) - len(found.missing) - len(found.changed)
    assert len(others) == equal + len(found.changed) + len(found.extra)
    assert all(each.columns for each in found.changed)


@given(ROWS.filter(bool), st.data())
def test_a_row_that_is_gone_is_missing(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))

    found = compare(expected(rows), rows[:index] + rows[index + 1 :], RULE)

    assert (len(found.missing) + len(found.changed), len(found.extra)) == (1, 0)
