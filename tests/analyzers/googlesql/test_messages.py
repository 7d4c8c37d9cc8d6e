"""Places and messages of the analyzer."""

from __future__ import annotations

import pytest

pytest.importorskip("zetasql", reason="zetasql is not installed")

from aggregator.analyzers.googlesql.messages import offset, refusal
from aggregator.analyzers.protocol import Mistake, Verdict


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        pytest.param("SELECT x", 1, 8, "x", id="the first line"),
        pytest.param("SELECT\n  x", 2, 3, "x", id="a later line"),
        pytest.param("SELECT\r\n  x", 2, 3, "x", id="lines of Windows"),
        pytest.param("SELECT\r  x", 2, 3, "x", id="lines of old Macintoshes"),
        pytest.param("SELECT\n\tx", 2, 9, "x", id="a tab moves on to column 9"),
        pytest.param("SELECT\n  \tx", 2, 9, "x", id="a tab behind spaces moves on to column 9, too"),
        pytest.param("SELECT 'žluťoučký kůň', x", 1, 25, "x", id="accents are one character"),
        pytest.param("SELECT '😀', x", 1, 13, "x", id="an emoji is one character"),
        pytest.param("SELECT", 1, 7, "", id="the end of the text"),
        pytest.param("SELECT", 3, 1, "", id="behind the end of the text"),
    ],
)
def test_a_place_is_an_offset(text: str, line: int, column: int, expected: str):
    found = offset(text, line, column)

    assert text[found : found + 1] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            "Code: 3, Message: Unrecognized name: idd; Did you mean id? [at 1:8]",
            Mistake("Unrecognized name: idd", 7, "did you mean id?"),
            id="a suggestion becomes help",
        ),
        pytest.param("Code: 3, Message: No place", Mistake("No place", None), id="no place"),
        pytest.param(
            "Code: 3, Message: No matching signature for aggregate function SUM\n  Argument types: STRING\n"
            "  Signature: SUM(INT64)\n    Argument 1: Unable to coerce\n  Signature: SUM(DOUBLE) [at 1:8]",
            Mistake(
                "No matching signature for aggregate function SUM for argument types: STRING",
                7,
                "it can be called as SUM(INT64), SUM(FLOAT64)",
            ),
            id="signatures become help, with BigQuery's names of types",
        ),
        pytest.param(
            "Code: 3, Message: Syntax error: Unexpected end of script [at 1:1]",
            Mistake("Syntax error: Unexpected end of script", 0),
            id="a syntax error",
        ),
    ],
)
def test_a_refusal_is_a_mistake(said: str, expected: Mistake):
    assert refusal("SELECT x", said) == Verdict(expected)


def test_a_failure_of_the_analyzer_is_no_mistake_of_the_author():
    verdict = refusal("SELECT 1", "Code: 13, Message: RET_CHECK failure")

    assert verdict.mistake is None
    assert verdict.unchecked == "the analyzer can't judge this: RET_CHECK failure"


def test_a_function_that_only_bigquery_has_is_not_checked():
    verdict = refusal("SELECT 1", "Code: 3, Message: Table-valued function not found: VECTOR_SEARCH [at 1:1]")

    assert verdict == Verdict(unchecked="BigQuery has VECTOR_SEARCH, the offline analyzer does not")
