"""Names that stand for a row, because a table is called like the column that was meant."""

from __future__ import annotations

import pytest
from linted import diagnostics, linted

FROM = "FROM staging.flights AS carrier GROUP BY flight_date"
ROWS = {
    "counted": (f"SELECT flight_date, COUNT(carrier) AS n {FROM}", ["1:27 L087"]),
    "asked for NULL": (f"SELECT flight_date, COUNTIF(carrier IS NULL) AS n {FROM}", ["1:29 L087"]),
    "compared": (f"SELECT flight_date, COUNTIF(carrier = 'UA') AS n {FROM}", ["1:29 L087"]),
    "of a query in WITH": (
        """WITH tail AS (SELECT flight_date, tailnum AS tail FROM staging.flights)
SELECT flight_date, COUNT(tail) AS n FROM tail GROUP BY flight_date""",
        ["2:27 L087"],
    ),
    "in another case": (
        "SELECT flight_date, COUNT(Tailnum) AS n FROM staging.flights AS Tailnum GROUP BY 1",
        ["1:27 L087"],
    ),
    "the column": (f"SELECT flight_date, COUNT(carrier.carrier) AS n {FROM}", []),
    "a row on purpose": ("SELECT flight_date, TO_JSON_STRING(f) AS x FROM staging.flights AS f", []),
    "a column of another table": (
        """SELECT f.flight_date, name.name
        FROM staging.flights AS f JOIN dims.airports AS name ON name.airport = f.dest""",
        [],
    ),
}


@pytest.mark.parametrize(("sql", "expected"), ROWS.values(), ids=ROWS)
def test_rows_where_columns_were_meant(sql, expected):
    assert linted(sql, codes="L087") == expected


@pytest.mark.parametrize("use", ["MAX(carrier)", "SUM(carrier)", "COUNTIF(carrier > 'UA')"])
def test_types_that_fail_say_why(use):
    found = diagnostics(f"SELECT flight_date, {use} AS x {FROM}")

    advice = "carrier is a whole row here, as a table is called so: write carrier.carrier for its column"
    assert [each.help for each in found] == [advice]
