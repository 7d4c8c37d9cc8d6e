"""Unit tests on Google's reference engine, and what is said where two engines differ."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.tables import Rows
from aggregator.cache import Cache
from aggregator.engines import open_bench
from aggregator.load.cases import load_cases
from aggregator.review import review
from aggregator.unit_tests.engines import Embedded
from aggregator.unit_tests.report import findings
from aggregator.unit_tests.run import State, run_cases

ROOT = Path(__file__).resolve().parents[2]
needs_google = pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "all there")

CASE = """
interval: {from: 2013-01-01, to: 2013-01-02}
given: {lake.flights: [{day: 2013-01-01, carrier: UA, delay: 10}]}
expect: [{carrier: UA, flights: 1}]
"""


class OffByOne(Embedded):
    """An engine that computes a number wrongly that the test does not mention."""

    name = "other"

    def compute(self, bound, period, given, chosen):
        found = super().compute(bound, period, given, chosen)
        assert isinstance(found, Rows)
        names = [each.name for each in found.columns]
        late = names.index("late")
        values = tuple((*row[:late], row[late] + 1, *row[late + 1 :]) for row in found.values)
        return dataclasses.replace(found, values=values)


def graph_of(root):
    graph = review(root, None, Cache(None)).graph
    assert graph is not None
    return graph


def test_a_difference_between_engines_is_a_failure_of_its_own(airline):
    root = airline({"daily/case": CASE})
    graph = graph_of(root)
    cases, problems = load_cases(root)
    bench = open_bench(graph)

    (outcome,) = run_cases(cases, graph, [Embedded(bench), OffByOne(bench)])
    bench.close()

    assert problems == ()
    assert outcome.state is State.DIFFERENT
    (found,) = findings(outcome)
    assert (found.code.id, found.place.path) == ("T802", "tests/models/marts/daily/case.yml")
    assert "duckdb and other give different rows" in found.message
    assert "late  other has 1, duckdb has 0" in found.message


@needs_google
def test_the_tests_of_the_demo_pass_on_both(aggregator):
    done = aggregator(ROOT, "test", "--quiet", "--only", "unit", "--engine", "both", "--format", "json")

    assert done.code == 0, done.err
    ran = {each["case"]: [engine["engine"] for engine in each["engines"]] for each in done.json["tests"]}
    assert len(ran) >= 7
    assert all(engines == ["duckdb", "reference"] for engines in ran.values())


@needs_google
def test_errors_are_bigquerys(tested):
    sql = "SELECT day, carrier, 10 / delay AS rate FROM lake.flights"
    given = "interval: {from: 2013-01-01, to: 2013-01-02}\ngiven: {lake.flights: [{day: 2013-01-01, delay: 0}]}\n"

    done = tested(given + "expect_error: 'division by zero: 10 / 0'", "--engine", "both", sql=sql)
    other = tested(given + "expect_error: overflow", "--engine", "both", sql=sql)

    assert done.code == 0, done.err
    assert "on reference: another error: division by zero: 10 / 0" in other.err


@needs_google
def test_what_only_one_engine_can_do(tested):
    """Sketches are DuckDB's alone here, geography neither's; a test that nobody can run does not pass."""
    given = "interval: {from: 2013-01-01, to: 2013-01-02}\ngiven: {lake.flights: [{day: 2013-01-01, delay: 1}]}\n"
    sketch = (
        "SELECT day, carrier, HLL_COUNT.EXTRACT(HLL_COUNT.INIT(delay)) AS n FROM lake.flights GROUP BY day, carrier"
    )
    place = "SELECT day, carrier, ST_X(shape) AS x FROM lake.flights"

    one = tested(given + "expect: [{n: 1}]", sql=sketch)
    none = tested(given + "expect: [{x: null}]", sql=place)

    assert one.code == 0, one.err
    assert "not on reference: the reference engine has no HLL_COUNT" in one.out
    assert none.code == 1
    assert "T804" in none.err


@needs_google
def test_the_project_that_init_writes_passes(tmp_path, aggregator):
    from aggregator.cli import main

    assert main(["init", str(tmp_path / "new")]) == 0

    done = aggregator(tmp_path / "new", "test", "--quiet", "--engine", "both")

    assert done.code == 0, done.err
    assert "1 of 1 unit test passed on duckdb and reference" in done.out


@needs_google
def test_values_that_one_engine_does_not_hold(tested):
    sql = "SELECT day, carrier, span FROM lake.flights"
    text = """
    interval: {from: 2013-01-01, to: 2013-01-02}
    given: {lake.flights: [{day: 2013-01-01, span: "[2013-01-01, UNBOUNDED)"}]}
    expect: [{span: "[2013-01-01, UNBOUNDED)"}]
    """

    done = tested(text, sql=sql)

    assert done.code == 0, done.err
    assert "not on duckdb: DuckDB can't run this: the embedded engine holds no values of type" in done.out


MANY = {
    "models/lake/events_.yml": """
        source:
          description: x
          owner: x
          columns: {name: STRING, n: INT64}
          shards: {suffix: "%Y%m%d", from: 2021-01-01}
        """,
    "models/lake/clicks.yml": """
        source:
          description: x
          owner: x
          columns: {name: STRING, n: INT64}
          partition: {by: _PARTITIONDATE, grain: day, from: 2021-01-01}
        """,
}
ON_DAYS = "/*---\ndescription: x\nowner: x\npartition: {by: day, grain: day, from: 2021-01-01}\n---*/\n"
OF_MANY = "SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day, name, SUM(n) AS n FROM `lake.events_*` GROUP BY day, name"
BY_ARRIVAL = "SELECT _PARTITIONDATE AS day, name, SUM(tools.twice(n)) AS n FROM lake.clicks GROUP BY day, name"
FUNCTIONS = """
project: test
environments: {local: {engine: duckdb, path: x.duckdb}}
default_environment: local
functions:
  - CREATE FUNCTION tools.twice(x INT64) AS (x * 2)
"""


@needs_google
def test_pseudo_columns_are_given_and_functions_called(make_project, aggregator):
    """A suffix is a text, quoted or not; a declared function is computed by both engines."""
    shards = "{_TABLE_SUFFIX: 20210101, name: a, n: 1}, {_TABLE_SUFFIX: '20210102', name: a, n: 5}"
    days = "{_PARTITIONDATE: 2021-01-01, name: a, n: 1}, {_PARTITIONDATE: 2021-01-02, name: a, n: 5}"
    interval = "interval: {from: 2021-01-01, to: 2021-01-02}\n"
    files = {
        "aggregator.yml": FUNCTIONS,
        "models/marts/many.sql": ON_DAYS + OF_MANY,
        "models/marts/arrival.sql": ON_DAYS + BY_ARRIVAL,
        "tests/models/marts/many/case.yml": f"{interval}given: {{lake.events_*: [{shards}]}}\nexpect: [{{n: 1}}]\n",
        "tests/models/marts/arrival/case.yml": f"{interval}given: {{lake.clicks: [{days}]}}\nexpect: [{{n: 2}}]\n",
    }

    done = aggregator(make_project(MANY | files), "test", "--quiet")

    assert done.code == 0, done.err
    assert "2 of 2 unit tests passed on duckdb and reference" in done.out
    assert "not on" not in done.out
