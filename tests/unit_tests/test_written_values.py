"""Whatever a value is, writing it and reading it gives the value again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.analyzers.googlesql.tables import Json, Range
from aggregator.core.diagnostics import Document
from aggregator.load.report import Report
from aggregator.load.yaml_nodes import Mapping
from aggregator.load.yaml_reader import read_yaml
from aggregator.unit_tests.compare import is_same
from aggregator.unit_tests.update import with_expected
from aggregator.unit_tests.values import reader
from aggregator.unit_tests.written import row_lines

TEXT = st.text(max_size=20)
WORDS = st.one_of(
    TEXT, st.sampled_from(["", "null", "~", "NO", "1e3", "007", "a: b", "- x", "#", "'", '"', " x ", "[1]", "{", "\\n"])
)
DATES = st.dates()
STAMPS = st.datetimes(timezones=st.just(dt.UTC))
TYPES = [
    ("INT64", st.integers(-(2**63), 2**63 - 1)),
    ("FLOAT64", st.floats()),
    ("NUMERIC", st.decimals(-(10**28), 10**28, places=9)),
    ("BOOL", st.booleans()),
    ("STRING", WORDS),
    ("BYTES", st.binary(max_size=20)),
    ("DATE", DATES),
    ("TIME", st.times()),
    ("DATETIME", st.datetimes()),
    ("TIMESTAMP", STAMPS),
    ("ARRAY<STRING>", st.lists(WORDS, max_size=3)),
    ("STRUCT<a INT64, b STRING>", st.fixed_dictionaries({"a": st.integers(0, 9), "b": st.one_of(st.none(), WORDS)})),
    (
        "ARRAY<STRUCT<a DATE, b ARRAY<BOOL>>>",
        st.lists(st.fixed_dictionaries({"a": DATES, "b": st.lists(st.booleans())}), max_size=2),
    ),
    ("RANGE<DATE>", st.builds(Range, st.one_of(st.none(), DATES), st.one_of(st.none(), DATES))),
    (
        "JSON",
        st.builds(
            Json, st.recursive(st.one_of(st.integers(0, 9), TEXT, st.none()), lambda each: st.lists(each, max_size=2))
        ),
    ),
]


@pytest.mark.parametrize(("type_", "values"), TYPES, ids=[each[0] for each in TYPES])
@given(data=st.data())
def test_a_value_is_read_as_it_was_written(type_, values, data):
    value = data.draw(st.one_of(st.none(), values))
    text = "\n".join(("rows:", *row_lines([{"a": value, "b": 1}], 2)))
    document, report = Document("test.yml", text), Report()

    root, problems = read_yaml(document, 0, len(text))
    assert isinstance(root, Mapping), problems
    row = root.entries[0][1].items[0]
    found = reader(type_, partial=False)(row.get("a"), report)

    assert (problems, report.diagnostics) == ((), [])
    if isinstance(value, Decimal | Range):
        assert found == value
    else:
        assert is_same(value, found, 0)


@given(st.lists(st.fixed_dictionaries({"a": WORDS, "b": st.integers(0, 9)}), max_size=4))
def test_writing_rows_again_gives_the_same_text(rows):
    before = "# head\nexpect: [{a: x}]\n# between\n\ntolerance: 1\n"

    once = with_expected(Document("test.yml", before), rows)
    assert once is not None
    twice = with_expected(Document("test.yml", once), rows)

    assert once == twice
    assert once.startswith("# head\nexpect:")
    assert once.endswith("\n# between\n\ntolerance: 1\n")
