"""What each output column is made from, what is done with it, and which kind of number comes out."""

from __future__ import annotations

import dataclasses

import pytest

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import Derivation, Measure, OutputColumn
from aggregator.core.names import TableName

COPY, TRANSFORMATION, AGGREGATE = Derivation.COPY, Derivation.TRANSFORMATION, Derivation.AGGREGATE
ORDERS = {
    "id": "INT64",
    "day": "DATE",
    "customer": "STRING",
    "price": "NUMERIC",
    "shipping": "STRUCT<name STRING, address STRUCT<city STRING, zip STRING>>",
    "items": "ARRAY<STRUCT<sku STRING, qty INT64, taxes ARRAY<STRUCT<rate FLOAT64>>>>",
    "extra": "JSON",
}
DAILY = {
    "day": Measure.NONE,
    "orders": Measure.COUNT,
    "revenue": Measure.SUM,
    "highest": Measure.EXTREME,
    "mean": Measure.AVERAGE,
    "rate": Measure.RATIO,
    "customers": Measure.DISTINCT,
    "median": Measure.OTHER,
}
SCHEMAS = {
    TableName("lake", "orders"): tuple(OutputColumn(name, type_) for name, type_ in ORDERS.items()),
    TableName("lake", "people"): (OutputColumn("customer", "STRING"), OutputColumn("Country", "STRING")),
    TableName("marts", "daily"): tuple(OutputColumn(name, "FLOAT64", measure=kind) for name, kind in DAILY.items()),
    TableName("lake", "unknown"): (),
}


def columns_of(sql: str) -> tuple[OutputColumn, ...]:
    query = parse_select(sql, Document("x.sql", sql), 0)
    assert isinstance(query, Query), query
    found = analyse(query, SCHEMAS, "DATE")
    assert isinstance(found, Analysis), found
    return found.columns


def lineage_of(sql: str) -> list[tuple[str, Derivation, list[str]]]:
    return [
        (column.name, column.derivation, [f"{origin.table}.{origin.column}" for origin in column.origins])
        for column in columns_of(sql)
    ]


O = "lake.orders"  # noqa: E741
CASES = {
    "a field, to the leaf": (
        "SELECT shipping.address.city FROM lake.orders",
        [("city", COPY, [f"{O}.shipping.address.city"])],
    ),
    "a field behind an alias": (
        "SELECT o.shipping.name FROM lake.orders AS o",
        [("name", COPY, [f"{O}.shipping.name"])],
    ),
    "a field by way of WITH": (
        "WITH s AS (SELECT shipping AS place FROM lake.orders) SELECT place.address.zip AS z FROM s",
        [("z", COPY, [f"{O}.shipping.address.zip"])],
    ),
    "a field of a struct that was put together": (
        "SELECT s.a, s.b FROM (SELECT STRUCT(id AS a, price * 2 AS b) AS s FROM lake.orders)",
        [("a", COPY, [f"{O}.id"]), ("b", TRANSFORMATION, [f"{O}.price"])],
    ),
    "elements of an array": (
        "SELECT item.sku, qty + 1 AS more FROM lake.orders, UNNEST(items) AS item",
        [("sku", COPY, [f"{O}.items.sku"]), ("more", TRANSFORMATION, [f"{O}.items.qty"])],
    ),
    "elements of elements": (
        "SELECT tax.rate FROM lake.orders AS o, o.items AS item, item.taxes AS tax",
        [("rate", COPY, [f"{O}.items.taxes.rate"])],
    ),
    "one element": (
        "SELECT items[OFFSET(0)].sku FROM lake.orders",
        [("sku", TRANSFORMATION, [f"{O}.items.sku"])],
    ),
    "elements that were put together": (
        """WITH a AS (SELECT ARRAY_AGG(STRUCT(customer AS c, price AS p)) AS xs FROM lake.orders)
           SELECT x.c, x.p FROM a, UNNEST(xs) AS x""",
        [("c", AGGREGATE, [f"{O}.customer"]), ("p", AGGREGATE, [f"{O}.price"])],
    ),
    "a part of a JSON value": ("SELECT extra.a.b FROM lake.orders", [("b", TRANSFORMATION, [f"{O}.extra"])]),
    "a star": (
        "SELECT * EXCEPT (day, shipping, items, extra, price) REPLACE (id + 1 AS id) FROM lake.orders",
        [("id", TRANSFORMATION, [f"{O}.id"]), ("customer", COPY, [f"{O}.customer"])],
    ),
    "a star over two tables": (
        "SELECT p.*, o.id FROM lake.orders AS o JOIN lake.people AS p ON p.customer = o.customer",
        [
            ("customer", COPY, ["lake.people.customer"]),
            ("Country", COPY, ["lake.people.Country"]),
            ("id", COPY, [f"{O}.id"]),
        ],
    ),
    "a column of both sides of USING": (
        "SELECT customer FROM lake.orders JOIN lake.people USING (customer)",
        [("customer", COPY, [f"{O}.customer", "lake.people.customer"])],
    ),
    "both sides of a union": (
        "SELECT customer FROM lake.orders UNION ALL SELECT country FROM lake.people",
        [("customer", COPY, [f"{O}.customer", "lake.people.Country"])],
    ),
    "a union of a column and a constant": (
        "SELECT customer FROM lake.orders UNION ALL SELECT 'x'",
        [("customer", TRANSFORMATION, [f"{O}.customer"])],
    ),
    "an aggregate inside WITH": (
        "WITH a AS (SELECT day, SUM(price) AS p FROM lake.orders GROUP BY day) SELECT p, p * 2 AS q, day FROM a",
        [("p", AGGREGATE, [f"{O}.price"]), ("q", AGGREGATE, [f"{O}.price"]), ("day", COPY, [f"{O}.day"])],
    ),
    "a count of rows": ("SELECT COUNT(*) AS n FROM lake.orders", [("n", AGGREGATE, [])]),
    "a constant": (
        "SELECT 1 AS one, @start AS s FROM lake.orders",
        [("one", TRANSFORMATION, []), ("s", TRANSFORMATION, [])],
    ),
    "a condition": (
        "SELECT IF(day > @start, price, 0) AS x FROM lake.orders",
        [("x", TRANSFORMATION, [f"{O}.day", f"{O}.price"])],
    ),
    "a window": (
        "SELECT LAG(price) OVER (PARTITION BY customer ORDER BY day) AS before FROM lake.orders",
        [("before", TRANSFORMATION, [f"{O}.customer", f"{O}.day", f"{O}.price"])],
    ),
    "a window with a name": (
        "SELECT RANK() OVER w AS r FROM lake.orders WINDOW v AS (PARTITION BY day), w AS (v ORDER BY price)",
        [("r", TRANSFORMATION, [f"{O}.day", f"{O}.price"])],
    ),
    "an aggregate over a window": (
        "SELECT SUM(price) OVER (PARTITION BY day) AS s FROM lake.orders",
        [("s", AGGREGATE, [f"{O}.day", f"{O}.price"])],
    ),
    "a subquery": (
        "SELECT (SELECT MAX(country) FROM lake.people AS p WHERE p.customer = o.customer) AS c FROM lake.orders AS o",
        [("c", AGGREGATE, ["lake.people.Country"])],
    ),
    "a subquery over the row's own array": (
        "SELECT (SELECT SUM(qty) FROM UNNEST(items)) AS q FROM lake.orders",
        [("q", AGGREGATE, [f"{O}.items.qty"])],
    ),
    "EXISTS, which looks at columns": (
        "SELECT EXISTS (SELECT 1 FROM lake.people AS p WHERE p.customer = o.customer) AS e FROM lake.orders AS o",
        [("e", TRANSFORMATION, [f"{O}.customer", "lake.people.customer"])],
    ),
    "WITH RECURSIVE": (
        """WITH RECURSIVE r AS (
             SELECT id AS a, customer AS b FROM lake.orders
             UNION ALL SELECT r.a + 1, CAST(r.a AS STRING) FROM r WHERE r.a < 5)
           SELECT a, b FROM r""",
        [("a", TRANSFORMATION, [f"{O}.id"]), ("b", TRANSFORMATION, [f"{O}.customer", f"{O}.id"])],
    ),
    "PIVOT": (
        "SELECT * FROM (SELECT day, customer, price FROM lake.orders) PIVOT (SUM(price) FOR customer IN ('a', 'b'))",
        [
            ("day", COPY, [f"{O}.day"]),
            ("a", AGGREGATE, [f"{O}.customer", f"{O}.price"]),
            ("b", AGGREGATE, [f"{O}.customer", f"{O}.price"]),
        ],
    ),
    "UNPIVOT": (
        "SELECT * FROM (SELECT day, id, price FROM lake.orders) UNPIVOT (amount FOR what IN (id, price))",
        [("day", COPY, [f"{O}.day"]), ("amount", COPY, [f"{O}.id", f"{O}.price"]), ("what", TRANSFORMATION, [])],
    ),
    "pipes": (
        "FROM lake.orders |> EXTEND price * 2 AS twice |> AGGREGATE MAX(twice) AS m GROUP BY day",
        [("day", COPY, [f"{O}.day"]), ("m", AGGREGATE, [f"{O}.price"])],
    ),
    "a whole row": (
        "SELECT TO_JSON_STRING(p) AS j FROM lake.people AS p",
        [("j", TRANSFORMATION, ["lake.people.Country", "lake.people.customer"])],
    ),
    "a table without a schema": (
        "SELECT a, b + 1 AS c FROM lake.unknown",
        [("a", TRANSFORMATION, []), ("c", TRANSFORMATION, [])],
    ),
    "a star over a table without a schema": ("SELECT * FROM lake.unknown", []),
    "names in any case": (
        "SELECT ID AS Number, SHIPPING.Name FROM lake.orders AS Q",
        [("Number", COPY, [f"{O}.id"]), ("Name", COPY, [f"{O}.shipping.Name"])],
    ),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES)
def test_what_a_column_is_made_from(sql, expected):
    assert lineage_of(sql) == expected


MEASURES = {
    Measure.NONE: (
        "day",
        "1",
        "UPPER(CAST(day AS STRING))",
        "orders > 3",
        "IF(orders > 3, 'a', 'b')",
    ),
    Measure.COUNT: (
        "COUNT(*)",
        "COUNT(day)",
        "COUNTIF(orders > 1)",
        "orders",
        "COALESCE(orders, 0)",
        "(orders)",
    ),
    Measure.SUM: (
        "SUM(day)",
        "SUM(orders)",
        "SUM(revenue)",
        "revenue",
        "SUM(revenue) / 100",
        "revenue * 2",
        "SUM(revenue) - SUM(orders)",
        "COUNT(*) + COUNT(*)",
        "ROUND(SUM(revenue), 2)",
        "IFNULL(SUM(revenue), 0)",
        "SUM(IF(orders > 1, revenue, 0))",
        "SUM(highest)",
        "CAST(SUM(revenue) AS INT64)",
        "COUNT(*) / 1000",
        "ANY_VALUE(revenue)",
        "-revenue",
    ),
    Measure.EXTREME: (
        "MAX(day)",
        "MIN(rate)",
        "highest",
        "MAX(highest)",
        "LOGICAL_OR(orders > 1)",
        "highest + 1",
    ),
    Measure.AVERAGE: (
        "AVG(revenue)",
        "mean",
        "ROUND(AVG(orders), 1)",
        "mean * 100",
    ),
    Measure.RATIO: (
        "SAFE_DIVIDE(SUM(revenue), COUNT(*))",
        "SUM(revenue) / SUM(orders)",
        "revenue / orders",
        "rate",
        "100 * rate",
        "SAFE_DIVIDE(COUNTIF(orders > 1), COUNT(*)) * 100",
        "1 - rate",
    ),
    Measure.DISTINCT: (
        "COUNT(DISTINCT day)",
        "APPROX_COUNT_DISTINCT(day)",
        "HLL_COUNT.INIT(orders)",
        "customers",
        "HLL_COUNT.MERGE(customers)",
    ),
    Measure.OTHER: (
        "median",
        "STDDEV(revenue)",
        "KLL_QUANTILES.INIT_INT64(orders)",
        "SUM(rate)",
        "SUM(mean)",
        "SUM(customers)",
        "SUM(DISTINCT revenue)",
        "SUM(revenue) OVER (ORDER BY day)",
        "SUM(revenue) > 1",
        "STRING_AGG('x')",
        "SUM(revenue) * SUM(orders)",
        "LAG(revenue) OVER (ORDER BY day)",
    ),
    Measure.QUANTILE: (
        "APPROX_QUANTILES(revenue, 2)",
        "ROUND(APPROX_QUANTILES(revenue, 2)[OFFSET(1)] / 60, 1)",
        "PERCENTILE_CONT(revenue, 0.5) OVER ()",
        "KLL_QUANTILES.MERGE_POINT_FLOAT64(revenue, 0.5)",
    ),
}


@pytest.mark.parametrize(("measure", "sql"), [(kind, sql) for kind, all_ in MEASURES.items() for sql in all_])
def test_which_kind_of_number_a_column_is(measure, sql):
    (column,) = columns_of(f"SELECT {sql} AS x FROM marts.daily")

    assert column.measure is measure


@pytest.mark.parametrize(
    ("rest", "measure"),
    [
        ("ORDER BY x DESC LIMIT 5", Measure.TOP),
        ("QUALIFY RANK() OVER (ORDER BY x DESC) <= 5", Measure.TOP),
        ("QUALIFY SUM(x) OVER () > 5", Measure.COUNT),
        ("HAVING x > 5", Measure.COUNT),
    ],
)
def test_counts_of_the_first_groups_are_told_apart(rest, measure):
    (_, column) = columns_of(f"SELECT day, COUNT(*) AS x FROM lake.orders GROUP BY day {rest}")

    assert column.measure is measure


def test_the_kind_of_a_number_passes_through_queries():
    sql = """WITH a AS (SELECT day, COUNT(*) AS n, SUM(price) AS p FROM lake.orders GROUP BY day),
                  b AS (SELECT day, n, p FROM a UNION ALL SELECT day, orders, rate FROM marts.daily)
             SELECT SUM(n) AS n, SUM(p) AS p, SAFE_DIVIDE(SUM(a.p), SUM(a.n)) AS mean FROM a
             UNION ALL SELECT n, p, 0 FROM b"""

    assert [column.measure for column in columns_of(sql)] == [Measure.SUM, Measure.OTHER, Measure.RATIO]


def test_the_copy_that_is_qualified_leaves_the_query_as_it_was_written():
    sql = "SELECT *, Items FROM lake.orders JOIN lake.people USING (customer) GROUP BY ALL ORDER BY 1"
    query = parse_select(sql, Document("x.sql", sql), 0)
    assert isinstance(query, Query)
    before = query.tree.sql("bigquery")

    found = analyse(query, SCHEMAS, "DATE")

    assert isinstance(found, Analysis)
    assert found.root is not None
    assert query.tree.sql("bigquery") == before
    assert "COALESCE(orders.customer, people.customer)" in found.root.expression.sql("bigquery")


QUALIFIED = {
    "GROUP BY an alias": ("SELECT UPPER(customer) AS c FROM lake.orders GROUP BY c", "GROUP BY UPPER(orders.customer)"),
    "GROUP BY a number": ("SELECT day, id + 1 AS n FROM lake.orders GROUP BY 1, 2", "orders.id + 1"),
    "HAVING an alias": ("SELECT SUM(id) AS n FROM lake.orders HAVING n > 3", "HAVING SUM(orders.id) > 3"),
    "HAVING a column in an aggregate": (
        "SELECT SUM(id) AS id FROM lake.orders HAVING MAX(orders.id) > 3",
        "HAVING MAX(orders.id) > 3",
    ),
    "QUALIFY an alias in a window": (
        "SELECT price AS id FROM lake.orders QUALIFY MAX(id) OVER () > 3",
        "QUALIFY MAX(orders.price) OVER () > 3",
    ),
    "QUALIFY an alias": (
        "SELECT id + 1 AS n FROM lake.orders QUALIFY ROW_NUMBER() OVER (ORDER BY n) = 1",
        "QUALIFY ROW_NUMBER() OVER (ORDER BY orders.id + 1) = 1",
    ),
    "ORDER BY an alias": ("SELECT id AS n FROM lake.orders ORDER BY n", "ORDER BY n"),
    "USING": ("SELECT id FROM lake.orders JOIN lake.people USING (customer)", "ON orders.customer = people.customer"),
    "a subquery without a name": ("SELECT id FROM (SELECT id FROM lake.orders)", "_from_0.id AS id"),
}


@pytest.mark.parametrize(("sql", "part"), QUALIFIED.values(), ids=QUALIFIED)
def test_the_copy_says_what_names_stand_for(sql, part):
    query = parse_select(sql, Document("x.sql", sql), 0)
    assert isinstance(query, Query)

    found = analyse(query, SCHEMAS, "DATE")

    assert isinstance(found, Analysis)
    assert found.root is not None
    tree = found.root.expression
    group = tree.args.get("group")  # written as an alias in SQL
    assert part in (f"GROUP BY {group.expressions[-1].sql('bigquery')}" if group else tree.sql("bigquery"))


REFUSED = {
    "in a nested query": (
        "SELECT (SELECT MAX(x) FROM lake.people) AS m FROM lake.orders",
        "no table here has a column x",
    ),
    "of a query in WITH": (
        "WITH a AS (SELECT id FROM lake.orders) SELECT day FROM a",
        "no table here has a column day",
    ),
    "behind an alias": ("SELECT o.idd FROM lake.orders AS o", "o has no column idd"),
    "in GROUP BY": ("SELECT COUNT(*) AS n FROM lake.orders GROUP BY dayy", "no table here has a column dayy"),
    "in ON": ("SELECT id FROM lake.orders AS o JOIN lake.people AS p ON p.x = o.id", "p has no column x"),
    "in a window": ("SELECT RANK() OVER (ORDER BY x) AS r FROM lake.orders", "no table here has a column x"),
    "an output column in WHERE": ("SELECT id AS n FROM lake.orders WHERE n > 1", "no table here has a column n"),
    "on one side of USING": (
        "SELECT id FROM lake.orders JOIN lake.people USING (id)",
        "id is not a column of both sides of the join",
    ),
    "a table twice": ("SELECT 1 AS x FROM lake.orders, lake.orders", "two tables here are called orders"),
    "a number too high": ("SELECT id FROM lake.orders GROUP BY 2", "there is no output column number 2"),
    "a star of no table": ("SELECT q.* FROM lake.orders AS o", "no table here is called q"),
    "of two tables": ("SELECT customer FROM lake.orders AS o, lake.people AS p", "customer is a column of o and of p"),
}


@pytest.mark.parametrize(("sql", "message"), REFUSED.values(), ids=REFUSED)
def test_a_name_that_is_nowhere_is_found_once(sql, message):
    query = parse_select(sql, Document("x.sql", sql), 0)
    assert isinstance(query, Query)

    found = analyse(query, SCHEMAS, "DATE")

    assert isinstance(found, list)
    assert [each.message for each in found] == [message]


def test_a_column_that_copies_keeps_what_it_is_under_another_name():
    (column,) = columns_of("SELECT revenue AS Income FROM marts.daily")

    assert dataclasses.astuple(column)[:3] == ("Income", "FLOAT64", "")
    assert (column.derivation, column.measure) == (COPY, Measure.SUM)
