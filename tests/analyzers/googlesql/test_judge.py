"""What Google's analyzer says of statements: types, names, places, what is read, and what it can't judge."""

from __future__ import annotations

import pytest

from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement, Verdict

ORDERS = Relation(
    "shop.orders",
    (
        Field("id", "INT64"),
        Field("day", "DATE"),
        Field("amount", "NUMERIC(10, 2)"),
        Field("note", "STRING"),
        Field("items", "ARRAY<STRUCT<sku STRING, qty INT64, price FLOAT64>>"),
        Field("buyer", "STRUCT<name STRING, address STRUCT<city STRING>>"),
    ),
)
USERS = Relation("shop.users", (Field("id", "INT64"), Field("country", "STRING")))
EVENTS = Relation(
    "shop.events_*",
    (Field("name", "STRING"),),
    (Field("_TABLE_SUFFIX", "STRING"), Field("_PARTITIONTIME", "TIMESTAMP")),
)
DAYS = (Field("start", "DATE"), Field("end", "DATE"))


@pytest.fixture
def judged(analyzer):
    """The verdict on one SELECT over the tables above."""

    def judge(sql: str, **more: object) -> Verdict:
        (verdict,) = analyzer.analyse([Statement("m", sql, (ORDERS, USERS, EVENTS), DAYS, **more)])
        return verdict

    return judge


def schema(verdict: Verdict) -> str:
    assert verdict.mistake is None, verdict
    assert not verdict.unchecked
    return ", ".join(f"{each.name} {each.type}" for each in verdict.columns)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT id, amount FROM shop.orders", "id INT64, amount NUMERIC", id="copies"),
        pytest.param("SELECT id FROM `shop.orders`", "id INT64", id="one pair of backticks"),
        pytest.param("SELECT id FROM `shop`.`orders`", "id INT64", id="two pairs of backticks"),
        pytest.param("SELECT 1, 2 AS a, 3", "f0_ INT64, a INT64, f1_ INT64", id="columns without a name"),
        pytest.param("SELECT 1 AS a, 2 AS a, 3 AS A", "a INT64, a_1 INT64, A_2 INT64", id="a name used again"),
        pytest.param("SELECT @start AS s, @end AS e", "s DATE, e DATE", id="parameters have the partition's type"),
        pytest.param("SELECT i.sku, i.qty FROM shop.orders, UNNEST(items) AS i", "sku STRING, qty INT64", id="unnest"),
        pytest.param("SELECT buyer.address.city FROM shop.orders", "city STRING", id="a field of a field"),
        pytest.param("SELECT STRUCT(1 AS a, 'x') AS s", "s STRUCT<a INT64, STRING>", id="a field without a name"),
        pytest.param("SELECT name, _TABLE_SUFFIX AS s FROM `shop.events_*`", "name STRING, s STRING", id="wildcard"),
        pytest.param("SELECT * FROM `shop.events_*`", "name STRING", id="a star leaves pseudo-columns out"),
        pytest.param("SELECT MAX_BY(note, amount) AS x FROM shop.orders", "x STRING", id="MAX_BY"),
        pytest.param("SELECT SEARCH(note, 'x') AS x FROM shop.orders", "x BOOL", id="SEARCH"),
        pytest.param("SELECT CAST(id AS INTEGER) AS x FROM shop.orders", "x INT64", id="an alias of a type"),
        pytest.param(
            "SELECT ML.MIN_MAX_SCALER(amount) OVER () AS x FROM shop.orders", "x FLOAT64", id="a function of ML"
        ),
        pytest.param(
            "SELECT table_name FROM shop.INFORMATION_SCHEMA.TABLES", "table_name STRING", id="INFORMATION_SCHEMA"
        ),
        pytest.param("SELECT @@project_id AS p", "p STRING", id="a system variable"),
        pytest.param("FROM shop.orders |> AGGREGATE COUNT(*) AS n GROUP BY day", "day DATE, n INT64", id="pipes"),
    ],
)
def test_columns_are_those_of_bigquery(judged, sql: str, expected: str):
    assert schema(judged(sql)) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT id FROM shop.orders", "id", id="one column"),
        pytest.param("SELECT COUNT(*) AS n FROM shop.orders", "", id="counting rows reads nothing"),
        pytest.param("SELECT id FROM shop.orders WHERE note = 'x'", "id note", id="WHERE"),
        pytest.param("SELECT id FROM (SELECT * FROM shop.orders)", "id", id="a star that is not looked at"),
        pytest.param("WITH o AS (SELECT * FROM shop.orders) SELECT id FROM o", "id", id="through WITH"),
        pytest.param("WITH o AS (SELECT * FROM shop.orders) SELECT 1 AS one", None, id="a WITH that nobody reads"),
        pytest.param(
            "SELECT a FROM (SELECT id AS a, note AS b FROM shop.orders UNION ALL SELECT 1, 'x')", "id", id="UNION ALL"
        ),
        pytest.param(
            "SELECT a FROM (SELECT id AS a, note AS b FROM shop.orders UNION DISTINCT SELECT 1, 'x')",
            "id note",
            id="UNION DISTINCT compares all columns",
        ),
        pytest.param(
            "SELECT n FROM (SELECT note, COUNT(*) AS n FROM shop.orders GROUP BY note)", "note", id="keys are read"
        ),
        pytest.param(
            "SELECT id FROM (SELECT id, RANK() OVER (ORDER BY amount) AS r FROM shop.orders)",
            "id",
            id="the order of a window that is not looked at",
        ),
        pytest.param(
            "SELECT r FROM (SELECT id, RANK() OVER (PARTITION BY day ORDER BY amount) AS r FROM shop.orders)",
            "amount day",
            id="the order of a window",
        ),
        pytest.param(
            "SELECT u.id FROM shop.users AS u WHERE EXISTS(SELECT note FROM shop.orders AS o WHERE o.id = u.id)",
            "id",
            id="EXISTS reads its condition only",
        ),
        pytest.param(
            "SELECT u.id FROM shop.users AS u WHERE u.id IN (SELECT id FROM shop.orders)",
            "id",
            id="IN reads its column",
        ),
        pytest.param(
            "SELECT a.id FROM shop.orders AS a JOIN shop.orders AS b ON a.id = b.id WHERE b.note = 'x'",
            "id note",
            id="a table read twice",
        ),
    ],
)
def test_reads_are_the_columns_whose_bytes_count(judged, sql: str, expected: str | None):
    verdict = judged(sql)

    assert verdict.mistake is None
    assert verdict.reads is not None
    assert verdict.reads.get("shop.orders") == (None if expected is None else tuple(expected.split()))


def test_a_mistake_has_a_place_and_a_suggestion(judged):
    assert judged("SELECT idd FROM shop.orders").mistake == Mistake("Unrecognized name: idd", 7, "did you mean id?")


def test_an_unknown_table_has_a_suggestion(judged):
    mistake = judged("SELECT id FROM shop.ordes").mistake

    assert mistake == Mistake("Table not found: shop.ordes", 15, "did you mean shop.orders?")


@pytest.mark.parametrize("name", ["IFERROR(1, 2)", "ARRAY_SUM([1])", "ARRAY_FILTER([1], x -> x > 0)"])
def test_functions_that_bigquery_does_not_have_are_refused(judged, name: str):
    mistake = judged(f"SELECT {name} AS x").mistake

    assert mistake is not None


def test_functions_of_the_project_are_known(judged):
    routines = (
        "CREATE FUNCTION shop.twice(x ANY TYPE) AS (x * 2)",
        "CREATE FUNCTION shop.clean(x STRING) RETURNS STRING LANGUAGE js AS 'return x'",
        "CREATE FUNCTION shop.four(x INT64) AS (shop.twice(shop.twice(x)))",
        "CREATE TABLE FUNCTION shop.big(least NUMERIC) AS SELECT id FROM shop.orders WHERE amount > least",
        "CREATE TABLE FUNCTION shop.fixed() RETURNS TABLE<a INT64, b STRING> AS SELECT 1 AS a, 'x' AS b",
    )
    sql = (
        "SELECT shop.twice(amount) AS a, shop.twice(id) AS b, shop.clean(note) AS c, shop.four(1) AS d, f.b AS e"
        " FROM shop.orders JOIN shop.big(3) USING (id) CROSS JOIN shop.fixed() AS f"
    )

    assert schema(judged(sql, routines=routines)) == "a NUMERIC, b INT64, c STRING, d INT64, e STRING"


def test_statements_that_disagree_about_a_table_are_judged_apart(analyzer):
    narrow = Relation("shop.orders", (Field("id", "STRING"),))
    statements = [
        Statement("a", "SELECT id, note FROM shop.orders", (ORDERS,)),
        Statement("b", "SELECT id FROM shop.orders", (narrow,)),
        Statement("c", "SELECT note FROM shop.orders", (narrow,)),
        Statement("d", "SELECT note FROM shop.orders", (ORDERS,)),
    ]
    first, second, third, fourth = analyzer.analyse(statements)

    assert schema(first) == "id INT64, note STRING"
    assert schema(second) == "id STRING"
    assert third.mistake is not None
    assert schema(fourth) == "note STRING"


@pytest.mark.parametrize(
    ("sql", "is_judged"),
    [
        pytest.param(f"SELECT {' + '.join(['1'] * 1000)} AS x", False, id="1,000 terms"),
        pytest.param("SELECT " + "(SELECT " * 50 + "1" + ")" * 50 + " AS x", False, id="50 nested subqueries"),
        pytest.param("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(200)), True, id="200 columns"),
        pytest.param(f"SELECT 1 IN ({', '.join(map(str, range(2000)))}) AS x", True, id="a list of 2,000"),
        pytest.param(" UNION ALL ".join(["SELECT 1 AS x"] * 300), True, id="300 unions"),
    ],
)
def test_a_statement_that_is_too_much_is_said_to_be_and_the_next_is_judged(judged, sql: str, *, is_judged: bool):
    verdict = judged(sql)

    assert verdict.mistake is None
    assert verdict.unchecked == ("" if is_judged else "the statement is nested too deeply")
    assert schema(judged("SELECT 1 AS x")) == "x INT64"


def test_functions_whose_result_depends_on_more_are_not_checked(judged):
    verdict = judged("SELECT * FROM VECTOR_SEARCH(TABLE shop.orders, 'x', TABLE shop.orders)")

    assert verdict.unchecked == "BigQuery has VECTOR_SEARCH, the offline analyzer does not"


def test_a_catalog_of_earlier_statements_is_not_used_for_later_ones(compiled):
    from aggregator.analyzers.googlesql.analyzer import GoogleSql

    analyzer = GoogleSql(compiled)
    for number in range(20):
        orders = Relation("shop.orders", (Field(f"c{number}", "INT64"),))
        (verdict,) = analyzer.analyse([Statement("m", f"SELECT c{number} FROM shop.orders", (orders,))])
        assert schema(verdict) == f"c{number} INT64"
    analyzer.close()
