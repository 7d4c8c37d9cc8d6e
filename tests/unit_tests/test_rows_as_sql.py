"""Rows that tests give or expect as a SELECT."""

from __future__ import annotations

import pytest

from aggregator.analyzers.googlesql import module

INTERVAL = "interval: {from: 2013-01-01, to: 2013-01-02}\n"
DAY = "DATE '2013-01-01' AS day"
GIVEN = f"""
{INTERVAL}given:
  lake.flights:
    sql: |
      -- every second one is late
      SELECT {DAY}, 'UA' AS Carrier, 10 * n AS delay, '1.5' AS price FROM UNNEST(GENERATE_ARRAY(1, 2)) AS n
"""
COUNTED = GIVEN + "expect: [{carrier: UA, flights: 2, late: 1, mean: 15, price: 3}]"
EXPECTED = GIVEN + "expect:\n  sql: SELECT 'UA' AS carrier, 2 AS flights, 15 AS mean\n"
ENGINES = ["duckdb"] + [each for each in ("both",) if not module.why_missing()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", [pytest.param(COUNTED, id="given"), pytest.param(EXPECTED, id="expected, too")])
def test_rows_are_what_the_select_gives(tested, text, engine):
    """In the types of the table: a text becomes a NUMERIC, a whole number a FLOAT64."""
    done = tested(text, "--engine", engine)

    assert done.code == 0, done.err
    assert "1 of 1 unit test passed" in done.out


@pytest.mark.parametrize("engine", ENGINES)
def test_what_differs_is_shown_at_the_select(tested, engine):
    done = tested(EXPECTED.replace("2 AS flights", "3 AS flights"), "--engine", engine)

    assert done.code == 1
    assert "flights  expected 3, got 2" in done.err


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param(
            "SELECT * FROM lake.flights", "the SELECT of lake.flights reads lake.flights; it must read", id="a table"
        ),
        pytest.param(f"SELECT {DAY}, 1 AS carier", "lake.flights has no column carier", id="a column it has not"),
        pytest.param("SELECT CAST('x' AS INT64) AS delay", "the SELECT of lake.flights gives no rows: ", id="an error"),
        pytest.param("SELECT FROM", "the SELECT of lake.flights gives no rows: ", id="no SQL"),
        pytest.param(f"SELECT {DAY}, 'x' AS delay", "the SELECT of lake.flights gives no rows: ", id="another type"),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_select_that_makes_no_sense_is_a_finding_at_its_place(tested, sql, message, engine):
    text = f'{INTERVAL}given:\n  lake.flights: {{sql: "{sql}"}}\nexpect: []\n'

    done = tested(text, "--engine", engine)

    assert done.code == 1
    assert f".yml:3:23: T803 {message}" in done.err


def test_names_of_a_with_are_no_tables(tested):
    sql = f"WITH n AS (SELECT 1 AS x) SELECT {DAY}, 'UA' AS carrier FROM n"
    text = f'{INTERVAL}given:\n  lake.flights: {{sql: "{sql}"}}\nexpect: [{{carrier: UA, flights: 1}}]\n'

    assert tested(text, "--engine", "duckdb").code == 0


def test_a_select_is_not_written_over(tested):
    done = tested(EXPECTED.replace("2 AS flights", "3 AS flights"), "--engine", "duckdb", "--update")

    assert "was left as it is" in done.err
