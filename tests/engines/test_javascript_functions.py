"""Functions in JavaScript: values as BigQuery documents them, mistakes by name, bounded time."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from aggregator.cache import Cache
from aggregator.compile.routines import routines_of
from aggregator.core.diagnostics import Place, Word
from aggregator.core.project import Function
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.dialect import javascript
from aggregator.review import review

needs_javascript = pytest.mark.skipif(javascript.is_missing(), reason="quickjs-ng is not installed")
MOMENT = dt.datetime(2013, 2, 8, 12, 30, 0, 1500, tzinfo=dt.UTC)
DOUBLED = "CREATE FUNCTION tools.f(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS "
GIVEN = {
    "BOOL": ("BOOL", "return !x", True, False),
    "FLOAT64": ("FLOAT64", "return x / 2", 3.0, 1.5),
    "infinity": ("FLOAT64", "return x > 1 ? 7 : 0", float("inf"), 7.0),
    "STRING": ("STRING", "return x.normalize('NFC') + '!'", "e\u0301", "é!"),
    "BYTES are text in base 64": ("BYTES", "return x === 'YWI=' ? 'Yw==' : null", b"ab", b"c"),
    "DATE": ("DATE", "return new Date(x.getTime() + 86400000)", dt.date(1969, 12, 31), dt.date(1970, 1, 1)),
    "TIMESTAMP, to the millisecond": ("TIMESTAMP", "return x", MOMENT, MOMENT.replace(microsecond=1000)),
    "NUMERIC that is whole": ("NUMERIC", "return x + 1", decimal.Decimal(2), decimal.Decimal(3)),
    "NUMERIC that is not": ("NUMERIC", "return x + '1'", decimal.Decimal("0.5"), decimal.Decimal("0.51")),
    "JSON": ("JSON", "return {n: x.a[1]}", '{"a": [1, 2]}', '{"n":2}'),
    "ARRAY": ("ARRAY<FLOAT64>", "return x.map(each => each * each)", [1.0, 3.0], [1.0, 9.0]),
    "STRUCT": (
        "STRUCT<n FLOAT64, day DATE>",
        "return {n: x.n + 1, day: x.day}",
        {"n": 1.0, "day": dt.date(2013, 2, 8)},
        {"n": 2.0, "day": dt.date(2013, 2, 8)},
    ),
    "NULL is a value": ("STRING", "return x === null ? 'none' : x", None, "none"),
    "undefined is NULL": ("STRING", "return undefined", "a", None),
}
RESULTS = {
    "a number": ("INT64", "return 2 ** 40", 2**40),
    "a text": ("INT64", "return '9007199254740993'", 9007199254740993),
    "a BigInt": ("INT64", "return 9007199254740993n", 9007199254740993),
}
MISTAKES = {
    "thrown": ("FLOAT64", "throw new RangeError('too far')", r"^tools\.f: RangeError: too far"),
    "unknown name": ("FLOAT64", "return nobody(x)", r"^tools\.f: ReferenceError: nobody is not defined"),
    "syntax": ("FLOAT64", "return (", r"^tools\.f: SyntaxError"),
    "no files": ("STRING", "return require('fs').readFileSync('/etc/hostname')", r"require is not defined"),
    "no network": ("STRING", "return fetch('http://localhost')", r"fetch is not defined"),
    "another type": ("FLOAT64", "return 'a'", r"^tools\.f: TypeError: the result is string, and should be number"),
    "not whole": ("INT64", "return 1.5", r"^tools\.f: what it gives is no INT64"),
    "no Date": ("DATE", "return '2013-02-08'", r"the result is no Date"),
    "a Promise": ("STRING", "return Promise.resolve('a')", r"the result is a Promise, which is not waited for here"),
    "no Array": ("ARRAY<STRING>", "return 'a'", r"the result is no Array"),
    "memory": (
        "STRING",
        "let a = []; while (true) a.push('x'.repeat(100000) + a.length)",
        r"it took more than 256 MiB",
    ),
}


def made(code: str, returns: str, takes: str = "STRING"):
    text = f'CREATE FUNCTION tools.f(x {takes}) RETURNS {returns} LANGUAGE js AS r"""{code}"""'
    routine = routines_of([Function("tools.f", Word(text, Place("x")))])["tools.f"]
    assert javascript.unknown_types(routine) == ""
    return javascript.function_of(routine)


@needs_javascript
@pytest.mark.parametrize(("type_", "code", "given", "expected"), GIVEN.values(), ids=GIVEN)
def test_values_go_in_and_out(type_, code, given, expected):
    assert made(code, type_, type_)(given) == expected


@needs_javascript
@pytest.mark.parametrize(("type_", "code", "expected"), RESULTS.values(), ids=RESULTS)
def test_whole_numbers_come_out(type_, code, expected):
    assert made(code, type_)("a") == expected


@needs_javascript
@pytest.mark.parametrize(("type_", "code", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_by_the_function(type_, code, message):
    with pytest.raises(ValueError, match=message):
        made(code, type_)("a")


@needs_javascript
def test_what_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(javascript, "_SECONDS", 1)
    with pytest.raises(ValueError, match="it took more than 1 s"):
        made("while (true) {}", "STRING")("a")


PROJECT = {
    "aggregator.yml": """
        project: test
        time_zone: UTC
        environments: {local: {engine: duckdb, path: x.duckdb}}
        default_environment: local
        functions:
          - |
            CREATE FUNCTION tools.doubled(a FLOAT64, s STRING) RETURNS STRING LANGUAGE js AS '''
              return s + ':' + a * 2;
            '''
        """,
    "models/lake/words.yml": """
        source:
          description: x
          owner: x
          columns: {day: DATE, word: STRING, n: INT64}
        """,
    "models/marts/m.sql": (
        "/*---\ndescription: x\nowner: x\n---*/\n"
        "SELECT day, MAX(tools.doubled(n + 1, word)) AS doubled FROM lake.words GROUP BY day\n"
    ),
    "tests/models/marts/m/case.yml": (
        "given: {lake.words: [{day: 2013-02-08, word: a, n: 1}, {day: 2013-02-08, word: b, n: null}]}\n"
        "expect: [{day: 2013-02-08, doubled: 'b:0'}]\n"
    ),
}


@needs_javascript
def test_a_model_calls_it(make_project, aggregator):
    done = aggregator(make_project(PROJECT), "test", "--quiet", "--engine", "duckdb")

    assert (done.code, "1 of 1 unit test passed" in done.out) == (0, True), done.err + done.out


def test_it_is_another_engine(make_project):
    graph = review(make_project(PROJECT), None, Cache(None)).graph
    (model,) = (each for each in graph.models.values() if each.name.dataset == "marts")

    assert [(each.construct, each.why) for each in model.differences] == [
        ("tools.doubled", "another engine of JavaScript runs it than on BigQuery")
    ]
    assert {each.name: each.type for each in model.columns} == {"day": "DATE", "doubled": "STRING"}


def test_functions_are_made_while_rows_wait(tmp_path):
    """DuckDB makes no function while a result is open."""
    db = Connection(tmp_path / "x.duckdb", wait=0, say=print)
    try:
        assert db.execute("SELECT range FROM range(10000)").fetchone() == (0,)
        assert db.execute("SELECT _PY_SOUNDEX('Ashcraft')").fetchone() == ("A261",)
    finally:
        db.close()


@needs_javascript
def test_two_versions_are_called_on_one_connection(tmp_path):
    db = Connection(tmp_path / "x.duckdb", wait=0, say=print)
    try:
        for factor in (2, 3):
            function = Function("tools.f", Word(f"{DOUBLED}'return x * {factor}'", Place("x")))
            db.know([function])
            name = javascript.name_of(routines_of([function])["tools.f"])
            assert db.execute(f"SELECT {name}(n) FROM (VALUES (1.5::DOUBLE), (2)) AS _(n)").fetchone() == (
                1.5 * factor,
            )
    finally:
        db.close()
