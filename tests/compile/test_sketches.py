"""What BYTES are a sketch of, and what can't be done with a sketch; what is not known is not refused."""

from __future__ import annotations

import pytest
from lab import graph_of, load_project, model, name, source, write_files

from aggregator.compile import codes, compile_project
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.analysis.sketch_type import SketchType, common_sketch, sketch_type
from aggregator.compile.facts import table_from, table_text
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document, Severity
from aggregator.core.graph import OutputColumn, Table
from aggregator.core.names import TableName

COLUMNS = {
    "n": "INT64",
    "x": "FLOAT64",
    "price": "NUMERIC",
    "s": "STRING",
    "day": "DATE",
    "ts": "TIMESTAMP",
    "paid": "BOOL",
    "doc": "JSON",
    "items": "ARRAY<INT64>",
    "b": "BYTES",
    "unknown": "",
}
STATES = {
    "texts": "hll(STRING, 15)",
    "coarse": "hll(STRING, 12)",
    "numbers": "hll(INT64, 15)",
    "whole": "kll(INT64, 1000)",
    "real": "kll(FLOAT64, 1000)",
    "somehow": "hll(?, ?)",
}
SCHEMAS = {
    TableName("d", "t"): tuple(OutputColumn(name, type_) for name, type_ in COLUMNS.items()),
    TableName("d", "s"): (
        OutputColumn("k", "INT64"),
        *(OutputColumn(name, "BYTES", sketch=sketch) for name, sketch in STATES.items()),
    ),
}


def analysed(sql: str) -> Analysis:
    query = parse_select(sql, Document("models/d/m.sql", sql), 0)
    assert isinstance(query, Query), query
    found = analyse(query, SCHEMAS, "DATE")
    assert isinstance(found, Analysis), found
    return found


KNOWN = {
    "as many bits as nobody asked for": ("HLL_COUNT.INIT(s) FROM d.t", "hll(STRING, 15)"),
    "as many as were asked for": ("hll_count.init(n, 12) FROM d.t", "hll(INT64, 12)"),
    "of an expression": ("HLL_COUNT.INIT(CAST(day AS STRING)) FROM d.t", "hll(STRING, 15)"),
    "of what is not known": ("HLL_COUNT.INIT(unknown, 12) FROM d.t", "hll(?, 12)"),
    "as precise as a parameter says": ("HLL_COUNT.INIT(s, @start) FROM d.t", "hll(STRING, ?)"),
    "of integers": ("KLL_QUANTILES.INIT_INT64(n) FROM d.t", "kll(INT64, 1000)"),
    "of floats": ("KLL_QUANTILES.INIT_FLOAT64(price, 100) FROM d.t", "kll(FLOAT64, 100)"),
    "with weights": ("KLL_QUANTILES.INIT_INT64(n, weight => n) FROM d.t", "kll(INT64, 1000)"),
    "merged": ("HLL_COUNT.MERGE_PARTIAL(texts) FROM d.s", "hll(STRING, 15)"),
    "merged, of what is not known": ("HLL_COUNT.MERGE_PARTIAL(b) FROM d.t", "hll(?, ?)"),
    "merged, of quantiles": ("KLL_QUANTILES.MERGE_PARTIAL(real) FROM d.s", "kll(FLOAT64, 1000)"),
    "a copy": ("coarse FROM d.s", "hll(STRING, 12)"),
    "through a subquery": ("y FROM (SELECT HLL_COUNT.INIT(n) AS y FROM d.t)", "hll(INT64, 15)"),
    "a field": ("r.y FROM (SELECT STRUCT(whole AS y) AS r FROM d.s)", "kll(INT64, 1000)"),
    "any of them": ("ANY_VALUE(texts) FROM d.s GROUP BY k", "hll(STRING, 15)"),
    "the latest": ("MAX_BY(texts, k) FROM d.s", "hll(STRING, 15)"),
    "the one before": ("LAG(texts) OVER (ORDER BY k) FROM d.s", "hll(STRING, 15)"),
    "one or nothing": ("IF(k > 1, texts, NULL) FROM d.s", "hll(STRING, 15)"),
    "one of two": ("COALESCE(texts, coarse) FROM d.s", "hll(STRING, 12)"),
    "of a UNION": ("y FROM (SELECT texts AS y FROM d.s UNION ALL SELECT coarse FROM d.s)", "hll(STRING, 12)"),
    "of a UNION with NULL": ("y FROM (SELECT texts AS y FROM d.s UNION ALL SELECT NULL)", "hll(STRING, 15)"),
    "one of two kinds": ("IF(k > 1, texts, whole) FROM d.s", ""),
    "one that is not known": ("COALESCE(texts, b'x') FROM d.s", ""),
    "a hash": ("SHA256(s) FROM d.t", ""),
    "bytes of a source": ("b FROM d.t", ""),
    "a count": ("HLL_COUNT.MERGE(texts) FROM d.s", ""),
    "an array of them": ("ARRAY_AGG(texts) FROM d.s", ""),
}


@pytest.mark.parametrize(("sql", "expected"), KNOWN.values(), ids=KNOWN)
def test_what_a_column_is_a_sketch_of(sql, expected):
    found = analysed(f"SELECT {sql}")

    assert [column.sketch for column in found.columns] == [expected]
    assert found.remarks == ()


def test_through_with_and_stars():
    sql = "WITH a AS (SELECT * FROM d.s), b AS (SELECT a.* FROM a) SELECT * EXCEPT (k) FROM b"

    assert {column.name: column.sketch for column in analysed(sql).columns} == STATES


_OTHER = "does not read a sketch of"
REFUSED = {
    "a day": ("HLL_COUNT.INIT(day) FROM d.t", "HLL_COUNT.INIT does not take DATE", "cast it to STRING"),
    "an instant": ("HLL_COUNT.INIT(ts) FROM d.t", "HLL_COUNT.INIT does not take TIMESTAMP", "cast it to STRING"),
    "a float": ("HLL_COUNT.INIT(x) FROM d.t", "HLL_COUNT.INIT does not take FLOAT64", "cast it to NUMERIC"),
    "a truth": ("HLL_COUNT.INIT(paid) FROM d.t", "HLL_COUNT.INIT does not take BOOL", "cast it to INT64"),
    "JSON": (
        "HLL_COUNT.INIT(doc) FROM d.t",
        "HLL_COUNT.INIT does not take JSON",
        "count its text, as TO_JSON_STRING gives it",
    ),
    "quantiles of floats as integers": (
        "KLL_QUANTILES.INIT_INT64(x) FROM d.t",
        "KLL_QUANTILES.INIT_INT64 does not take FLOAT64",
        "use KLL_QUANTILES.INIT_FLOAT64, or cast it to INT64",
    ),
    "quantiles of texts": (
        "KLL_QUANTILES.INIT_FLOAT64(s) FROM d.t",
        "KLL_QUANTILES.INIT_FLOAT64 does not take STRING",
        "quantiles are of numbers",
    ),
    "too coarse": ("HLL_COUNT.INIT(s, 9) FROM d.t", "the precision of HLL_COUNT.INIT is 9", "it is from 10 to 24"),
    "too fine": ("HLL_COUNT.INIT(s, 25) FROM d.t", "the precision of HLL_COUNT.INIT is 25", "it is from 10 to 24"),
    "no precision": (
        "KLL_QUANTILES.INIT_INT64(n, 0) FROM d.t",
        "the precision of KLL_QUANTILES.INIT_INT64 is 0",
        "it is from 1 to 100000",
    ),
    "less than none": (
        "KLL_QUANTILES.INIT_INT64(n, -1) FROM d.t",
        "the precision of KLL_QUANTILES.INIT_INT64 is -1",
        "it is from 1 to 100000",
    ),
    "no sketch": (
        "HLL_COUNT.MERGE(s) FROM d.t",
        "HLL_COUNT.MERGE takes a sketch, not STRING",
        "make one with HLL_COUNT.INIT",
    ),
    "quantiles as counts": (
        "HLL_COUNT.EXTRACT(real) FROM d.s",
        f"HLL_COUNT.EXTRACT {_OTHER} KLL_QUANTILES: this is kll(FLOAT64, 1000)",
        "use the functions of KLL_QUANTILES",
    ),
    "counts as quantiles": (
        "KLL_QUANTILES.MERGE_PARTIAL(somehow) FROM d.s",
        f"KLL_QUANTILES.MERGE_PARTIAL {_OTHER} HLL_COUNT: this is hll(?, ?)",
        "use the functions of HLL_COUNT",
    ),
    "quantiles of integers as floats": (
        "KLL_QUANTILES.EXTRACT_POINT_FLOAT64(whole, 0.5) FROM d.s",
        f"KLL_QUANTILES.EXTRACT_POINT_FLOAT64 {_OTHER} INT64: this is kll(INT64, 1000)",
        "use KLL_QUANTILES.EXTRACT_POINT_INT64",
    ),
    "two types in one column": (
        "HLL_COUNT.MERGE(y) FROM (SELECT texts AS y FROM d.s UNION ALL SELECT numbers FROM d.s)",
        "y holds hll(STRING, 15) and hll(INT64, 15), which can't be merged",
        "make both of the same type, or give them columns of their own",
    ),
    "two kinds in one column": (
        "y FROM (SELECT texts AS y FROM d.s UNION ALL SELECT whole FROM d.s)",
        "y holds hll(STRING, 15) and kll(INT64, 1000), which can't be merged",
        "make both of the same type, or give them columns of their own",
    ),
}


@pytest.mark.parametrize(("sql", "message", "advice"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_for_certain(sql, message, advice):
    assert [(each.message, each.help) for each in analysed(f"SELECT {sql}").remarks] == [(message, advice)]


ACCEPTED = {
    "what is not known": "HLL_COUNT.INIT(unknown), KLL_QUANTILES.INIT_INT64(unknown) FROM d.t",
    "what is not known to be a sketch": "HLL_COUNT.MERGE(unknown), HLL_COUNT.EXTRACT(unknown) FROM d.t",
    "bytes of a source": "HLL_COUNT.MERGE(b), KLL_QUANTILES.MERGE_POINT_INT64(b, 0.5) FROM d.t",
    "NULL": "HLL_COUNT.INIT(NULL), HLL_COUNT.EXTRACT(NULL), KLL_QUANTILES.EXTRACT_POINT_INT64(NULL, 0.5) FROM d.t",
    "everything that is counted": (
        "HLL_COUNT.INIT(n), HLL_COUNT.INIT(price), HLL_COUNT.INIT(s), HLL_COUNT.INIT(b) FROM d.t"
    ),
    "all numbers as floats": "KLL_QUANTILES.INIT_FLOAT64(n), KLL_QUANTILES.INIT_FLOAT64(price) FROM d.t",
    "the ends of the ranges": (
        "HLL_COUNT.INIT(n, 10), HLL_COUNT.INIT(n, 24), KLL_QUANTILES.INIT_INT64(n, 1),"
        " KLL_QUANTILES.INIT_INT64(n, 100000) FROM d.t"
    ),
    "a UNION of one type": "y FROM (SELECT texts AS y FROM d.s UNION ALL SELECT coarse FROM d.s)",
    "a UNION with what is not known": (
        "y FROM (SELECT texts AS y FROM d.s UNION ALL SELECT somehow FROM d.s UNION ALL SELECT b FROM d.t)"
    ),
    "columns of a UNION that change places by name": (
        "texts FROM (SELECT texts, whole FROM d.s UNION ALL BY NAME SELECT whole, texts FROM d.s)"
    ),
    "EXCEPT": "texts FROM d.s EXCEPT DISTINCT SELECT numbers FROM d.s",
    "a function of the same name elsewhere": "d.INIT(day), d.MERGE(s) FROM d.t",
}


@pytest.mark.parametrize("sql", ACCEPTED.values(), ids=ACCEPTED)
def test_what_may_be_right_is_not_refused(sql):
    assert analysed(f"SELECT {sql}").remarks == ()


def test_readers_of_a_table_know_its_sketches(tmp_path):
    daily = "SELECT day, HLL_COUNT.INIT(s) AS users FROM d.t GROUP BY day"
    files = {
        "aggregator.yml": "project: p\nenvironments:\n  local: {engine: duckdb, path: p.duckdb}\n"
        "default_environment: local\n",
        "models/d/t.yml": source({"day": "DATE", "s": "STRING"}),
        "models/d/daily.sql": model(daily),
        "models/d/copy.sql": model("SELECT * FROM d.daily"),
        "models/d/wrong.sql": model("SELECT KLL_QUANTILES.MERGE_PARTIAL(users) AS q FROM d.copy"),
    }
    loaded = load_project(write_files(tmp_path, files))
    assert loaded.project is not None
    compiled = compile_project(loaded.project)

    assert [(each.code, each.place.path, each.place.line) for each in compiled.diagnostics] == [
        (codes.NOT_THIS_SKETCH, "models/d/wrong.sql", 5)
    ]
    assert compiled.graph.models[name("d.copy")].columns[1].sketch == "hll(STRING, 15)"


def test_what_is_declared_of_a_column_leaves_its_sketch(tmp_path):
    sql = "SELECT HLL_COUNT.INIT(s) AS users FROM UNNEST(['a']) AS s"
    graph = graph_of(tmp_path, {"models/d/m.sql": model(sql, columns={"users": "Who came."})})

    assert graph.models[name("d.m")].columns == (
        OutputColumn(
            "users",
            "BYTES",
            "Who came.",
            derivation=graph.models[name("d.m")].columns[0].derivation,
            measure=graph.models[name("d.m")].columns[0].measure,
            sketch="hll(STRING, 15)",
        ),
    )


def test_a_sketch_is_kept_with_the_table():
    table = Table(TableName("d", "t"), (OutputColumn("users", "BYTES", sketch="hll(STRING, 15)"),))

    assert table_from(table_text(table)) == table


@pytest.mark.parametrize("found", [SketchType("hll", "STRING", 15), SketchType("kll", "FLOAT64"), SketchType("hll")])
def test_a_sketch_as_text_and_back(found):
    assert sketch_type(str(found)) == found


def test_of_nothing_there_is_no_sketch():
    assert sketch_type("") is None
    assert common_sketch(["hll(STRING, 15)", ""]) == ""
    assert common_sketch(["hll(STRING, 15)", "hll(?, ?)"]) == "hll(?, ?)"


def test_a_mixed_union_is_only_warned_of():
    """Whoever keeps the two apart may read each of them."""
    assert codes.MIXED_SKETCHES.severity is Severity.WARNING
