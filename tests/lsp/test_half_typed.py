"""Reading text that is not finished: SQL, YAML and positions, in this process."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st
from lsprotocol.types import Position

from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName
from aggregator.export.json_schema import FORMATS, json_schema
from aggregator.lsp.positions import Text
from aggregator.lsp.scope import Script
from aggregator.lsp.yaml_cursor import at_path, cursor


class Tables:
    """A catalog of two tables."""

    def columns(self, table: TableName):
        names = {"lake.a": ("x", "y"), "lake.b": ("x", "z")}.get(str(table), ())
        return [OutputColumn(name, "ARRAY<STRUCT<x INT64>>" if name == "z" else "INT64") for name in names]


def outputs(sql: str) -> list[str]:
    return [each.column.name for each in Script(sql, 0, Tables()).outputs()]


OUTPUTS = {
    "SELECT x, y AS b, 1 AS c, a.z FROM lake.a": ["x", "b", "c", "z"],
    "SELECT x b, (SELECT 1) c, CASE WHEN TRUE THEN 1 END, SUM(x), `q` FROM lake.a": ["b", "c", "q"],
    "SELECT * FROM lake.a": ["x", "y"],
    "SELECT * EXCEPT (X) FROM lake.a": ["y"],
    "SELECT b.*, a.y FROM lake.a JOIN lake.b USING (x)": ["x", "z", "y"],
    "SELECT * FROM (SELECT y AS q FROM lake.a)": ["q"],
    "(SELECT x FROM lake.a)": ["x"],
    "SELECT x FROM lake.a UNION ALL SELECT z FROM lake.b": ["x"],
    "SELECT EXTRACT(DAY FROM y) AS d, x FROM lake.a": ["d", "x"],
    "WITH w AS (SELECT *, 1 AS n FROM lake.a), v AS (SELECT n, y FROM w) SELECT * FROM v": ["n", "y"],
    "WITH RECURSIVE w AS (SELECT 1 AS n UNION ALL SELECT n FROM w) SELECT * FROM w": ["n"],
    "WITH w AS (SELECT * FROM w) SELECT * FROM w": [],
    "SELECT DISTINCT x FROM lake.a": ["x"],
    "SELECT x -- , y\n, /* z */ 'FROM' AS t FROM lake.a": ["x", "t"],
    "SELECT {{ macro('x, y') }} AS m, {% if true %} x {% endif %} FROM lake.a": ["m"],
    "SELECT x, FROM lake.a": ["x"],
    "SELECT x, SUM( FROM lake.a": ["x", "SUM"],
    "SELECT": [],
    "": [],
    ")))(((": [],
}


@pytest.mark.parametrize(("sql", "names"), OUTPUTS.items())
def test_output_columns(sql, names):
    assert outputs(sql) == names


def test_many_queries_that_each_read_the_one_before_twice():
    """Without remembering, thirty of them would take a thousand million steps."""
    steps = "".join(f", w{n} AS (SELECT l.* FROM w{n - 1} AS l JOIN w{n - 1} AS r USING (x))" for n in range(1, 30))

    assert outputs(f"WITH w0 AS (SELECT * FROM lake.a){steps} SELECT * FROM w29") == ["x", "y"]


WORDS = ("SELECT ", "FROM ", "JOIN ", "lake.a ", "AS w ", "WITH w AS (", "UNION ALL ", "EXCEPT ", "WHERE ", "ON ", "x ")
ARRAYS = ("UNNEST(", "lake.b ", "z ", "w.", "w.z ")
SIGNS = (*"()*.,#;'`\"\\", "--", "/*", "*/", "\n", "{{", "}}", "{%", "@start ", "1.5 ", "ü ", "🎈")
PIECES = st.sampled_from([*WORDS, *ARRAYS, *SIGNS])


@hypothesis.given(st.lists(PIECES, max_size=25).map("".join), st.integers(0, 100))
def test_no_text_is_too_broken(sql, offset):
    script = Script(sql, 0, Tables())

    script.outputs()
    script.find(script.path_at(offset), offset)
    script.fields(script.path_at(offset), offset)
    for relation in script.relations_at(offset):
        list(script.columns(relation))
    assert (
        "".join(token.text for token in script.tokens).split()
        == "".join(sql[token.start : token.end] for token in script.tokens).split()
    )
    script.relation_at(offset)


@hypothesis.given(st.text(st.sampled_from("ab: {}[],-\n'\"#ü.")), st.sampled_from(sorted(FORMATS)))
def test_no_yaml_is_too_broken(text, name):
    found = cursor(text)

    at_path(json_schema(name), found.path)
    assert text.endswith(found.word)


CURSORS = {
    "own": ((), "own", True),
    "partition: {by: x, gra": (("partition",), "gra", True),
    "partition: {by: x, grain: d": (("partition", "grain"), "d", False),
    "partition: {by: x,\n  gr": (("partition",), "gr", True),
    "partition:\n  by: x\n  gr": (("partition",), "gr", True),
    "partition:\n  by: x\nkin": ((), "kin", True),
    "partition: {by: x}\nkin": ((), "kin", True),
    "columns:\n  a: {type: S": (("columns", "a", "type"), "S", False),
    "source:\n  columns:\n    a: {type: STRING}\n    b: I": (("source", "columns", "b"), "I", False),
    "source:\n  columns:\n    a: {type: STRING}\n  par": (("source",), "par", True),
    "checks:\n  - not_null: [a]\n  - expe": (("checks", "[]"), "expe", True),
    "checks:\n- not_null: [a]\n- expe": (("checks", "[]"), "expe", True),
    "checks:\n  - expect:\n      column: a\n      mi": (("checks", "[]", "expect"), "mi", True),
    "checks: [{not_": (("checks", "[]"), "not_", True),
    "tags:\n- a\n- b\nkin": ((), "kin", True),
    "key: [a, b": (("key", "[]"), "b", False),
    "description: 'it: is'\n# partition:\n\now": ((), "ow", True),
}


@pytest.mark.parametrize(("text", "expected"), CURSORS.items())
def test_where_a_cursor_is_in_yaml(text, expected):
    found = cursor(text)

    assert (found.path, found.word, found.expects_key) == expected


TEXT = st.text(st.sampled_from("ab\nü🎈\u2028\u0301\t"), max_size=30)


@hypothesis.given(TEXT, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_every_offset_has_a_position_and_back(text, encoding):
    there = Text(text, encoding)

    assert [there.offset(there.position(offset)) for offset in range(len(text) + 1)] == list(range(len(text) + 1))


@hypothesis.given(TEXT)
def test_positions_are_what_the_protocol_says(text):
    for offset in range(len(text) + 1):
        line = text[:offset].rpartition("\n")[2]

        assert Text(text).position(offset) == Position(text.count("\n", 0, offset), len(line.encode("utf-16-le")) // 2)


@hypothesis.given(TEXT, st.integers(0, 40), st.integers(0, 40))
def test_places_are_the_same_stretch_of_text(text, start, length):
    start = min(start, len(text))
    end = min(start + max(length, 1), len(text))
    there = Text(text)

    found = there.range_of(Document("file", text).place(start, end))

    assert (there.offset(found.start), there.offset(found.end)) == (start, max(end, min(start + 1, len(text))))


@pytest.mark.parametrize(
    ("position", "offset"),
    [(Position(0, 99), 2), (Position(1, 1), 4), (Position(1, 2), 4), (Position(9, 0), 5), (Position(0, 0), 0)],
    ids=["behind the end of a line", "in an emoji", "behind an emoji", "behind the last line", "at the beginning"],
)
def test_positions_that_are_off(position, offset):
    assert Text("ab\n🎈c").offset(position) == offset
