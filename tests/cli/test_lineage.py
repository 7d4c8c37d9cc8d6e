"""``aggregator lineage``: what is printed, as text and as JSON, and what is refused."""

from __future__ import annotations

import textwrap

import pytest

HEAD = "/*---\ndescription: {about}\nowner: ops@example.com\n{more}---*/\n"


def model(sql: str, about: str = "A model.", more: str = "") -> str:
    return HEAD.format(about=about, more=more) + sql + "\n"


# lake.orders -> staging.orders -> marts.cities -> marts.top (a view), and marts.cities -> marts.other
FILES = {
    "models/lake/orders.yml": """
        source:
          description: Orders.
          owner: ops@example.com
          columns:
            id: {type: INT64, description: Number of the order}
            price: NUMERIC
            place: "STRUCT<city STRING, zip STRING>"
        """,
    "models/staging/orders.sql": model("SELECT id AS order_id, price, place.city FROM lake.orders", "Cleaned."),
    "models/marts/cities.sql": model(
        """SELECT city, COUNT(*) AS orders, SUM(price) AS revenue, MAX(order_id) AS last
FROM staging.orders GROUP BY city""",
        "Per city.",
        "key: [city]\ncolumns: {revenue: What was paid}\n",
    ),
    "models/marts/top.sql": model(
        "SELECT city, revenue AS money, revenue / orders AS mean FROM marts.cities", "The top.", "kind: view\n"
    ),
    "models/marts/other.sql": model("SELECT c.revenue + t.money AS x FROM marts.cities AS c, marts.top AS t"),
}
BROKEN = {**FILES, "models/marts/broken.sql": model("SELECT nope FROM lake.orders")}


@pytest.fixture
def project(make_project):
    return make_project(FILES)


TEXTS = {
    "a column": (
        ["marts.cities.revenue"],
        """
        marts.cities.revenue  NUMERIC, sum  models/marts/cities.sql
          What was paid
        made from
          staging.orders.price  (aggregate, NUMERIC)  models/staging/orders.sql
            lake.orders.price   (copy, NUMERIC)  models/lake/orders.yml
        used by
          marts.top.money    (copy, NUMERIC, sum)  models/marts/top.sql
            marts.other.x    (transformation, NUMERIC, sum)  models/marts/other.sql
          marts.top.mean     (transformation, NUMERIC, ratio)  models/marts/top.sql
          marts.other.x      (transformation, NUMERIC, sum)  models/marts/other.sql
        """,
    ),
    "only what it is made from, to the field": (
        ["marts.top.city", "--up"],
        """
        marts.top.city  STRING  models/marts/top.sql
        made from
          marts.cities.city         (copy, STRING)  models/marts/cities.sql
            staging.orders.city     (copy, STRING)  models/staging/orders.sql
              lake.orders.place.city  (copy)  models/lake/orders.yml
        """,
    ),
    "one step": (
        ["lake.orders.id", "--down", "--depth", "1"],
        """
        lake.orders.id  INT64  models/lake/orders.yml
          Number of the order
        used by
          staging.orders.order_id  (copy, INT64)  models/staging/orders.sql
        """,
    ),
    "a description of what is copied": (
        ["staging.orders.order_id", "--up"],
        """
        staging.orders.order_id  INT64  models/staging/orders.sql
          Number of the order
        made from
          lake.orders.id  (copy, INT64)  models/lake/orders.yml
        """,
    ),
    "no description of what is computed": (
        ["marts.cities.last", "--up", "--depth", "1"],
        """
        marts.cities.last  INT64, extreme  models/marts/cities.sql
        made from
          staging.orders.order_id  (aggregate, INT64)  models/staging/orders.sql
        """,
    ),
    "a count of rows": (
        ["marts.cities.orders", "--up"],
        """
        marts.cities.orders  INT64, count  models/marts/cities.sql
        made from
          nothing
        """,
    ),
    "a table": (
        ["marts.cities"],
        """
        marts.cities  models/marts/cities.sql
          Per city.
        made from
          staging.orders  (all)  models/staging/orders.sql
            lake.orders   (all, source)  models/lake/orders.yml
        used by
          marts.top      (all, view)  models/marts/top.sql
            marts.other  (all)  models/marts/other.sql
          marts.other    (all)  models/marts/other.sql
        """,
    ),
    "a name in another case": (
        ["marts.cities.REVENUE", "--up", "--depth", "1"],
        """
        marts.cities.revenue  NUMERIC, sum  models/marts/cities.sql
          What was paid
        made from
          staging.orders.price  (aggregate, NUMERIC)  models/staging/orders.sql
        """,
    ),
}


@pytest.mark.parametrize(("arguments", "expected"), TEXTS.values(), ids=TEXTS)
def test_lineage_as_text(arguments, expected, project, aggregator):
    outcome = aggregator(project, "lineage", *arguments)

    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split() for line in outcome.out.splitlines()] == [
        line.split() for line in textwrap.dedent(expected).strip().splitlines()
    ]


def test_branches_are_indented_and_what_is_said_of_them_is_aligned(project, aggregator):
    outcome = aggregator(project, "lineage", "marts.cities.revenue", "--up")

    first, second = outcome.out.splitlines()[-2:]
    assert first.startswith("  staging")
    assert second.startswith("    lake")
    assert first.index("(") == second.index("(")


def test_what_was_shown_before_is_not_followed_again(project, aggregator):
    outcome = aggregator(project, "lineage", "lake.orders.price", "--down")

    again = [line for line in outcome.out.splitlines() if "marts.other.x" in line]
    assert len(again) == 2
    assert not any(line.endswith("…") for line in again)  # nothing is beyond it


def test_a_loop_ends(make_project, aggregator):
    partition = "partition: {by: d, grain: day, from: 2020-01-01}\ninputs: {marts.total: previous}\n"
    total = model(
        "SELECT d, SUM(n) AS n FROM (SELECT d, n FROM marts.total UNION ALL SELECT d, n FROM lake.t) GROUP BY d",
        more=partition,
    )
    cut = "partition: {by: d, grain: day, from: 2020-01-01}"
    source = f"source: {{description: T, owner: o, columns: {{d: DATE, n: INT64}}, {cut}}}"
    root = make_project({"models/lake/t.yml": source, "models/marts/total.sql": total})

    outcome = aggregator(root, "lineage", "marts.total.n")

    assert outcome.code == 0
    assert outcome.out.count("marts.total.n") == 3  # the head, and once each way
    assert outcome.out.count("…") == 2


def test_lineage_as_json(project, aggregator):
    outcome = aggregator(project, "lineage", "marts.cities.revenue", "--format", "json", "--up")

    assert outcome.json == {
        "table": "marts.cities",
        "column": "revenue",
        "type": "NUMERIC",
        "measure": "sum",
        "description": "What was paid",
        "path": "models/marts/cities.sql",
        "up": [
            {
                "table": "staging.orders",
                "column": "price",
                "type": "NUMERIC",
                "measure": "",
                "description": "",
                "path": "models/staging/orders.sql",
                "derivation": "aggregate",
                "then": [
                    {
                        "table": "lake.orders",
                        "column": "price",
                        "type": "NUMERIC",
                        "measure": "",
                        "description": "",
                        "path": "models/lake/orders.yml",
                        "derivation": "copy",
                        "then": [],
                        "is_again": False,
                    }
                ],
                "is_again": False,
            }
        ],
    }


def test_tables_as_json(project, aggregator):
    outcome = aggregator(project, "lineage", "staging.orders", "--format", "json", "--depth", "1")

    assert [each["table"] for each in outcome.json["up"]] == ["lake.orders"]
    assert [(each["table"], each["map"]) for each in outcome.json["down"]] == [("marts.cities", "all")]


REFUSALS = {
    "a table that is not there": ("marts.citys", "there is no table marts.citys. did you mean marts.cities?"),
    "a column that is not there": ("marts.cities.citty", "marts.cities has no column citty. did you mean city?"),
    "a table without its dataset": ("cities", "cities is no table: write dataset.table. did you mean marts.cities?"),
    "a table without its dataset, misspelt": ("citys", "write dataset.table. did you mean marts.cities?"),
    "a dataset": ("marts@", "marts is no table: write dataset.table. did you mean marts."),
    "nothing like a table": ("xyzzy", "xyzzy is no table: write dataset.table\n"),
    "nothing": ("@", "name a table, as dataset.table\n"),
    "the file of a model": ("models/marts/cities.sql", "name a table, as dataset.table: marts.cities"),
    "a name with a blank": ("marts.ci ties.x", "there is no table"),
}


@pytest.mark.parametrize(("what", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_there_is_refused(what, message, project, aggregator):
    outcome = aggregator(project, "lineage", what)

    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_a_model_with_errors_has_no_lineage(make_project, aggregator):
    outcome = aggregator(make_project(BROKEN), "lineage", "marts.broken.nope")

    assert (outcome.code, outcome.out) == (1, "")
    assert "no table here has a column nope" in outcome.err


def test_errors_elsewhere_do_not_matter(make_project, aggregator):
    assert aggregator(make_project(BROKEN), "lineage", "marts.cities.city").code == 0


def test_the_manifest_has_inherited_descriptions(project, aggregator):
    outcome = aggregator(project, "compile", "--format", "json")

    (staged,) = (each for each in outcome.json["models"] if each["name"] == "staging.orders")
    assert [(each["name"], each["description"], each["derivation"]) for each in staged["columns"]] == [
        ("order_id", "Number of the order", "copy"),
        ("price", "", "copy"),
        ("city", "", "copy"),
    ]


def test_show_has_inherited_descriptions(project, aggregator):
    outcome = aggregator(project, "show", "staging.orders", "--lineage")

    assert "  order_id  INT64       lake.orders.id  Number of the order" in outcome.out.splitlines()
