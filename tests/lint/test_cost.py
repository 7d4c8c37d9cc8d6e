"""What costs money without need."""

from __future__ import annotations

import pytest
from linted import linted

FOUND = {
    "a comma without a condition": (
        "SELECT f.flight_date, a.name FROM staging.flights AS f, dims.airports AS a",
        ["L046"],
    ),
    "ON TRUE": ("SELECT f.flight_date, a.name FROM staging.flights AS f JOIN dims.airports AS a ON TRUE", ["L046"]),
    "a condition that names one side": (
        "SELECT f.flight_date, a.name FROM staging.flights AS f JOIN dims.airports AS a ON a.altitude_ft > 9",
        ["L046"],
    ),
    "a query in WITH with everything": (
        """WITH a AS (SELECT airport FROM dims.airports)
        SELECT f.flight_date, a.airport FROM staging.flights AS f CROSS JOIN a""",
        ["L046"],
    ),
    "a year of a table that is read whole": (
        """SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE EXTRACT(YEAR FROM observed_date) = 2013 GROUP BY origin""",
        ["L048"],
    ),
    "the newest partition": (
        """SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE observed_date = (SELECT MAX(observed_date) FROM staging.weather) GROUP BY origin""",
        ["L048"],
    ),
    "a partition column that is moved": (
        """SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE DATE_ADD(observed_date, INTERVAL 1 DAY) > '2013-07-01' GROUP BY origin""",
        ["L048"],
    ),
    "three scans for three cases": (
        """WITH a AS (SELECT flight_date, COUNT(*) AS n FROM staging.flights WHERE cancelled GROUP BY flight_date),
        b AS (SELECT flight_date, COUNT(*) AS n FROM staging.flights WHERE NOT cancelled GROUP BY flight_date),
        c AS (SELECT flight_date, COUNT(*) AS n FROM staging.flights WHERE cancelled IS NULL GROUP BY flight_date)
        SELECT a.flight_date, a.n AS a, b.n AS b, c.n AS c FROM a
        JOIN b ON b.flight_date = a.flight_date JOIN c ON c.flight_date = a.flight_date""",
        ["L047"],
    ),
}
NOT_FOUND = {
    "an unnested array": "SELECT f.flight_date, d FROM staging.flights AS f, UNNEST([1, 2]) AS d",
    "a condition in WHERE": """
        SELECT f.flight_date, a.name FROM staging.flights AS f, dims.airports AS a WHERE a.airport = f.dest""",
    "a condition in USING": """
        SELECT f.flight_date, p.model FROM staging.flights AS f JOIN dims.planes AS p USING (tailnum)""",
    "a range": """
        SELECT f.flight_date, p.model FROM staging.flights AS f JOIN dims.planes AS p
        ON f.flight_date BETWEEN p.first_flight_date AND p.last_flight_date""",
    "a condition inside a function": """
        SELECT f.flight_date, a.name FROM staging.flights AS f JOIN dims.airports AS a
        ON STARTS_WITH(a.airport, f.dest)""",
    "either of two conditions": """
        SELECT f.flight_date, a.name FROM staging.flights AS f JOIN dims.airports AS a
        ON a.airport = f.dest OR a.airport = f.origin""",
    "one row of totals": """
        WITH total AS (SELECT MAX(seats) AS seats FROM dims.planes)
        SELECT f.flight_date, total.seats FROM staging.flights AS f CROSS JOIN total""",
    "one row of constants": """
        SELECT f.flight_date, p.x FROM staging.flights AS f CROSS JOIN (SELECT 1 AS x) AS p""",
    "rows that come from no table": """
        WITH hours AS (SELECT h FROM UNNEST(GENERATE_ARRAY(0, 23)) AS h)
        SELECT f.flight_date, hours.h FROM staging.flights AS f CROSS JOIN hours""",
    "totals first": """
        SELECT f.flight_date, t.seats FROM (SELECT MAX(seats) AS seats FROM dims.planes) AS t, staging.flights AS f""",
    "a partition column compared with constants": """
        SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE observed_date BETWEEN '2013-01-01' AND '2013-12-31' GROUP BY origin""",
    "a function beside a plain condition": """
        SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE observed_date >= '2013-01-01' AND EXTRACT(MONTH FROM observed_date) = 7 GROUP BY origin""",
    "a truncation to months, which BigQuery sees through": """
        SELECT origin, MAX(wind_gust_mph) AS gust FROM staging.weather
        WHERE DATE_TRUNC(observed_date, MONTH) = '2013-07-01' GROUP BY origin""",
    "a function in a table that is read by partition": """
        SELECT flight_date, COUNT(*) AS n FROM staging.flights
        WHERE EXTRACT(DAYOFWEEK FROM flight_date) = 1 GROUP BY flight_date""",
    "a dimension in three roles": """
        SELECT f.flight_date, a.name AS origin_name, b.name AS dest_name, c.name AS hub_name
        FROM staging.flights AS f
        LEFT JOIN dims.airports AS a ON a.airport = f.origin
        LEFT JOIN dims.airports AS b ON b.airport = f.dest
        LEFT JOIN dims.airports AS c ON c.airport = 'ATL'""",
    "three scans for three different things": """
        SELECT flight_date, COUNT(carrier) AS n FROM staging.flights GROUP BY flight_date
        UNION ALL
        SELECT flight_date, COUNT(origin) AS n FROM staging.flights GROUP BY flight_date
        UNION ALL
        SELECT flight_date, COUNT(dest) AS n FROM staging.flights GROUP BY flight_date""",
}


@pytest.mark.parametrize(("sql", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found(sql, expected):
    assert [each.split()[1] for each in linted(sql, codes="L04.")] == expected


@pytest.mark.parametrize("sql", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found(sql):
    assert linted(sql, codes="L04.") == []
