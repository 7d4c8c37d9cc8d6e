"""Rules about results that differ from build to build: what they find, and the sound SQL in which they find nothing."""

from __future__ import annotations

import pytest
from linted import linted

from aggregator.core.project import Kind

OURS = "L0(0|1)[0-9]"

FOUND = {
    "random numbers wherever they stand": (
        "SELECT flight_date, RAND() AS a FROM staging.flights\nWHERE RAND() < 0.1\nORDER BY rand()",
        ["1:21 L010", "2:7 L010", "3:10 L010"],
    ),
    "a key that each call draws": (
        "SELECT flight_date, KEYS.NEW_KEYSET('AEAD_AES_GCM_256') AS k FROM staging.flights",
        ["1:21 L010"],
    ),
    "an array, its elements distinct and not null": (
        """SELECT flight_date, ARRAY_AGG(DISTINCT carrier IGNORE NULLS) AS a FROM staging.flights GROUP BY 1""",
        ["1:21 L011"],
    ),
    "an array of some elements": (
        "SELECT flight_date, ARRAY_AGG(carrier LIMIT 3) AS a FROM staging.flights GROUP BY 1",
        ["1:21 L011"],
    ),
    "the first of an unordered array": (
        "SELECT flight_date, ARRAY_AGG(carrier)[OFFSET(0)] AS a FROM staging.flights GROUP BY 1",
        ["1:21 L011"],
    ),
    "an array over a window without an order": (
        "SELECT flight_date, ARRAY_AGG(carrier) OVER (PARTITION BY flight_date, origin) AS a FROM staging.flights",
        ["1:21 L011"],
    ),
    "an array that is made in WITH, measured there, and put out": (
        """WITH d AS (SELECT flight_date, ARRAY_AGG(carrier) AS cs FROM staging.flights GROUP BY 1)
SELECT flight_date, cs, ARRAY_LENGTH(cs) AS n FROM d""",
        ["1:32 L011"],
    ),
    "an array from a subquery": (
        """SELECT flight_date, ARRAY(SELECT a.name FROM dims.airports AS a WHERE a.airport = f.origin) AS names
FROM staging.flights AS f""",
        ["1:36 L011"],
    ),
    "any value of a column of the rows that are grouped": (
        "SELECT flight_date, ANY_VALUE(tailnum) AS t FROM staging.flights GROUP BY flight_date",
        ["1:21 L012"],
    ),
    "an array of the distinct elements of another": (
        "SELECT flight_date, ARRAY(SELECT DISTINCT c FROM UNNEST([carrier, origin]) AS c) AS a FROM staging.flights",
        ["1:43 L011"],
    ),
    "any row": ("SELECT flight_date, ANY_VALUE(f).carrier AS c FROM staging.flights AS f GROUP BY 1", ["1:21 L012"]),
    "any value of a table that is joined by something else than its key": (
        """SELECT f.flight_date, f.origin, ANY_VALUE(a.airport) AS a
FROM staging.flights AS f JOIN dims.airports AS a ON a.time_zone = f.origin
GROUP BY f.flight_date, f.origin""",
        ["1:33 L012"],
    ),
    "numbers without an order": (
        "SELECT flight_date, carrier, ROW_NUMBER() OVER () AS n FROM staging.flights",
        ["1:30 L013"],
    ),
    "numbers over a named window without an order": (
        """SELECT flight_date, carrier, ROW_NUMBER() OVER w AS n FROM staging.flights
WINDOW w AS (PARTITION BY flight_date)""",
        ["1:30 L013"],
    ),
    "numbers in the order of a constant": (
        "SELECT flight_date, carrier, ROW_NUMBER() OVER (ORDER BY NULL) AS n FROM staging.flights",
        ["1:30 L013"],
    ),
    "the first value of a window without an order": (
        """SELECT flight_date, FIRST_VALUE(carrier IGNORE NULLS) OVER (PARTITION BY flight_date) AS c
FROM staging.flights""",
        ["1:21 L013"],
    ),
    "a limit by a number of rows that may be the same": (
        """SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights
GROUP BY flight_date, carrier
ORDER BY n DESC
LIMIT 3""",
        ["3:10 L014"],
    ),
    "a limit by the number of a column": (
        """SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights
GROUP BY flight_date, carrier
ORDER BY 3 DESC
LIMIT 3""",
        ["3:10 L014"],
    ),
    "the carrier before, where several have as many flights": (
        """SELECT flight_date, carrier, LAG(carrier) OVER (PARTITION BY flight_date ORDER BY flights) AS c
FROM marts.daily_performance""",
        ["1:30 L014"],
    ),
    "the array of the carrier with most flights": (
        """SELECT flight_date, ARRAY_AGG(carrier ORDER BY flights DESC LIMIT 1)[OFFSET(0)] AS c
FROM marts.daily_performance GROUP BY flight_date""",
        ["1:21 L014"],
    ),
    "numbers by a grouped count": (
        """SELECT flight_date, carrier, ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY COUNT(*) DESC) AS place
FROM staging.flights GROUP BY flight_date, carrier""",
        ["1:30 L014"],
    ),
    "numbers in WITH by a column that its key is not among": (
        """WITH d AS (SELECT flight_date, carrier, origin, flights FROM marts.daily_performance)
SELECT flight_date, carrier, origin, ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY flights) AS n FROM d""",
        ["2:38 L014"],
    ),
    "approximations of all kinds": (
        """SELECT flight_date, APPROX_QUANTILES(dep_delay, 4) AS a,
  APPROX_TOP_COUNT(carrier, 3) AS b,
  APPROX_TOP_SUM(carrier, distance, 3) AS c
FROM staging.flights GROUP BY flight_date""",
        ["1:21 L015", "2:3 L015", "3:3 L015"],
    ),
    "functions of another dataset, also behind SAFE and of another project": (
        """SELECT flight_date, tools.f(carrier) AS a, SAFE.tools.f(carrier) AS b,
  `acme.tools.f`(carrier) AS c, acme.tools.f(carrier) AS d
FROM staging.flights""",
        ["1:21 L017", "1:44 L017", "2:3 L017", "2:33 L017"],
    ),
}
NOT_FOUND = {
    "a column that is called rand": """
        SELECT flight_date, f.rand FROM (SELECT flight_date, 1 AS rand FROM staging.flights) AS f""",
    "a fingerprint": "SELECT flight_date, FARM_FINGERPRINT(carrier) AS a FROM staging.flights",
    "the length of an array": """
        SELECT flight_date, ARRAY_LENGTH(ARRAY_AGG(DISTINCT carrier)) AS n FROM staging.flights GROUP BY flight_date""",
    "an array that is made in WITH and unnested": """
        WITH d AS (SELECT flight_date, ARRAY_AGG(carrier) AS cs FROM staging.flights GROUP BY flight_date)
        SELECT d.flight_date, c AS carrier FROM d, UNNEST(d.cs) AS c""",
    "an array that is searched": """
        WITH d AS (SELECT flight_date, ARRAY_AGG(carrier) AS cs FROM staging.flights GROUP BY flight_date)
        SELECT flight_date, 'UA' IN UNNEST(cs) AS flew FROM d""",
    "an array in the order of a window": """
        SELECT flight_date, ARRAY_AGG(carrier) OVER (PARTITION BY flight_date ORDER BY carrier) AS a
        FROM staging.flights""",
    "an array of one row": "SELECT flight_date, ARRAY(SELECT carrier) AS a FROM staging.flights",
    "an array of the elements of another": """
        SELECT flight_date, ARRAY(SELECT UPPER(c) FROM UNNEST([carrier, origin]) AS c WHERE c != 'UA') AS a
        FROM staging.flights""",
    "an array that is written out": "SELECT flight_date, [carrier, origin] AS a FROM staging.flights",
    "an ordered array of a subquery": """
        SELECT flight_date, ARRAY(SELECT a.name FROM dims.airports AS a ORDER BY a.name) AS n FROM staging.flights""",
    "any value of a maximum": """
        SELECT flight_date, ANY_VALUE(carrier HAVING MAX distance) AS c FROM staging.flights GROUP BY flight_date""",
    "any value of what is grouped by": """
        SELECT flight_date, carrier, ANY_VALUE(UPPER(carrier)) AS c FROM staging.flights GROUP BY 1, 2""",
    "any value of a table that is joined by its key": """
        SELECT f.flight_date, f.origin, ANY_VALUE(a.name) AS name
        FROM staging.flights AS f JOIN dims.airports AS a ON f.origin = a.airport
        GROUP BY f.flight_date, f.origin""",
    "any value of a table that is grouped by its key": """
        SELECT flight_date, carrier, origin, ANY_VALUE(flights) AS f FROM marts.daily_performance GROUP BY 1, 2, 3""",
    "any value of the one row of a cell": """
        SELECT flight_date, UA, DL FROM (SELECT flight_date, carrier, flights FROM marts.daily_performance)
        PIVOT (ANY_VALUE(flights) FOR carrier IN ('UA', 'DL'))""",
    "any value of a query in WITH that is grouped by the same": """
        WITH d AS (SELECT flight_date, carrier, SUM(distance) AS miles FROM staging.flights GROUP BY 1, 2)
        SELECT f.flight_date, f.carrier, ANY_VALUE(d.miles) AS miles
        FROM staging.flights AS f JOIN d ON d.flight_date = f.flight_date AND d.carrier = f.carrier
        GROUP BY f.flight_date, f.carrier""",
    "numbers of rows that can't be told apart": """
        SELECT flight_date, carrier FROM staging.flights
        QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, carrier) = 1""",
    "numbers of rows that are equal as a whole": """
        SELECT flight_date, carrier, tailnum FROM staging.flights AS f
        QUALIFY ROW_NUMBER() OVER (PARTITION BY TO_JSON_STRING(f)) = 1""",
    "a window that holds one row": """
        SELECT flight_date, flights, ROW_NUMBER() OVER (PARTITION BY flight_date, carrier, origin) AS n
        FROM marts.daily_performance""",
    "sums and counts over a window without an order": """
        SELECT flight_date, carrier, SUM(flights) OVER (PARTITION BY flight_date) AS s, COUNT(*) OVER () AS n
        FROM marts.daily_performance""",
    "ranks with ties": """
        SELECT flight_date, carrier, RANK() OVER (PARTITION BY flight_date ORDER BY flights DESC) AS r,
          DENSE_RANK() OVER (PARTITION BY flight_date ORDER BY flights DESC) AS d
        FROM marts.daily_performance""",
    "an order from a named window, which covers the key": """
        SELECT flight_date, carrier, ROW_NUMBER() OVER w AS n FROM marts.daily_performance
        WINDOW w AS (PARTITION BY flight_date ORDER BY flights, carrier, origin)""",
    "numbers by a key that WHERE completes": """
        SELECT flight_date, carrier, flights, ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY carrier) AS n
        FROM marts.daily_performance WHERE origin = 'EWR'""",
    "numbers of a table without a declared key": """
        SELECT flight_date, carrier, ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY dep_delay) AS n
        FROM (SELECT DATE(time_hour) AS flight_date, carrier, dep_delay FROM lake.flights)""",
    "the smallest value": """
        SELECT flight_date, carrier, FIRST_VALUE(flights) OVER (PARTITION BY flight_date ORDER BY flights) AS f
        FROM marts.daily_performance""",
    "an array in its own order": """
        SELECT flight_date, ARRAY_AGG(flights ORDER BY flights DESC LIMIT 2) AS most
        FROM marts.daily_performance GROUP BY flight_date""",
    "a limit by all that is shown": """
        SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights
        GROUP BY flight_date, carrier ORDER BY n DESC, carrier LIMIT 3""",
    "sketches": "SELECT flight_date, HLL_COUNT.INIT(tailnum) AS planes FROM staging.flights GROUP BY flight_date",
    "functions of BigQuery that have a dot": """
        SELECT flight_date, NET.HOST(carrier) AS h, SAFE.SUBSTR(carrier, 1) AS s, ML.SIGMOID(1.0) AS m
        FROM staging.flights""",
}


@pytest.mark.parametrize(("sql", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found_and_where(sql, expected):
    assert linted(sql, codes=OURS) == expected


@pytest.mark.parametrize("sql", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found(sql):
    assert linted(sql, codes=OURS) == []


def test_a_view_may_ask_who_reads_it():
    assert linted("SELECT carrier FROM staging.flights WHERE carrier = SESSION_USER()", Kind.VIEW, OURS) == []
