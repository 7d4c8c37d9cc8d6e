"""Which columns a statement may mean, by its words."""

from __future__ import annotations

import pytest

from aggregator.analyzers.bigquery.mentioned import mentioned
from aggregator.analyzers.protocol import Statement

FILTERED = "(SELECT * FROM lake.raw WHERE day >= @start)"


@pytest.mark.parametrize(
    ("sql", "is_known"),
    [
        pytest.param("SELECT x FROM lake.raw", True, id="columns by name"),
        pytest.param("SELECT x * 2 AS x FROM lake.raw", True, id="a product"),
        pytest.param("SELECT COUNT(*) AS x FROM lake.raw", True, id="COUNT(*)"),
        pytest.param(f"SELECT x FROM {FILTERED}", True, id="a star that is not the author's"),
        pytest.param("SELECT * FROM lake.raw", False, id="a star"),
        pytest.param("SELECT r.* FROM lake.raw AS r", False, id="a star of a table"),
        pytest.param("SELECT DISTINCT * FROM lake.raw", False, id="a distinct star"),
        pytest.param("SELECT x FROM (SELECT * FROM lake.raw)", False, id="a star within"),
        pytest.param("FROM lake.raw |> SELECT x", False, id="pipes"),
        pytest.param("SELECT 'x FROM lake.raw", False, id="no SQL"),
    ],
)
def test_words_are_known_where_no_other_column_can_matter(sql: str, *, is_known: bool):
    at = sql.find(FILTERED)
    found = mentioned(Statement("one", sql, (), filters=((at, at + len(FILTERED)),) if at >= 0 else ()))

    assert (found is not None) is is_known
    assert found is None or {"x", "lake", "raw"} <= found


def test_the_columns_of_filters_are_meant_too():
    sql = f"SELECT x FROM {FILTERED}"

    assert {"x", "day"} <= (mentioned(Statement("one", sql, (), filters=((14, len(sql)),))) or set())


def test_without_a_word_about_filters_all_columns_count():
    assert mentioned(Statement("one", "SELECT x FROM lake.raw", ())) is None
