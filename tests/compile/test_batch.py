"""The proof that several partitions may be built in one query: it may say no too often, never yes too often.

Whatever the proof calls batchable is built on DuckDB both ways, and the rows must be the same.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from ready_duckdb import prepared
from small_lake import DAILY, compile_quickly

from aggregator.core.calendar import Grain
from aggregator.core.graph import CompiledModel
from aggregator.engines.duckdb.dialect import to_duckdb

HOURLY = "{by: time_hour, grain: hour, from: 2013-01-01}"
MONTHLY = "{by: month, grain: month, from: 2013-01-01}"
WEEKLY = "{by: week, grain: isoweek, from: 2012-12-31}"
FROM_TUESDAY = "{by: week, grain: week(tuesday), from: 2013-01-01}"
QUARTERLY = "{by: quarter, grain: quarter, from: 2013-01-01}"
IN_UTC = "{by: flight_date, grain: day, from: 2013-01-01, zone: UTC}"
LOCAL_HOURS = "{by: moment, grain: hour, from: 2013-01-01}"

BATCHABLE = {
    "a projection": "SELECT flight_date, carrier FROM lake.flights",
    "grouped by the partition column": "SELECT flight_date, COUNT(*) AS n FROM lake.flights GROUP BY flight_date",
    "grouped by number": "SELECT carrier, flight_date, SUM(n) AS n FROM lake.flights GROUP BY 1, 2",
    "grouped by all": "SELECT flight_date, carrier, SUM(n) AS n FROM lake.flights GROUP BY ALL",
    "grouped under an alias of the column": "SELECT flight_date AS flight_date, n FROM lake.flights GROUP BY 1, 2",
    "distinct rows": "SELECT DISTINCT flight_date, carrier FROM lake.flights",
    "a window of one partition": """
        SELECT flight_date, carrier, SUM(n) OVER (PARTITION BY flight_date ORDER BY n) AS n FROM lake.flights""",
    "the best of each partition": """
        SELECT flight_date, carrier, n FROM lake.flights
        QUALIFY ROW_NUMBER() OVER (PARTITION BY carrier, flight_date ORDER BY n, dest, other_date) = 1""",
    "a condition that repeats the filter": """
        SELECT flight_date, n FROM lake.flights WHERE flight_date >= @start AND (flight_date < @end AND n > 1)""",
    "a table without partitions beside it": """
        SELECT f.flight_date, a.name, COUNT(*) AS n
        FROM lake.flights AS f JOIN lake.airlines AS a USING (carrier) GROUP BY 1, 2""",
    "an outer join with a table without partitions": """
        SELECT f.flight_date, f.n, a.name
        FROM lake.flights AS f LEFT JOIN lake.airlines AS a ON a.carrier = f.carrier""",
    "an outer join from the other side": """
        SELECT f.flight_date, f.n, a.name
        FROM lake.airlines AS a RIGHT JOIN lake.flights AS f ON a.carrier = f.carrier""",
    "two inputs joined on their partition columns": """
        SELECT f.flight_date, f.n, w.temp FROM lake.flights AS f
        LEFT JOIN lake.weather AS w ON w.carrier = f.carrier AND (f.flight_date = w.observed)""",
    "two inputs joined in WHERE": """
        SELECT w.observed AS flight_date, f.n, w.temp FROM lake.flights AS f, lake.weather AS w
        WHERE f.flight_date = w.observed AND f.carrier = w.carrier""",
    "an input joined with itself on the partition column": """
        SELECT a.flight_date, a.n, b.n AS m FROM lake.flights AS a JOIN lake.flights AS b USING (flight_date)""",
    "three inputs in a chain": """
        SELECT a.flight_date, a.n, b.temp, c.temp AS t FROM lake.flights AS a
        JOIN lake.weather AS b ON b.observed = a.flight_date
        JOIN lake.weather AS c ON c.observed = b.observed""",
    "arrays of a row": """
        SELECT f.flight_date, leg.airport, SUM(leg.minutes) AS minutes
        FROM lake.flights AS f, f.legs AS leg GROUP BY 1, 2""",
    "subqueries over the row and over other tables": """
        SELECT flight_date, (SELECT MAX(leg.minutes) FROM UNNEST(legs) AS leg) AS m,
          carrier IN (SELECT carrier FROM lake.airlines) AS known FROM lake.flights""",
    "through WITH and a subquery": """
        WITH a AS (SELECT flight_date AS d, carrier AS c, n FROM lake.flights),
          b AS (SELECT d, c, SUM(n) AS n FROM a GROUP BY d, c)
        SELECT d AS flight_date, MAX(n) AS n FROM (SELECT * FROM b WHERE n > 1) GROUP BY d""",
    "a name of WITH that is also that of a table": """
        WITH flights AS (SELECT carrier FROM lake.airlines)
        SELECT f.flight_date, f.n FROM lake.flights AS f JOIN flights ON flights.carrier = f.carrier""",
    "a union of two inputs": """
        SELECT flight_date, n FROM lake.flights UNION ALL SELECT observed, temp FROM lake.weather""",
    "a union without repetitions": """
        SELECT flight_date, carrier FROM lake.flights UNION DISTINCT SELECT observed, carrier FROM lake.weather""",
    "except": """
        SELECT flight_date, carrier FROM lake.flights EXCEPT DISTINCT SELECT observed, carrier FROM lake.weather""",
    "pipe syntax": "FROM lake.flights |> WHERE n > 1 |> AGGREGATE SUM(n) AS n GROUP BY flight_date",
    "a pipe with distinct": "FROM lake.flights |> SELECT flight_date, carrier |> DISTINCT",
    "a point in time on the clock of the model": """
        SELECT DATE(ts, 'America/New_York') AS flight_date, SUM(n) AS n FROM lake.events GROUP BY 1""",
    "two inputs on the clock of the model": """
        SELECT f.flight_date, e.n FROM lake.flights AS f
        JOIN lake.events AS e ON DATE(e.ts, 'America/New_York') = f.flight_date""",
    "a local time": "SELECT DATE(moment) AS flight_date, SUM(n) AS n FROM lake.local_events GROUP BY 1",
    "months of days": (
        MONTHLY,
        "SELECT DATE_TRUNC(flight_date, MONTH) AS month, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "months of points in time": (
        MONTHLY,
        "SELECT DATE_TRUNC(DATE(ts, 'America/New_York'), MONTH) AS month, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
    "a window of days in a month": (
        MONTHLY,
        "SELECT DATE_TRUNC(flight_date, MONTH) AS month, SUM(n) OVER (PARTITION BY flight_date) AS n FROM lake.flights",
    ),
    "ISO weeks of days": (
        WEEKLY,
        "SELECT DATE_TRUNC(flight_date, ISOWEEK) AS week, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "weeks from Monday are ISO weeks": (
        WEEKLY,
        "SELECT DATE_TRUNC(flight_date, WEEK(MONDAY)) AS week, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "days in a table by week": (
        WEEKLY,
        "SELECT DATE_TRUNC(flight_date, DAY) AS week, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "weeks of points in time": (
        FROM_TUESDAY,
        """SELECT DATE_TRUNC(DATE(ts, 'America/New_York'), WEEK(TUESDAY)) AS week, SUM(n) AS n
           FROM lake.events GROUP BY 1""",
    ),
    "weeks of a clock on the wall": (
        "{by: week, grain: week, from: 2012-12-30}",
        "SELECT DATETIME_TRUNC(moment, WEEK) AS week, SUM(n) AS n FROM lake.local_events GROUP BY 1",
    ),
    "quarters of days": (
        QUARTERLY,
        "SELECT DATE_TRUNC(flight_date, QUARTER) AS quarter, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "quarters of months": (
        QUARTERLY,
        "SELECT DATE_TRUNC(month, QUARTER) AS quarter, SUM(n) AS n FROM lake.months GROUP BY 1",
    ),
    "months in a table by quarter": (
        QUARTERLY,
        "SELECT DATE_TRUNC(flight_date, MONTH) AS quarter, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "quarters of points in time in UTC": (
        QUARTERLY,
        "SELECT TIMESTAMP_TRUNC(ts, QUARTER) AS quarter, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
    "hours": (HOURLY, "SELECT TIMESTAMP_TRUNC(ts, HOUR) AS time_hour, SUM(n) AS n FROM lake.events GROUP BY 1"),
    "hours on a local clock": (
        LOCAL_HOURS,
        """SELECT DATETIME_TRUNC(DATETIME(ts, 'America/New_York'), HOUR) AS moment, SUM(n) AS n
           FROM lake.events GROUP BY 1""",
    ),
    "days in UTC": (IN_UTC, "SELECT DATE(ts) AS flight_date, SUM(n) AS n FROM lake.events GROUP BY 1"),
    "days in UTC by a cast": (
        IN_UTC,
        "SELECT CAST(ts AS DATE) AS flight_date, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
}

NO_KEY = "a GROUP BY or DISTINCT does not include the partition column"
NO_WINDOW = "a window is not partitioned by the partition column"
NOT_COMPUTED = "flight_date is not computed from the partition columns of the inputs alone"
CHOOSES = "LIMIT and TABLESAMPLE choose among all rows of a query"
SUBQUERY = "a subquery outside FROM reads partitions"

ONE_BY_ONE = {
    # grouping
    "grouped by something else": (
        NO_KEY,
        "SELECT MAX(flight_date) AS flight_date, carrier FROM lake.flights GROUP BY carrier",
    ),
    "aggregated without a group": (NO_KEY, "SELECT MIN(flight_date) AS flight_date, SUM(n) AS n FROM lake.flights"),
    "any value of the partition column": (
        NO_KEY,
        "SELECT ANY_VALUE(flight_date) AS flight_date, carrier FROM lake.flights GROUP BY carrier",
    ),
    "grouped without it on the way": (
        NO_KEY,
        "SELECT f.flight_date, t.n FROM lake.flights AS f CROSS JOIN (SELECT SUM(n) AS n FROM lake.flights) AS t",
    ),
    "grouped without it after a group with it": (
        NO_KEY,
        """SELECT MAX(flight_date) AS flight_date, carrier
           FROM (SELECT flight_date, carrier FROM lake.flights GROUP BY 1, 2) GROUP BY carrier""",
    ),
    "distinct rows without it on the way": (
        NO_KEY,
        "SELECT other_date AS flight_date, carrier FROM (SELECT DISTINCT other_date, carrier FROM lake.flights)",
    ),
    "grouped by a coarser time": (
        NO_KEY,
        "SELECT MIN(flight_date) AS flight_date, SUM(n) AS n FROM lake.flights GROUP BY DATE_TRUNC(flight_date, MONTH)",
    ),
    "grouped by a week": (
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, WEEK) AS flight_date, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "grouping sets": (
        NO_KEY,
        "SELECT flight_date, COUNT(*) AS n FROM lake.flights GROUP BY GROUPING SETS ((flight_date), ())",
    ),
    "a roll-up": (NO_KEY, "SELECT flight_date, COUNT(*) AS n FROM lake.flights GROUP BY ROLLUP (flight_date, carrier)"),
    "a cube": (NO_KEY, "SELECT flight_date, COUNT(*) AS n FROM lake.flights GROUP BY CUBE (flight_date, carrier)"),
    # the partition column
    "another date as the partition column": (NOT_COMPUTED, "SELECT other_date AS flight_date, n FROM lake.flights"),
    "the partition column moved": (
        NOT_COMPUTED,
        "SELECT DATE_ADD(flight_date, INTERVAL 1 DAY) AS flight_date, n FROM lake.flights",
    ),
    "the partition column guarded": (
        NOT_COMPUTED,
        "SELECT COALESCE(flight_date, other_date) AS flight_date, n FROM lake.flights",
    ),
    "columns swapped by their aliases": (
        NOT_COMPUTED,
        """WITH c AS (SELECT flight_date AS other_date, other_date AS flight_date, n FROM lake.flights)
           SELECT flight_date, n FROM c""",
    ),
    "columns swapped in the head of WITH": (
        NOT_COMPUTED,
        """WITH c(flight_date, other_date) AS (SELECT other_date, flight_date FROM lake.flights)
           SELECT flight_date, other_date FROM c""",
    ),
    "a star that replaces the partition column": (
        NOT_COMPUTED,
        "SELECT flight_date, n FROM (SELECT * REPLACE (other_date AS flight_date) FROM lake.flights)",
    ),
    "the partition column of the optional side": (
        NOT_COMPUTED,
        """SELECT w.observed AS flight_date, f.n FROM lake.flights AS f
           LEFT JOIN lake.weather AS w ON w.observed = f.flight_date""",
    ),
    "a time on another clock": (
        NO_KEY,
        "SELECT DATE(ts) AS flight_date, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
    "a time on another clock, without a group": (
        NOT_COMPUTED,
        "SELECT DATE(ts, 'Asia/Tokyo') AS flight_date, n FROM lake.events",
    ),
    "a cast on the clock of UTC": (NOT_COMPUTED, "SELECT CAST(ts AS DATE) AS flight_date, n FROM lake.events"),
    "a day that becomes a point in time on the way": (
        NOT_COMPUTED,
        "SELECT DATE(CAST(flight_date AS TIMESTAMP), 'America/New_York') AS flight_date, n FROM lake.flights",
    ),
    "a local time of another place": (
        NO_KEY,
        "SELECT DATE(moment) AS flight_date, SUM(n) AS n FROM lake.utc_events GROUP BY 1",
    ),
    "days of another place": (NOT_COMPUTED, "SELECT day AS flight_date, n FROM lake.elsewhere"),
    "an input that is cut more coarsely": (NOT_COMPUTED, "SELECT month AS flight_date, n FROM lake.months"),
    # windows
    "a window over everything": (NO_WINDOW, "SELECT flight_date, SUM(n) OVER () AS n FROM lake.flights"),
    "a running total": (NO_WINDOW, "SELECT flight_date, SUM(n) OVER (ORDER BY flight_date) AS n FROM lake.flights"),
    "the row before, of whatever day": (
        NO_WINDOW,
        "SELECT flight_date, LAG(n) OVER (PARTITION BY carrier ORDER BY flight_date, n) AS n FROM lake.flights",
    ),
    "a window with a name": (
        NO_WINDOW,
        "SELECT flight_date, SUM(n) OVER w AS n FROM lake.flights WINDOW w AS (PARTITION BY carrier)",
    ),
    "a window in QUALIFY": (
        NO_WINDOW,
        "SELECT flight_date, n FROM lake.flights QUALIFY ROW_NUMBER() OVER (ORDER BY n, dest) <= 3",
    ),
    "a window of a window": (
        NO_WINDOW,
        """SELECT flight_date, SUM(r) OVER (PARTITION BY flight_date) AS n
           FROM (SELECT flight_date, RANK() OVER (ORDER BY n) AS r FROM lake.flights)""",
    ),
    "a share of a total of totals": (
        NO_WINDOW,
        "SELECT flight_date, SUM(n) / SUM(SUM(n)) OVER () AS share FROM lake.flights GROUP BY flight_date",
    ),
    # choosing
    "a limit": (CHOOSES, "SELECT flight_date, n FROM lake.flights ORDER BY n, dest LIMIT 3"),
    "an offset": (CHOOSES, "SELECT flight_date, n FROM lake.flights ORDER BY n, dest LIMIT 99 OFFSET 1"),
    "a limit behind a union": (
        CHOOSES,
        "SELECT flight_date, n FROM lake.flights UNION ALL SELECT flight_date, n FROM lake.flights ORDER BY n LIMIT 3",
    ),
    "a limit behind parentheses": (CHOOSES, "(SELECT flight_date, n FROM lake.flights) ORDER BY n LIMIT 3"),
    "a limit in a subquery": (
        CHOOSES,
        "SELECT flight_date, n FROM (SELECT flight_date, n FROM lake.flights ORDER BY n LIMIT 3)",
    ),
    "a limit behind a union in WITH": (
        CHOOSES,
        """WITH c AS (SELECT flight_date, n FROM lake.flights UNION ALL SELECT flight_date, n FROM lake.flights LIMIT 3)
           SELECT flight_date, n FROM c""",
    ),
    "a limit in a pipe": (CHOOSES, "FROM lake.flights |> ORDER BY n |> LIMIT 3 |> SELECT flight_date, n"),
    # subqueries
    "compared with the whole": (
        SUBQUERY,
        "SELECT flight_date, n FROM lake.flights WHERE n > (SELECT AVG(n) FROM lake.flights)",
    ),
    "looked up in the whole": (
        SUBQUERY,
        "SELECT flight_date, carrier IN (SELECT carrier FROM lake.weather) AS known FROM lake.flights",
    ),
    "an array of the whole": (
        SUBQUERY,
        "SELECT flight_date, ARRAY(SELECT n FROM lake.flights ORDER BY n) AS numbers FROM lake.flights",
    ),
    "an array of the whole, unnested": (
        SUBQUERY,
        """SELECT f.flight_date, x FROM lake.flights AS f
           CROSS JOIN UNNEST(ARRAY(SELECT g.n FROM lake.flights AS g)) AS x""",
    ),
    "a subquery that repeats the day": (
        SUBQUERY,
        """SELECT f.flight_date, (SELECT MAX(w.temp) FROM lake.weather AS w WHERE w.observed = f.flight_date) AS t
           FROM lake.flights AS f""",
    ),
    # joins
    "joined on something else": (
        "the join with w is not on the partition columns",
        "SELECT f.flight_date, w.temp FROM lake.flights AS f JOIN lake.weather AS w ON w.carrier = f.carrier",
    ),
    "joined on nothing": (
        "the join with w is not on the partition columns",
        "SELECT f.flight_date, w.temp FROM lake.flights AS f CROSS JOIN lake.weather AS w",
    ),
    "joined with one of two alternatives": (
        "the join with w is not on the partition columns",
        """SELECT f.flight_date, w.temp FROM lake.flights AS f
           JOIN lake.weather AS w ON w.observed = f.flight_date OR w.carrier = f.carrier""",
    ),
    "joined on a range of days": (
        "the join with w is not on the partition columns",
        """SELECT f.flight_date, w.temp FROM lake.flights AS f
           JOIN lake.weather AS w ON w.observed <= f.flight_date AND w.carrier = f.carrier""",
    ),
    "an outer join with the days compared in WHERE": (
        "the join with w is not on the partition columns",
        """SELECT f.flight_date, w.temp FROM lake.flights AS f
           LEFT JOIN lake.weather AS w ON w.carrier = f.carrier WHERE w.observed = f.flight_date""",
    ),
    "joined on months": (
        "the join with w is not on the partition columns",
        """SELECT f.flight_date, w.temp FROM lake.flights AS f
           JOIN lake.weather AS w ON DATE_TRUNC(w.observed, MONTH) = DATE_TRUNC(f.flight_date, MONTH)""",
    ),
    "joined on days of different clocks": (
        "the join with e is not on the partition columns",
        "SELECT f.flight_date, e.n FROM lake.flights AS f JOIN lake.events AS e ON DATE(e.ts) = f.flight_date",
    ),
    "a full join": (
        "a FULL JOIN can leave the partition column NULL",
        """SELECT COALESCE(f.flight_date, w.observed) AS flight_date, w.temp FROM lake.flights AS f
           FULL JOIN lake.weather AS w ON w.observed = f.flight_date""",
    ),
    "a table whose every row appears": (
        "unmatched rows left of f would appear in every partition",
        "SELECT f.flight_date, a.name FROM lake.airlines AS a LEFT JOIN lake.flights AS f ON a.carrier = f.carrier",
    ),
    "a table whose every row appears, on the right": (
        "unmatched rows of a would appear in every partition",
        "SELECT f.flight_date, a.name FROM lake.flights AS f RIGHT JOIN lake.airlines AS a ON a.carrier = f.carrier",
    ),
    "a join in parentheses": (
        "a join in parentheses can't be followed",
        """SELECT f.flight_date, w.temp FROM lake.flights AS f
           JOIN (lake.weather AS w JOIN lake.airlines AS a ON a.carrier = w.carrier) ON f.carrier = w.carrier""",
    ),
    # unions
    "a union with a table without partitions": (
        "one side of a UNION reads no partitions",
        "SELECT flight_date, n FROM lake.flights UNION ALL SELECT since, 1 FROM lake.airlines",
    ),
    "a union that puts another date in its place": (
        "the sides of a UNION share no partition column",
        "SELECT flight_date, n FROM lake.flights UNION ALL SELECT other_date, n FROM lake.flights",
    ),
    "a union by name": (
        "a UNION matches columns by name",
        """SELECT flight_date, other_date AS d FROM lake.flights
           UNION ALL BY NAME SELECT flight_date AS d, other_date AS flight_date FROM lake.flights""",
    ),
    "without rows of a table without partitions": (
        "one side of a UNION reads no partitions",
        "SELECT flight_date, carrier FROM lake.flights EXCEPT DISTINCT SELECT since, carrier FROM lake.airlines",
    ),
    # parameters
    "a column made of the interval": ("it uses @start", "SELECT flight_date, @start AS since FROM lake.flights"),
    "the last moment of the interval as the partition column": (
        NO_KEY,
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, COUNT(*) AS n FROM lake.flights",
    ),
    "a condition on another column": (
        "it uses @end",
        "SELECT flight_date, n FROM lake.flights WHERE flight_date >= @start AND other_date < @end",
    ),
    "the first day only": ("it uses @start", "SELECT flight_date, n FROM lake.flights WHERE flight_date = @start"),
    "all but the first day": ("it uses @start", "SELECT flight_date, n FROM lake.flights WHERE flight_date > @start"),
    "a condition in which only one alternative repeats the filter": (
        "it uses @start",
        "SELECT flight_date, n FROM lake.flights WHERE flight_date >= @start OR n > 1",
    ),
    "a point in time compared with a day": (
        "it uses @start",
        """SELECT DATE(ts, 'America/New_York') AS flight_date, n FROM lake.events
           WHERE ts >= TIMESTAMP(@start) AND ts < TIMESTAMP(@end)""",
    ),
    # the rest
    "a pivot": (
        "PIVOT and UNPIVOT can't be followed",
        """SELECT flight_date, EWR FROM (SELECT flight_date, dest, n FROM lake.flights)
           PIVOT (SUM(n) FOR dest IN ('EWR', 'JFK'))""",
    ),
    "a pivot that makes the partition column": (
        "PIVOT and UNPIVOT can't be followed",
        """SELECT carrier, flight_date FROM (SELECT flight_date, carrier, dest FROM lake.flights)
           PIVOT (MAX(flight_date) FOR dest IN ('EWR' AS flight_date))""",
    ),
    "no partitioned input": ("it reads no partitioned input", "SELECT since AS flight_date, name FROM lake.airlines"),
    "no input": ("it reads no partitioned input", "SELECT day AS flight_date FROM UNNEST([DATE '2013-01-01']) AS day"),
}
ONE_BY_ONE_OTHERWISE = {
    "a window of days in a model of hours": (
        HOURLY,
        NO_WINDOW,
        "SELECT TIMESTAMP_TRUNC(ts, HOUR) AS time_hour, SUM(n) OVER (PARTITION BY DATE(ts)) AS n FROM lake.events",
    ),
    "a window of cast days in a model of hours": (
        HOURLY,
        NO_WINDOW,
        "SELECT ts AS time_hour, SUM(n) OVER (PARTITION BY CAST(ts AS DATE)) AS n FROM lake.events",
    ),
    "days joined in a model of hours": (
        HOURLY,
        "the join with b is not on the partition columns",
        "SELECT a.ts AS time_hour, b.n FROM lake.events AS a JOIN lake.events AS b ON DATE(a.ts) = DATE(b.ts)",
    ),
    "days grouped in a model of hours": (
        HOURLY,
        NO_KEY,
        "SELECT TIMESTAMP(DATE(ts)) AS time_hour, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
    "years in a model of months": (
        MONTHLY,
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, YEAR) AS month, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "weeks in a model of months": (
        MONTHLY,
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, ISOWEEK) AS month, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "months in a model of weeks": (
        WEEKLY,
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, MONTH) AS week, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "weeks that begin on another day": (
        WEEKLY,
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, WEEK) AS week, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
    "weeks of an input by month": (
        WEEKLY,
        NO_KEY,
        "SELECT DATE_TRUNC(month, ISOWEEK) AS week, SUM(n) AS n FROM lake.months GROUP BY 1",
    ),
    "weeks of the clock of UTC": (
        WEEKLY,
        NO_KEY,
        "SELECT DATE(TIMESTAMP_TRUNC(ts, ISOWEEK)) AS week, SUM(n) AS n FROM lake.events GROUP BY 1",
    ),
    "years of weeks in a model of quarters": (
        QUARTERLY,
        NO_KEY,
        "SELECT DATE_TRUNC(flight_date, ISOYEAR) AS quarter, SUM(n) AS n FROM lake.flights GROUP BY 1",
    ),
}
THROUGH_MAPS = {
    "the last days": ("it reads lake.flights through last: 7 days", "{lake.flights: {last: 7 days}}"),
    "a week ago": ("it reads lake.flights through offset: 7 days", "{lake.flights: {offset: 7 days}}"),
    "one day, said as the last one": ("it reads lake.flights through last: 1 day", "{lake.flights: {last: 1 day}}"),
    "all of it": ("it reads no partitioned input", "{lake.flights: all}"),
}


def as_cut(case: str | tuple[str, str]) -> tuple[str, str]:
    return case if isinstance(case, tuple) else (DAILY, case)


@pytest.mark.parametrize("case", BATCHABLE.values(), ids=BATCHABLE)
def test_partitions_that_can_be_built_together_come_out_as_one_by_one(case, compile_select, lake):
    partition, sql = as_cut(case)

    model = compile_select(sql, partition)

    assert model.one_by_one == ""
    assert lake.together(model) == lake.apart(model)


@pytest.mark.parametrize(("reason", "sql"), ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_what_makes_partitions_depend_on_each_other(reason, sql, compile_select):
    model = compile_select(sql)

    assert model.one_by_one == reason


@pytest.mark.parametrize(("partition", "reason", "sql"), ONE_BY_ONE_OTHERWISE.values(), ids=ONE_BY_ONE_OTHERWISE)
def test_what_makes_other_partitions_depend_on_each_other(partition, reason, sql, compile_select):
    model = compile_select(sql, partition)

    assert model.one_by_one == reason


@pytest.mark.parametrize(("reason", "inputs"), THROUGH_MAPS.values(), ids=THROUGH_MAPS)
def test_maps_that_reach_beyond_the_partition(reason, inputs, compile_select):
    sql = "SELECT flight_date, SUM(n) AS n FROM lake.flights GROUP BY flight_date"

    model = compile_select(sql, more=f"inputs: {inputs}")

    assert model.one_by_one == reason


def test_a_table_that_is_read_by_partition_and_whole(compile_select):
    sql = "SELECT f.flight_date, f.n FROM lake.flights AS f JOIN lake.flights AS g ON g.flight_date = f.flight_date"

    model = compile_select(sql, more="inputs: {g: all}")

    assert model.one_by_one == "it reads lake.flights both by partition and whole"


def test_a_model_that_reads_its_own_past(compile_select):
    sql = """SELECT flight_date, n FROM lake.flights
             UNION ALL SELECT DATE_ADD(flight_date, INTERVAL 1 DAY), n FROM marts.model"""

    model = compile_select(sql, more="inputs: {marts.model: previous}")

    assert model.one_by_one == "it reads marts.model through previous"


def test_the_tables_of_cases_are_large():
    assert len(BATCHABLE) >= 35
    assert len(ONE_BY_ONE) >= 60


class Lake:
    """The lake in DuckDB, with a few rows on each of eight days, some of them at awkward hours."""

    DAYS = 8
    STRETCH = (datetime.fromisoformat("2013-01-02"), datetime.fromisoformat("2013-01-06"))

    def __init__(self) -> None:
        self._db = prepared(duckdb.connect())
        self._db.execute("CREATE SCHEMA lake")
        dice = random.Random(7)
        first = datetime.fromisoformat("2013-01-01")
        days = [first.date() + timedelta(days=number) for number in range(self.DAYS)]
        instants = [first + timedelta(hours=number) for number in range(24 * self.DAYS)]
        few = [instant for instant in instants if dice.random() < 0.4]
        self._table(
            "flights",
            "flight_date DATE, time_hour TIMESTAMPTZ, carrier TEXT, dest TEXT, n BIGINT, other_date DATE, delay DOUBLE,"
            " price DECIMAL(38, 9), cancelled BOOL, legs STRUCT(airport TEXT, minutes BIGINT)[]",
            [
                (
                    day,
                    datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
                    dice.choice("ABC"),
                    dice.choice(("EWR", "JFK")),
                    dice.choice((None, 1, 2, 3)),
                    day + timedelta(days=dice.choice((-1, 0, 0, 1, 2))),
                    1.5,
                    1,
                    False,
                    [{"airport": dice.choice("xy"), "minutes": dice.randrange(9)} for _ in range(dice.randrange(3))],
                )
                for day in days
                for _ in range(4)
            ],
        )
        weather = [(day, dice.choice("ABD"), dice.randrange(3)) for day in days for _ in range(2)]
        self._table("weather", "observed DATE, carrier TEXT, temp BIGINT", weather)
        months = [(datetime(2013, month, 3).date(), dice.choice("AB"), month) for month in range(1, 10)]  # noqa: DTZ001
        self._table("months", "month DATE, carrier TEXT, n BIGINT", months)
        events = [(each.replace(tzinfo=UTC), dice.choice("AB"), dice.randrange(3)) for each in few]
        self._table("events", "ts TIMESTAMPTZ, carrier TEXT, n BIGINT", events)
        local = [(each, dice.choice("AB"), dice.randrange(3)) for each in few]
        self._table("local_events", "moment TIMESTAMP, carrier TEXT, n BIGINT", local)
        airlines = [("A", "Alpha", days[1], "EWR"), ("B", "Beta", days[2], "JFK"), ("E", "Epsilon", days[3], "LGA")]
        self._table("airlines", "carrier TEXT, name TEXT, since DATE, Hub TEXT", airlines)

    def _table(self, name: str, columns: str, rows: list[tuple[object, ...]]) -> None:
        self._db.execute(f"CREATE TABLE lake.{name} ({columns})")
        self._db.executemany(f"INSERT INTO lake.{name} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def _stretch(self, model: CompiledModel) -> tuple[datetime, datetime]:
        start, end = self.STRETCH
        grain = model.calendar.grain
        if grain not in (Grain.HOUR, Grain.DAY):
            return grain.shift(grain.floor(start), -2), grain.shift(grain.floor(start), 3)
        return start, end if grain is Grain.DAY else start + timedelta(hours=30)

    def _rows(self, model: CompiledModel, start: datetime, end: datetime) -> Counter[str]:
        sql = to_duckdb(model.sql)
        bounds = {"start": model.calendar.value(start), "end": model.calendar.value(end)}
        used = {name: value for name, value in bounds.items() if f"${name}" in sql}
        return Counter(map(repr, self._db.execute(sql, used).fetchall()))

    def together(self, model: CompiledModel) -> Counter[str]:
        return self._rows(model, *self._stretch(model))

    def apart(self, model: CompiledModel) -> Counter[str]:
        total: Counter[str] = Counter()
        for partition in model.calendar.grain.range(*self._stretch(model)):
            total += self._rows(model, partition, model.calendar.next(partition))
        return total


@pytest.fixture(scope="module")
def lake() -> Lake:
    return Lake()


# --- any SELECT: generated, compiled, and if it is called batchable, built both ways ---

TABLES = {
    "lake.flights": {"flight_date": "date", "other_date": "date", "carrier": "text", "dest": "text", "n": "int"},
    "lake.weather": {"observed": "date", "carrier": "text", "temp": "int"},
    "lake.airlines": {"since": "date", "carrier": "text", "name": "text"},
}
Columns = dict[str, str]


@st.composite
def from_item(draw: st.DrawFn, alias: str, depth: int) -> tuple[str, Columns]:
    if depth and draw(st.booleans()):
        sql, columns = draw(query(depth - 1))
        return f"({sql}) AS {alias}", columns
    table = draw(st.sampled_from(["lake.flights", "lake.flights", "lake.flights", "lake.weather", "lake.airlines"]))
    return f"{table} AS {alias}", TABLES[table]


def named(alias: str, columns: Columns) -> dict[str, str]:
    return {f"{alias}.{name}": kind for name, kind in columns.items()}


def of_kind(columns: Columns, kind: str) -> list[str]:
    return [name for name, each in columns.items() if each == kind]


@st.composite
def equation(draw: st.DrawFn, left: Columns, right: Columns) -> str:
    kinds = [kind for kind in ("date", "date", "text", "int") if of_kind(left, kind) and of_kind(right, kind)]
    if not kinds:
        return "TRUE"
    kind = draw(st.sampled_from(kinds))
    ours, theirs = of_kind(left, kind), of_kind(right, kind)
    sign = draw(st.sampled_from(["=", "=", "=", "<="]))
    return f"{draw(st.sampled_from([ours[0], *ours]))} {sign} {draw(st.sampled_from([theirs[0], *theirs]))}"


@st.composite
def joined(draw: st.DrawFn, depth: int) -> tuple[str, Columns, list[str]]:
    sql, columns = draw(from_item("a", depth))
    visible, where = named("a", columns), []
    for alias in ("b", "c")[: draw(st.sampled_from([0, 0, 1, 1, 2]))]:
        item, columns = draw(from_item(alias, depth))
        kind = draw(st.sampled_from(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"]))
        conditions = [draw(equation(visible, named(alias, columns))) for _ in range(draw(st.integers(1, 2)))]
        sql += f" {kind} {item}"
        if kind == "CROSS JOIN":
            where += conditions if draw(st.booleans()) else []
        else:
            sql += f" ON {' AND '.join(conditions)}"
        visible |= named(alias, columns)
    return sql, visible, where


def _enclosed(sql: str) -> str:
    """Different set operations in a row need parentheses."""
    return f"({sql})" if " UNION " in sql or " EXCEPT " in sql else sql


@st.composite
def query(draw: st.DrawFn, depth: int) -> tuple[str, Columns]:
    """A SELECT whose columns are ``flight_date``, ``t`` and ``k``."""
    kinds = {"flight_date": "date", "t": "text", "k": "int"}
    if depth and draw(st.integers(0, 4)) == 0:
        left, right = (_enclosed(draw(query(depth - 1))[0]) for _ in range(2))
        return f"{left} {draw(st.sampled_from(['UNION ALL', 'UNION DISTINCT', 'EXCEPT DISTINCT']))} {right}", kinds
    source, columns, where = draw(joined(depth))
    days = of_kind(columns, "date")
    day = draw(st.sampled_from([*days[:1] * 3, *days]))
    text = draw(st.sampled_from(of_kind(columns, "text")))
    number = draw(st.sampled_from([*of_kind(columns, "int"), "1"]))
    if draw(st.integers(0, 5)) == 0:
        where.append(f"{text} IN (SELECT carrier FROM {draw(st.sampled_from(sorted(TABLES)))})")
    tail = f" FROM {source}" + (f" WHERE {' AND '.join(where)}" if where else "")
    match draw(st.sampled_from(["plain", "plain", "plain", "group", "group", "distinct", "window", "limit", "whole"])):
        case "plain":
            sql = f"SELECT {day} AS flight_date, {text} AS t, {number} AS k{tail}"
        case "distinct":
            sql = f"SELECT DISTINCT {day} AS flight_date, {text} AS t, {number} AS k{tail}"
        case "group":
            other = draw(st.sampled_from([day, day, f"MAX({day})"]))
            keys = [text, *([day] if other == day else [])]
            sql = f"SELECT {other} AS flight_date, {text} AS t, SUM({number}) AS k{tail} GROUP BY {', '.join(keys)}"
        case "window":
            key = draw(st.sampled_from([day, f"{day}, {text}", text]))
            sql = f"SELECT {day} AS flight_date, {text} AS t, SUM({number}) OVER (PARTITION BY {key}) AS k{tail}"
        case "limit":
            sql = f"(SELECT {day} AS flight_date, {text} AS t, {number} AS k{tail} ORDER BY 1, 2, 3 LIMIT 3)"
        case _:
            sql = f"SELECT MIN({day}) AS flight_date, MAX({text}) AS t, SUM({number}) AS k{tail}"
    return sql, kinds


LAKE_OF_EXAMPLES: list[Lake] = []


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(sql=query(2).map(lambda pair: pair[0]))
def test_any_select_that_is_called_batchable_is(sql: str):
    if not LAKE_OF_EXAMPLES:
        LAKE_OF_EXAMPLES.append(Lake())
    lake = LAKE_OF_EXAMPLES[0]
    model = compile_quickly(sql)
    event("batchable" if not model.one_by_one else "one by one")

    if not model.one_by_one:
        assert lake.together(model) == lake.apart(model)
