"""Numbers that must not be aggregated once more, however many models and copies lie in between."""

from __future__ import annotations

import pytest
from linted import linted
from linted_models import DAYS, findings, model, told

COLUMNS = {
    "rate": "SAFE_DIVIDE(COUNTIF(cancelled), COUNT(*))",
    "delay": "AVG(dep_delay)",
    "middle": "APPROX_QUANTILES(dep_delay, 2)[OFFSET(1)]",
    "planes": "COUNT(DISTINCT tailnum)",
    "sketched": "HLL_COUNT.EXTRACT(HLL_COUNT.INIT(tailnum))",
    "worst": "MAX(dep_delay)",
    "flights": "COUNT(*)",
    "miles": "SUM(distance)",
}
COMPUTED = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS.items())
COPIED = ", ".join(f"{name} AS the_{name}" for name in COLUMNS)
ROWS = model(
    f"""-- lint: allow approx because this is a test
    SELECT flight_date, carrier, origin, {COMPUTED}
    FROM staging.flights GROUP BY flight_date, carrier, origin"""
)
COPY = model(f"SELECT flight_date, carrier, origin, {COPIED} FROM marts.rows")

TRAPS = {
    "a sum of ratios": ("SUM(the_rate) AS x", ["L041"]),
    "a sum of averages": ("SUM(the_delay) AS x", ["L041"]),
    "an average of averages": ("AVG(the_delay) AS x", ["L040"]),
    "a sum of medians": ("SUM(the_middle) AS x", ["L080"]),
    "an average of medians": ("AVG(the_middle) AS x", ["L080"]),
    "a rounded average of medians": ("ROUND(AVG(CAST(the_middle AS FLOAT64)), 1) AS x", ["L080"]),
    "a sum of distinct counts": ("SUM(the_planes) AS x", ["L042"]),
    "a sum of estimates of distinct counts": ("SUM(the_sketched) AS x", ["L042"]),
    "an average of distinct counts": ("AVG(the_planes) AS x", ["L081"]),
    "an average of distinct counts that is called so": ("AVG(the_planes) AS planes_per_day", []),
    "a sum of maxima": ("SUM(the_worst) AS x", ["L082"]),
    "a maximum of maxima": ("MAX(the_worst) AS x", []),
    "a maximum of medians": ("MAX(the_middle) AS x", []),
    "an average of maxima": ("AVG(the_worst) AS x", []),
    "a sum of counts": ("SUM(the_flights) AS x", []),
    "a sum of sums": ("SUM(the_miles) AS x", []),
    "a count of groups is what it says": ("COUNT(*) AS x", []),
    "a count of carriers is what it says": ("COUNT(DISTINCT carrier) AS x", []),
    "a weighted ratio": ("SAFE_DIVIDE(SUM(the_rate * the_flights), SUM(the_flights)) AS x", []),
}


@pytest.mark.parametrize(("select", "expected"), TRAPS.values(), ids=TRAPS)
def test_two_models_up(select, expected):
    total = model(f"SELECT flight_date, {select} FROM marts.copy GROUP BY flight_date")

    assert told({"rows": ROWS, "copy": COPY, "total": total}) == [f"total {each}" for each in expected]


def test_a_median_of_medians():
    total = model(
        """-- lint: allow approx because this is a test
        SELECT flight_date, APPROX_QUANTILES(the_middle, 2)[OFFSET(1)] AS x FROM marts.copy GROUP BY flight_date"""
    )

    assert told({"rows": ROWS, "copy": COPY, "total": total}) == ["total L080"]


MEASURES = {
    "an average": ("{avg: dep_delay}", "SUM(m)", ["L041"]),
    "a ratio": ("{ratio: {num: COUNTIF(cancelled), den: COUNT(*)}}", "AVG(m)", ["L040"]),
    "an exact distinct count": ("{distinct: tailnum, method: exact_set}", "SUM(m)", ["L042"]),
    "a sketched distinct count": ("{distinct: tailnum, method: hll}", "SUM(m)", ["L042"]),
    "a quantile": ("{quantile: dep_delay, phi: 0.9}", "AVG(m)", ["L080"]),
    "a maximum": ("{max: dep_delay}", "SUM(m)", ["L082"]),
    "a sum": ("{sum: distance}", "SUM(m)", []),
    "a count": ("{count: '*'}", "SUM(m)", []),
}


@pytest.mark.parametrize(("measure", "select", "expected"), MEASURES.values(), ids=MEASURES)
def test_declared_measures_are_known_for_what_they_are(measure, select, expected):
    days = model(
        "SELECT flight_date, carrier, tailnum, dep_delay, distance, cancelled FROM staging.flights",
        f"{DAYS}dimensions: [flight_date, carrier]\nmeasures: {{m: {measure}}}\n",
    )
    total = model(f"SELECT flight_date, {select} AS x FROM marts.days GROUP BY flight_date")

    assert told({"days": days, "total": total}) == [f"total {each}" for each in expected]


CUT = {
    "by rank": """GROUP BY flight_date, dest
    QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY n DESC, dest) < 6""",
    "by LIMIT": "GROUP BY flight_date, dest ORDER BY n DESC, dest LIMIT 5",
}


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT)
@pytest.mark.parametrize(("select", "expected"), [("SUM(n)", ["total L086"]), ("MAX(n)", [])])
def test_first_groups_of_another_model(cut, select, expected):
    top = model(f"SELECT flight_date, dest, COUNT(*) AS n FROM staging.flights {cut}")
    copy = model("SELECT flight_date, dest AS airport, n FROM marts.top")
    total = model(f"SELECT flight_date, {select} AS n FROM marts.copy GROUP BY flight_date")

    assert told({"top": top, "copy": copy, "total": total}) == expected


def test_the_latest_of_equal_rows_is_not_the_first_of_groups():
    latest = """WITH latest AS (
      SELECT flight_date, tailnum, distance FROM staging.flights
      QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, tailnum ORDER BY time_hour DESC, flight, origin) = 1
    )
    SELECT flight_date, SUM(distance) AS miles FROM latest GROUP BY flight_date"""

    assert [each for each in linted(latest) if "L08" in each] == []


INSIDE = {
    "SUM(arr_delay) - SUM(dep_delay)": ["L083"],
    "COALESCE(SUM(arr_delay), 0) - SUM(dep_delay)": ["L083"],
    "COUNT(*) + SUM(dep_delay)": ["L083"],
    "SUM(IF(diverted, distance, NULL)) + COUNT(*)": ["L083"],
    "SUM(CASE WHEN diverted THEN distance END) + COUNT(*)": ["L083"],
    "SUM(IF(diverted, distance, 0)) - COUNT(*)": [],
    "SUM(CASE WHEN diverted THEN distance ELSE 0 END) - COUNT(*)": [],
    "SUM(COALESCE(arr_delay, 0)) - SUM(IFNULL(dep_delay, 0))": [],
    "COALESCE(SUM(arr_delay) - SUM(dep_delay), 0)": [],
    "COUNT(*) - COUNT(tailnum)": [],
    "SUM(arr_delay - dep_delay)": [],
    "SUM(arr_delay) + 1": [],
    "BIT_XOR(FARM_FINGERPRINT(tailnum))": ["L085"],
    "BIT_XOR(DISTINCT FARM_FINGERPRINT(tailnum))": [],
    "BIT_XOR(flight)": [],
}


@pytest.mark.parametrize(("expression", "expected"), INSIDE.items(), ids=INSIDE)
def test_inside_one_select(expression, expected):
    found = linted(f"SELECT flight_date, {expression} AS x FROM staging.flights GROUP BY flight_date")

    assert [each.split()[1] for each in found] == expected


WEEKS = {
    "EXTRACT(YEAR FROM flight_date) AS y, EXTRACT(ISOWEEK FROM flight_date) AS w": ["L084"],
    "EXTRACT(YEAR FROM flight_date) AS y, EXTRACT(WEEK FROM flight_date) AS w": ["L084"],
    "EXTRACT(YEAR FROM flight_date) AS y, EXTRACT(WEEK(MONDAY) FROM flight_date) AS w": ["L084"],
    "EXTRACT(ISOYEAR FROM flight_date) AS y, EXTRACT(ISOWEEK FROM flight_date) AS w": [],
    "EXTRACT(YEAR FROM flight_date) AS y, EXTRACT(QUARTER FROM flight_date) AS w": [],
    "DATE_TRUNC(flight_date, ISOWEEK) AS y, 1 AS w": [],
    "FORMAT_DATE('%Y-%V', flight_date) AS y, 1 AS w": ["L084"],
    "FORMAT_DATE('%G-%V', flight_date) AS y, 1 AS w": [],
    "FORMAT_DATE('%Y-%m', flight_date) AS y, 1 AS w": [],
}


@pytest.mark.parametrize(("keys", "expected"), WEEKS.items(), ids=WEEKS)
@pytest.mark.parametrize("through", ["", "WITH"])
def test_years_and_weeks(keys, expected, through):
    sql = f"SELECT flight_date, {keys}, COUNT(*) AS n FROM staging.flights GROUP BY flight_date, y, w"
    if through:
        sql = f"""WITH k AS (SELECT flight_date, {keys} FROM staging.flights)
        SELECT flight_date, y, w, COUNT(*) AS n FROM k GROUP BY flight_date, y, w"""

    assert [each.split()[1] for each in linted(sql)] == expected


def test_one_value_of_each_group_may_be_summed():
    sql = """WITH planes AS (SELECT flight_date, tailnum, MAX(distance) AS distance FROM staging.flights
    GROUP BY flight_date, tailnum)
    SELECT flight_date, SUM(distance) AS distance FROM planes GROUP BY flight_date"""

    assert linted(sql) == []


def test_findings_say_how_to_allow_what_is_meant():
    total = model("SELECT flight_date, SUM(the_worst) AS x FROM marts.copy GROUP BY flight_date")

    (found,) = findings({"rows": ROWS, "copy": COPY, "total": total})
    assert "lint: allow sum-of-extremes because" in found.help
