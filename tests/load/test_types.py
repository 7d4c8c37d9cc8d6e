"""BigQuery's types, however they are spelt."""

from __future__ import annotations

import pytest

from aggregator.core.types import canonical_type

SAME = (
    "STRING",
    "BYTES",
    "INT64",
    "FLOAT64",
    "NUMERIC",
    "BIGNUMERIC",
    "BOOL",
    "DATE",
    "DATETIME",
    "TIME",
    "TIMESTAMP",
    "JSON",
    "GEOGRAPHY",
    "INTERVAL",
    "STRING(10)",
    "NUMERIC(10, 2)",
    "RANGE<DATE>",
    "ARRAY<STRING>",
    "ARRAY<NUMERIC(10, 2)>",
    "STRUCT<a STRING>",
    "STRUCT<a STRING, b ARRAY<INT64>, c STRUCT<d DATE>>",
    "ARRAY<STRUCT<airport STRING, minutes INT64>>",
)
SPELT = {
    "string": "STRING",
    " Int64 ": "INT64",
    "integer": "INT64",
    "INT": "INT64",
    "BIGINT": "INT64",
    "SMALLINT": "INT64",
    "TINYINT": "INT64",
    "BYTEINT": "INT64",
    "decimal(10,2)": "NUMERIC(10, 2)",
    "BIGDECIMAL": "BIGNUMERIC",
    "boolean": "BOOL",
    "array<int>": "ARRAY<INT64>",
    "Array < Struct < Airport String , minutes integer > >": "ARRAY<STRUCT<Airport STRING, minutes INT64>>",
    "ARRAY<STRUCT<a ARRAY<INT64>>>": "ARRAY<STRUCT<a ARRAY<INT64>>>",
    "STRING\n( 10 )": "STRING(10)",
}
REFUSED = (
    "",
    " ",
    "STRNG",
    "VARCHAR",
    "FLOAT",
    "DOUBLE",
    "ARRAY",
    "ARRAY<>",
    "ARRAY<INT64",
    "ARRAY INT64",
    "ARRAY<INT64>>",
    "ARRAY<ARRAY<INT64>>",
    "STRUCT",
    "STRUCT<>",
    "STRUCT<INT64>",
    "STRUCT<a>",
    "STRUCT<a INT64,>",
    "STRUCT<a INT64 b INT64>",
    "STRUCT<1 INT64>",
    "NUMERIC(10",
    "NUMERIC()",
    "NUMERIC(a)",
    "INT64(3)",
    "DATE(3)",
    "INT64 INT64",
    "INT64; DROP TABLE x",
    "INT64 -- comment",
    "RANGE<INT64>",
    "STRING(-1)",
    "`STRING`",
    "\uff33\uff34\uff32\uff29\uff2e\uff27",
)


@pytest.mark.parametrize("text", SAME)
def test_types_in_canonical_spelling_stay(text):
    assert canonical_type(text) == text


@pytest.mark.parametrize(("text", "expected"), SPELT.items())
def test_other_spellings(text, expected):
    assert canonical_type(text) == expected


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_type(text):
    assert canonical_type(text) is None


def test_a_type_as_deep_as_a_file_can_hold():
    assert canonical_type("STRUCT<a " * 20_000 + "INT64" + ">" * 20_000) is None
