"""The answers that the corrections of SQL for DuckDB are tested against are those of Google's reference engine."""

from __future__ import annotations

from typing import Any

import pytest
from aggregate_cases import COMPUTED, FAILS
from list_cases import LISTED

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.reference import ReferenceEngine
from aggregator.analyzers.googlesql.tables import Rows


def _plain(value: Any) -> Any:
    """Structs as tuples: their fields have the same order on both sides."""
    if isinstance(value, dict):
        return tuple(_plain(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(each) for each in value)
    return value


@pytest.mark.parametrize(("sql", "expected"), (COMPUTED | LISTED).values(), ids=(COMPUTED | LISTED).keys())
def test_the_reference_engine_answers_alike(analyzer: GoogleSql, sql: str, expected: Any):
    answer = ReferenceEngine(analyzer).evaluate(f"SELECT {sql}")
    rows = [_plain(row) for row in answer.values] if isinstance(answer, Rows) else FAILS
    is_one_value = isinstance(answer, Rows) and len(rows) == len(rows[0]) == 1

    assert (rows[0][0] if is_one_value else rows) == _plain(expected), answer
