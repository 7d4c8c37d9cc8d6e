"""Every lint rule finds its own bad example, and nothing in its good one."""

from __future__ import annotations

import pytest
from linted import demo, linted

from aggregator.compile import compile_project
from aggregator.core.diagnostics import Layer
from aggregator.core.project import Kind
from aggregator.lint import RULES, lint

NAMES = [rule.code.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_finds_its_bad_example(rule):
    found = linted(rule.bad)

    assert {each.split()[1] for each in found} == {rule.code.id}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_no_rule_finds_anything_in_a_good_example(rule):
    assert linted(rule.good) == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_has_a_page(rule):
    sentences = rule.code.page.split("\n\n")

    assert rule.code.layer is Layer.LINT
    assert rule.code.id.startswith("L")
    assert len(sentences) >= 2
    assert all(len(line) <= 120 for line in rule.code.page.splitlines())


def test_the_demo_is_clean():
    assert compile_project(demo(), lint).diagnostics == ()


FOUND = {
    "a clock without parentheses in WITH": (
        "WITH now AS (\n  SELECT CURRENT_TIMESTAMP AS t\n)\nSELECT f.flight_date, now.t FROM staging.flights AS f, now",
        ["2:10 L001"],
    ),
    "clocks with a zone": (
        "SELECT flight_date, CURRENT_DATE('UTC') AS a,\n  current_datetime() AS b FROM staging.flights",
        ["1:21 L001", "2:3 L001"],
    ),
    "two equal clocks": (
        "SELECT flight_date, CURRENT_DATE AS a,\n  CURRENT_DATE AS b FROM staging.flights",
        ["1:21 L001", "2:3 L001"],
    ),
    "a clock beside one in a text and one in a comment": (
        "SELECT flight_date, 'CURRENT_DATE' AS a, -- CURRENT_DATE\n  CURRENT_DATE AS b FROM staging.flights",
        ["2:3 L001"],
    ),
    "a limit in a subquery": (
        "SELECT flight_date, carrier FROM (SELECT flight_date, carrier FROM staging.flights LIMIT 5)",
        ["1:84 L002"],
    ),
    "a limit in a subquery of an ordered query": (
        "SELECT flight_date, c FROM (\n  SELECT flight_date, 1 AS c FROM staging.flights LIMIT 5\n) ORDER BY c LIMIT 3",
        ["2:51 L002"],
    ),
    "a limit behind a union": (
        "SELECT flight_date FROM staging.flights UNION ALL SELECT flight_date FROM staging.flights LIMIT 5",
        ["1:91 L002"],
    ),
    "a limit in a pipe": ("FROM staging.flights\n|> LIMIT 5\n|> SELECT flight_date", ["2:4 L002"]),
    "a limit with an order that belongs to a window": (
        "SELECT flight_date, RANK() OVER (ORDER BY dep_delay) AS place FROM staging.flights LIMIT 5",
        ["1:84 L002"],
    ),
    "a star of an alias": (
        "SELECT f.*, a.name FROM staging.flights AS f JOIN dims.airports AS a ON a.airport = f.origin",
        ["1:10 L003"],
    ),
    "a star with exceptions": ("SELECT * EXCEPT (carrier) FROM staging.flights", ["1:8 L003"]),
    "stars in both sides of a union": (
        "SELECT * FROM staging.flights\nUNION ALL\n(SELECT * FROM staging.flights)",
        ["1:8 L003", "3:9 L003"],
    ),
    "a star over a star over a table": (
        "WITH f AS (SELECT * FROM staging.flights)\nSELECT * FROM f",
        ["2:8 L003"],
    ),
    "one side of a join, the other lists its columns": (
        """SELECT f.*, a.* EXCEPT (airport)
FROM (SELECT flight_date, origin FROM staging.flights) AS f JOIN dims.airports AS a ON a.airport = f.origin""",
        ["1:15 L003"],
    ),
    "a star over a recursive query that begins with one": (
        """WITH RECURSIVE f AS (SELECT * FROM staging.flights UNION ALL SELECT * FROM f WHERE FALSE)
SELECT * FROM f""",
        ["2:8 L003"],
    ),
    "a star over a table that is called like a query in WITH": (
        "WITH flights AS (SELECT 1 AS one) SELECT flights.* FROM staging.flights, flights AS o WHERE o.one = 1",
        ["1:50 L003"],
    ),
}
NOT_FOUND = {
    "the interval": "SELECT flight_date, @start AS a, @end AS b FROM staging.flights",
    "a column that is called like a clock": """
        SELECT flight_date, c.`current_date`
        FROM (SELECT flight_date, 1 AS `current_date` FROM staging.flights) AS c""",
    "an ordered limit": "SELECT flight_date, carrier FROM staging.flights ORDER BY carrier LIMIT 5",
    "an ordered limit in a subquery": """
        SELECT flight_date, c FROM (SELECT flight_date, carrier AS c FROM staging.flights ORDER BY c LIMIT 5)""",
    "an ordered limit behind a union": """
        SELECT flight_date FROM staging.flights UNION ALL SELECT flight_date FROM staging.flights
        ORDER BY flight_date LIMIT 5""",
    "a limit of an aggregate": """
        SELECT flight_date, ARRAY_AGG(carrier ORDER BY dep_delay, carrier LIMIT 1) AS worst
        FROM staging.flights GROUP BY flight_date""",
    "counting": "SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date",
    "a star in WITH": "WITH f AS (SELECT * FROM staging.flights) SELECT flight_date, carrier FROM f",
    "a star in a subquery": "SELECT flight_date, carrier FROM (SELECT * FROM staging.flights)",
    "a star in EXISTS": """
        SELECT flight_date FROM staging.flights AS f
        WHERE EXISTS (SELECT * FROM dims.airports AS a WHERE a.airport = f.origin)""",
    "a star over listed columns": """
        WITH listed AS (SELECT flight_date, carrier FROM staging.flights), again AS (SELECT * FROM listed)
        SELECT * FROM again UNION ALL (SELECT l.* FROM listed AS l JOIN (SELECT 'AA' AS c) AS o ON o.c = l.carrier)""",
    "a star over columns that are made of rows": """
        SELECT * FROM (SELECT flight_date, carrier, dep_delay FROM staging.flights)
        PIVOT (MAX(dep_delay) AS worst FOR carrier IN ('AA', 'UA'))""",
    "a pipe that lists nothing": "FROM (SELECT flight_date, carrier FROM staging.flights) |> WHERE carrier > 'B'",
    "a product": "SELECT flight_date, dep_delay * 2 AS twice FROM staging.flights",
    "pipe syntax": "FROM staging.flights |> WHERE dep_delay > 15 |> SELECT flight_date, carrier",
}


@pytest.mark.parametrize(("sql", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found_and_where(sql, expected):
    assert linted(sql) == expected


@pytest.mark.parametrize("sql", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found(sql):
    assert linted(sql) == []


def test_a_view_may_be_a_star():
    assert linted("SELECT * FROM staging.flights", Kind.VIEW) == []
