"""The question which rows of two tables differ, asked of DuckDB."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import duckdb
import pytest
from lab import values
from ready_duckdb import prepared

from aggregator.diff.pairing import Equality, Pair, Pairing
from aggregator.diff.question import COUNTS, EXAMPLES, LONGEST, Rows, count_question, question
from aggregator.engines.duckdb.dialect import to_duckdb

K = Pair("k", "k", Equality.EXACT)
V = Pair("v", "v", Equality.EXACT)
NEAR = Pair("v", "v", Equality.NEAR)
TEXT = Pair("v", "v", Equality.TEXT)
BY_KEY = Pairing((K,), (V,))
WHOLE = Pairing((), (K, V))


@dataclasses.dataclass(frozen=True)
class Answer:
    counts: dict[str, int]
    differing: list[int]
    changes: list[dict[str, Any]]
    additions: list[dict[str, Any]]
    removals: list[dict[str, Any]]


@pytest.fixture
def db():
    connection = prepared(duckdb.connect())
    yield connection
    connection.close()


def compare(db, before: str, after: str, pairing: Pairing, column: str = "", **bounds: Any) -> Answer:
    """Two tables, each as a query."""
    db.execute(f"CREATE SCHEMA s; CREATE TABLE s.one AS {before}; CREATE TABLE s.two AS {after}")
    sql = to_duckdb(question(Rows("`s`.`one`", column), Rows("`s`.`two`", column), pairing))
    answer = db.execute(sql, bounds).fetchone()
    numbers = [int(each or 0) for each in answer[:-3]]
    texts = [[json.loads(text) for text in each or ()] for each in answer[-3:]]
    return Answer(dict(zip(COUNTS, numbers, strict=False)), numbers[len(COUNTS) :], *texts)


def table(*rows: tuple[Any, ...], types: str = "INTEGER, INTEGER") -> str:
    one, other = types.split(", ")
    return f"SELECT CAST(k AS {one}) AS k, CAST(v AS {other}) AS v FROM (VALUES {values(rows)}) AS t(k, v)"


def numbers(**said: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | said


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([(1, 1)], [(1, 1)], {"unchanged": 1}, id="the same row"),
        pytest.param([(1, 1)], [(1, 2)], {"changed": 1}, id="another value"),
        pytest.param([(1, 1)], [(1, None)], {"changed": 1}, id="a value that becomes NULL"),
        pytest.param([(1, None)], [(1, 1)], {"changed": 1}, id="a value that was NULL"),
        pytest.param([(1, None)], [(1, None)], {"unchanged": 1}, id="NULL on both sides is the same"),
        pytest.param([(None, 1)], [(None, 1)], {"unchanged": 1}, id="NULL keys find one another"),
        pytest.param([(None, 1)], [(None, 2)], {"changed": 1}, id="NULL keys find one another, with another value"),
        pytest.param([(1, 1)], [(1, 1), (None, 1)], {"unchanged": 1, "added": 1}, id="a NULL key that is new"),
        pytest.param([(1, 1), (2, 2)], [(1, 1)], {"unchanged": 1, "removed": 1}, id="a row that is gone"),
        pytest.param([(1, 1)], [(2, 1)], {"added": 1, "removed": 1}, id="another key"),
        pytest.param([(1, 1), (1, 2)], [(1, 2), (1, 1)], {"unchanged": 2, "repeated": 2}, id="a key that repeats"),
        pytest.param(
            [(1, 1), (1, 2), (1, 3)],
            [(1, 2), (1, 3)],
            {"unchanged": 2, "removed": 1, "repeated": 3},
            id="one of the rows of a key is gone",
        ),
        pytest.param(
            [(1, 1)], [(1, 1), (1, 1)], {"unchanged": 1, "added": 1, "repeated": 2}, id="a row that is there twice now"
        ),
        pytest.param(
            [(1, 1), (1, 2), (2, 2)],
            [(1, 1), (1, 3), (2, 3)],
            {"unchanged": 1, "added": 1, "removed": 1, "changed": 1, "repeated": 3},
            id="keys that repeat beside one that does not",
        ),
    ],
)
def test_rows_are_found_by_their_key(db, before, after, expected):
    found = compare(db, table(*before), table(*after), BY_KEY)

    assert numbers(before=len(before), after=len(after), **expected) == found.counts
    assert found.differing == [expected.get("changed", 0)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([(1, 1), (1, 1)], [(1, 1), (1, 1)], {"unchanged": 2}, id="equal rows are paired off"),
        pytest.param([(1, 1), (1, 1)], [(1, 1)], {"unchanged": 1, "removed": 1}, id="one of two equal rows is gone"),
        pytest.param([(1, 1)], [(1, 2)], {"added": 1, "removed": 1}, id="no row is changed"),
        pytest.param([(None, None)], [(None, None)], {"unchanged": 1}, id="NULL everywhere"),
        pytest.param([(None, 1)], [(1, None)], {"added": 1, "removed": 1}, id="NULL elsewhere"),
    ],
)
def test_without_a_key_rows_are_compared_whole(db, before, after, expected):
    found = compare(db, table(*before), table(*after), WHOLE)

    assert numbers(before=len(before), after=len(after), **expected) == found.counts


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        pytest.param("1.0", "1.0000000001", True, id="a last digit"),
        pytest.param("1.0", "1.00000001", False, id="more than a billionth"),
        pytest.param("1e300", "1.0000000001e300", True, id="large ones"),
        pytest.param("1e-300", "2e-300", False, id="small ones are compared by their own size"),
        pytest.param("0.0", "1e-30", False, id="nothing is not almost nothing"),
        pytest.param("0.0", "-0.0", True, id="zero has no sign"),
        pytest.param("1.0", "-1.0", False, id="another sign"),
        pytest.param("'NaN'", "'NaN'", True, id="NaN is NaN"),
        pytest.param("'NaN'", "1.0", False, id="NaN is no number"),
        pytest.param("'inf'", "'inf'", True, id="infinity is infinity"),
        pytest.param("'inf'", "'-inf'", False, id="infinities of two signs"),
        pytest.param("'inf'", "1.0", False, id="infinity is no number"),
        pytest.param("NULL", "0.0", False, id="NULL is not 0"),
        pytest.param("NULL", "NULL", True, id="NULL is NULL"),
    ],
)
def test_floats_may_differ_by_rounding(db, before, after, is_same):
    one, other = (f"SELECT 1 AS k, CAST({each} AS DOUBLE) AS v" for each in (before, after))
    found = compare(db, one, other, Pairing((K,), (NEAR,)))

    assert found.counts["unchanged" if is_same else "changed"] == 1


def test_floats_of_whole_rows_are_rounded(db):
    one, other = (f"SELECT 1 AS k, CAST({each} AS DOUBLE) AS v" for each in (0.1 + 0.2, 0.3))
    found = compare(db, one, other, Pairing((), (K, NEAR)))

    assert found.counts["unchanged"] == 1


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        pytest.param("[1, 2]", "[1, 2]", True, id="equal arrays"),
        pytest.param("[1, 2]", "[2, 1]", False, id="arrays in another order"),
        pytest.param("[]::INTEGER[]", "[]::INTEGER[]", True, id="empty arrays"),
        pytest.param("NULL::INTEGER[]", "[]::INTEGER[]", False, id="an empty array is not NULL"),
        pytest.param("{'a': 1, 'b': [1]}", "{'a': 1, 'b': [1]}", True, id="equal structures"),
        pytest.param("{'a': 1, 'b': [1]}", "{'a': 1, 'b': [2]}", False, id="structures with another value within"),
        pytest.param("{'a': NULL}", "{'a': NULL}", True, id="structures of NULL"),
        pytest.param("'ab'::BLOB", "'ac'::BLOB", False, id="bytes"),
        pytest.param("1", "'1'", False, id="a number that became a text"),
        pytest.param("DATE '2024-01-01'", "'2024-01-01'", True, id="a date that became its text"),
    ],
)
def test_what_has_no_order_is_compared_as_text(db, before, after, is_same):
    found = compare(db, f"SELECT 1 AS k, {before} AS v", f"SELECT 1 AS k, {after} AS v", Pairing((K,), (TEXT,)))

    assert found.counts["unchanged" if is_same else "changed"] == 1


def test_only_the_rows_of_the_partition_count(db):
    one, other = table((1, 1), (2, 2), (3, 3)), table((1, 9), (2, 2), (3, 9))
    found = compare(db, one, other, BY_KEY, "k", start=2, end=3)

    assert numbers(before=1, after=1, unchanged=1) == found.counts


def test_no_rows_at_all(db):
    found = compare(db, f"{table((1, 1))} WHERE FALSE", f"{table((1, 1))} WHERE FALSE", BY_KEY)

    assert (found.counts, found.changes) == (numbers(), [])


def test_columns_that_have_other_names_now(db):
    pairing = Pairing((Pair("k", "key", Equality.EXACT),), (Pair("v", "order", Equality.EXACT),))
    found = compare(db, "SELECT 1 AS k, 2 AS v", 'SELECT 1 AS key, 3 AS "order"', pairing)

    assert (found.counts["changed"], found.differing) == (1, [1])


def test_a_key_and_nothing_else(db):
    found = compare(db, table((1, 1), (2, 2)), table((2, 1), (3, 1)), Pairing((K,), ()))

    assert numbers(before=2, after=2, added=1, removed=1, unchanged=1) == found.counts


def test_examples_are_the_first_by_key(db):
    before, after = [(each, 0) for each in range(20)], [(each, each % 2) for each in range(20)]
    found = compare(db, table(*before), table(*after), BY_KEY)

    assert [each["k0"] for each in found.changes] == ["1", "3", "5", "7", "9"]
    assert len(found.changes) == EXAMPLES
    assert {"b0": "0", "a0": "1", "d0": True}.items() <= found.changes[0].items()


def test_long_values_are_shortened(db):
    one, other = (f"SELECT 1 AS k, repeat('{each}', 1000) AS v" for each in "ab")
    (example,) = compare(db, one, other, BY_KEY).changes

    assert len(example["b0"]) == LONGEST + 1
    assert example["a0"].startswith('"bbb')


def test_added_and_removed_rows_are_told_by_key(db):
    found = compare(db, table((1, 1)), table((None, 2)), BY_KEY)

    assert [each["k0"] for each in found.additions] == [None]
    assert [each["k0"] for each in found.removals] == ["1"]
    assert not found.additions[0]["whole"]


def test_dates_are_keys(db):
    one, other = (f"SELECT DATE '2024-01-01' AS k, {each} AS v" for each in (1, 2))
    bounds = {"start": dt.date(2024, 1, 1), "end": dt.date(2024, 1, 2)}
    found = compare(db, one, other, BY_KEY, "k", **bounds)

    assert found.changes[0]["k0"] == '"2024-01-01"'


def test_counting_the_rows_of_a_partition(db):
    db.execute(f"CREATE SCHEMA s; CREATE TABLE s.one AS {table((1, 1), (2, 1))}")
    sql = to_duckdb(count_question(Rows("`s`.`one`", "k")))

    assert db.execute(sql, {"start": 1, "end": 2}).fetchone() == (1,)
