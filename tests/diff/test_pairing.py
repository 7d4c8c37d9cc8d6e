"""The columns of two versions of a model, side by side, and the key by which rows are found."""

from __future__ import annotations

import pytest
from lab import graph_of, model, name, source

from aggregator.diff.pairing import pairing

COLUMNS = {"k": "STRING", "n": "INT64", "f": "FLOAT64", "d": "NUMERIC", "l": "ARRAY<INT64>", "t": "TIMESTAMP"}
ALL = "SELECT k, n, f, d, l, t FROM lake.raw"


@pytest.fixture
def compiled(tmp_path):
    def make(sql, **front):
        files = {"models/lake/raw.yml": source(COLUMNS), "models/a/one.sql": model(sql, **front)}
        return graph_of(tmp_path / str(len(list(tmp_path.iterdir()))), files).models[name("a.one")]

    return make


def test_columns_are_compared_by_their_types(compiled):
    one = compiled(ALL, key=["k"])
    found = pairing(one, one, {})

    assert [each.after for each in found.key] == ["k"]
    assert {each.after: str(each.equality) for each in found.values} == {
        "n": "exact",
        "f": "near",
        "d": "exact",
        "l": "text",
        "t": "exact",
    }
    assert found.has_floats


@pytest.mark.parametrize(
    ("before", "after", "equality"),
    [
        pytest.param("n", "d", "exact", id="exact numbers"),
        pytest.param("n", "f", "near", id="a number with a point"),
        pytest.param("n", "k", "text", id="a number and a text"),
        pytest.param("l", "l", "text", id="arrays"),
    ],
)
def test_values_of_two_types(compiled, before, after, equality):
    one, other = (compiled(f"SELECT k, {each} AS x FROM lake.raw", key=["k"]) for each in (before, after))
    (pair,) = pairing(one, other, {}).values

    assert pair.equality == equality


@pytest.mark.parametrize(
    ("before", "after", "asked", "expected"),
    [
        pytest.param(["k"], ["k", "n"], (), ["k", "n"], id="that of after the change"),
        pytest.param(["k"], [], (), ["k"], id="that of before, if there is no other"),
        pytest.param([], [], (), [], id="none"),
        pytest.param(["k"], ["k"], ("n",), ["n"], id="the one that was asked for"),
        pytest.param(["k"], ["k"], ("N", "K"), ["n", "k"], id="names have no case"),
    ],
)
def test_which_key(compiled, before, after, asked, expected):
    one, other = (compiled(ALL, **({"key": key} if key else {})) for key in (before, after))

    assert [each.after for each in pairing(one, other, {}, asked).key] == expected


def test_a_key_of_a_new_column_finds_no_row(compiled):
    one = compiled("SELECT k, n FROM lake.raw", key=["k"])
    other = compiled("SELECT k, n, t FROM lake.raw", key=["k", "t"])

    assert [each.after for each in pairing(one, other, {}).key] == ["k"]


def test_a_renamed_column(compiled):
    one, other = compiled("SELECT k, n FROM lake.raw", key=["k"]), compiled("SELECT k AS key, n AS N FROM lake.raw")
    found = pairing(one, other, {"k": "key"})

    assert [(each.before, each.after) for each in (*found.key, *found.values)] == [("k", "key"), ("n", "N")]


def test_nothing_in_common(compiled):
    one, other = compiled("SELECT k FROM lake.raw"), compiled("SELECT n FROM lake.raw")

    assert pairing(one, other, {}) == "it has no column that it had before"
    assert pairing(one, one, {}, ["n"]) == "it has no column n on both sides"
