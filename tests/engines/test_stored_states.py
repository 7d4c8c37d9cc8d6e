"""States of aggregates in tables of DuckDB: sketches, arrays and arrays of structs, from day to day and rolled up."""

from __future__ import annotations

from datetime import date

import pytest
from lab import Lab, daily, graph_of, messages, model, source, statuses

from aggregator.core.report import Status

FLIGHTS = """\
day,plane,delay,seats,entity
2013-01-01,N1,10,100,a
2013-01-01,N2,,200,b
2013-01-01,N1,30,,a
2013-01-02,N2,20,150,a
2013-01-02,,40,50,c
2013-01-03,,,,
"""
STATES = """
SELECT
  day,
  HLL_COUNT.INIT(plane, 15) AS planes__hll,
  KLL_QUANTILES.INIT_FLOAT64(CAST(delay AS FLOAT64), 1000) AS delay__kll,
  KLL_QUANTILES.INIT_INT64(delay) AS minutes__kll,
  ARRAY_AGG(DISTINCT plane IGNORE NULLS ORDER BY plane) AS planes__values,
  ARRAY_AGG(seats IGNORE NULLS ORDER BY seats DESC LIMIT 1)[SAFE_OFFSET(0)] AS seats__value,
  ARRAY_AGG(STRUCT(delay AS value, 1 AS n)) AS delays__counts,
  BIT_OR(1 << delay) AS bits
FROM lake.flights
GROUP BY day
"""
ROLLED_UP = """
SELECT
  DATE_TRUNC(day, MONTH) AS month,
  HLL_COUNT.MERGE_PARTIAL(planes__hll) AS planes__hll,
  KLL_QUANTILES.MERGE_PARTIAL(delay__kll) AS delay__kll,
  ARRAY_CONCAT_AGG(planes__values) AS planes__values,
  ARRAY_CONCAT_AGG(delays__counts) AS delays__counts,
  BIT_OR(bits) AS bits
FROM marts.states
GROUP BY month
"""
FINAL = """
SELECT
  month,
  HLL_COUNT.EXTRACT(planes__hll) AS planes,
  KLL_QUANTILES.EXTRACT_POINT_FLOAT64(delay__kll, 0.5) AS median,
  ARRAY_LENGTH(ARRAY(SELECT DISTINCT v FROM UNNEST(planes__values) AS v ORDER BY v)) AS exact_planes,
  ARRAY(SELECT AS STRUCT value, SUM(n) AS n FROM UNNEST(delays__counts) GROUP BY value ORDER BY value) AS counts,
  BIT_COUNT(bits) AS kinds
FROM marts.monthly
"""
BY_DAY = {"partition": daily("day", "2013-01-01", "2013-02-01")}
BY_MONTH = {"partition": daily("month", "2013-01-01", "2013-02-01", grain="month")}


def files(**models: str) -> dict[str, str]:
    columns = {"day": "DATE", "plane": "STRING", "delay": "INT64", "seats": "INT64", "entity": "STRING"}
    return {
        "flights.csv": FLIGHTS,
        "models/lake/flights.yml": source(columns, local="flights.csv", **BY_DAY),
        **{f"models/marts/{name}.sql": text for name, text in models.items()},
    }


@pytest.fixture
def lab(tmp_path) -> Lab:
    rolled_up = {
        "states": model(STATES, **BY_DAY),
        "monthly": model(ROLLED_UP, **BY_MONTH),
        "final": model(FINAL, kind="view"),
    }
    return Lab(graph_of(tmp_path, files(**rolled_up)))


def types(lab: Lab, table: str) -> dict[str, str]:
    sql = "SELECT column_name, data_type FROM duckdb_columns() WHERE (schema_name, table_name) = ('marts', '{}')"
    return dict(lab.query(sql.format(table)))


def test_states_of_days_are_rolled_up_to_what_the_rows_give(lab):
    assert messages(lab.run()) == []

    (row,) = lab.rows("marts.final")
    month, planes, median, exact, counts, kinds = row
    assert (month, planes, median, exact, kinds) == (date(2013, 1, 1), 2, 20.0, 2, 4)
    assert counts == [{"value": None, "n": 2}, *({"value": each, "n": 1} for each in (10, 20, 30, 40))]


def test_columns_of_states_are_arrays(lab):
    lab.run()

    assert types(lab, "states") == {
        "day": "DATE",
        "planes__hll": "BIGINT[]",
        "delay__kll": "DOUBLE[]",
        "minutes__kll": "BIGINT[]",
        "planes__values": "VARCHAR[]",
        "seats__value": "BIGINT",
        "delays__counts": 'STRUCT("value" BIGINT, n BIGINT)[]',
        "bits": "BIGINT",
    }


def test_states_of_nothing_are_null(lab):
    lab.run()
    sql = "SELECT planes__hll, delay__kll, minutes__kll, seats__value, bits FROM marts.states WHERE day = '2013-01-03'"

    assert lab.query(sql) == [(None,) * 5]


def test_an_array_of_nothing_is_empty_where_it_is_stored(lab):
    """BigQuery stores no array that is NULL."""
    lab.run()

    assert lab.query("SELECT planes__values FROM marts.states WHERE day = '2013-01-03'") == [([],)]


def test_the_same_rows_give_the_same_versions(lab):
    """A sketch does not depend on the order of rows, so a partition that is built again is not written again."""
    lab.run()
    before = lab.recorded()
    assert lab.plan().steps == ()

    report = lab.run(full=True)
    assert lab.recorded() == before
    assert report.is_clean


def test_a_table_to_come_is_read_as_empty(tmp_path):
    """Its columns have the types that they will have."""
    both = {"states": model(STATES, **BY_DAY), "monthly": model(ROLLED_UP, **BY_MONTH)}
    lab = Lab(graph_of(tmp_path, files(**both)))
    report = lab.run(select=["marts.monthly"])
    early = types(lab, "states")

    assert messages(report) == []
    assert lab.run().is_clean
    assert types(lab, "states") == early


RUNNING = """
SELECT day, HLL_COUNT.MERGE_PARTIAL(planes) AS planes, KLL_QUANTILES.MERGE_PARTIAL(delays) AS delays
FROM (
  SELECT day, HLL_COUNT.INIT(plane) AS planes, KLL_QUANTILES.INIT_INT64(delay) AS delays FROM lake.flights GROUP BY day
  UNION ALL
  SELECT DATE_ADD(day, INTERVAL 1 DAY), planes, {} FROM marts.running
)
GROUP BY day
"""


def test_a_sketch_grows_from_day_to_day_and_a_new_one_beside_it(tmp_path):
    front = {**BY_DAY, "inputs": {"marts.running": "previous"}}
    first = model("SELECT day, planes FROM (" + RUNNING.format("CAST(NULL AS BYTES)") + ")", **front)
    lab = Lab(graph_of(tmp_path, files(running=first)))
    assert messages(lab.run()) == []
    sql = "SELECT len(planes) FROM marts.running ORDER BY day LIMIT 3"
    assert lab.query(sql) == [(2,), (2,), (2,)]

    lab = Lab(graph_of(tmp_path, files(running=model(RUNNING.format("delays"), **front))))
    assert messages(lab.run()) == []
    assert lab.query("SELECT delays FROM marts.running ORDER BY day LIMIT 3") == [
        ([10, 30],),
        ([10, 20, 30, 40],),
        ([10, 20, 30, 40],),
    ]


def test_a_sketch_of_another_kind_does_not_fit(tmp_path):
    of_integers = "SELECT day, KLL_QUANTILES.INIT_INT64(delay) AS s FROM lake.flights GROUP BY day"
    Lab(graph_of(tmp_path, files(states=model(of_integers, **BY_DAY)))).run()
    of_floats = of_integers.replace("INIT_INT64", "INIT_FLOAT64")
    report = Lab(graph_of(tmp_path, files(states=model(of_floats, **BY_DAY)))).run()

    assert set(statuses(report).values()) == {Status.FAILED}
    assert "s was BIGINT[] and is DOUBLE[]" in messages(report)[0]


def test_rows_are_shown(lab):
    lab.run()
    with lab.engine() as engine:
        names, rows = engine.sample(next(each for each in lab.graph.models if each.table == "states"), "2013-01-02", 10)

    shown = dict(zip(names, rows[0], strict=True))
    assert (shown["delay__kll"], shown["minutes__kll"]) == ([20.0, 40.0], [20, 40])
