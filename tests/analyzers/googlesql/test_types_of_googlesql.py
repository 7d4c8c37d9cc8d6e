"""Types as text and as the analyzer has them."""

from __future__ import annotations

import pytest

pytest.importorskip("zetasql", reason="zetasql is not installed")

from aggregator.analyzers.googlesql.types import parsed, text_of


@pytest.mark.parametrize(
    "text",
    [
        *("INT64", "FLOAT64", "BOOL", "STRING", "BYTES", "NUMERIC", "BIGNUMERIC", "DATE", "DATETIME", "TIME"),
        *("TIMESTAMP", "INTERVAL", "JSON", "GEOGRAPHY", "RANGE<DATE>", "ARRAY<STRING>"),
        "STRUCT<a INT64, b STRUCT<c STRING>>",
        "ARRAY<STRUCT<a INT64, b ARRAY<FLOAT64>>>",
        "STRUCT<INT64, STRING>",
        "STRUCT<`a b` INT64>",
        "STRUCT<date DATE>",
    ],
)
def test_a_type_comes_back_as_it_was(text: str):
    assert text_of(parsed(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NUMERIC(10, 2)", "NUMERIC"),
        ("STRING(20)", "STRING"),
        ("array<int64>", "ARRAY<INT64>"),
        ("STRUCT<a NUMERIC(5), b STRING(2)>", "STRUCT<a NUMERIC, b STRING>"),
    ],
)
def test_lengths_and_case_are_no_part_of_a_type(text: str, expected: str):
    assert text_of(parsed(text)) == expected


@pytest.mark.parametrize("text", ["", "INT65", "ARRAY", "ARRAY<", "ARRAY<INT64", "STRUCT<a", "INT64 INT64", "a-b"])
def test_what_is_no_type_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a type"):
        parsed(text)
