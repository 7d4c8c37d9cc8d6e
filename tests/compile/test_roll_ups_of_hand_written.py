"""Roll-ups of tables that group by hand: what adds up is rolled up, everything else is refused with what to write."""

from __future__ import annotations

import re

import pytest
from small_lake import DAILY, model_file

from aggregator.core.names import TableName

KEY = "key: [flight_date, carrier]"
DAYS, MONTHS = TableName("marts", "days"), TableName("marts", "months")


def days(columns: str, rest: str = "", more: str = KEY) -> str:
    """A daily model of carriers."""
    sql = f"SELECT flight_date, carrier, {columns}\nFROM lake.flights\nGROUP BY flight_date, carrier{rest}"
    return model_file(sql, DAILY, more)


def rolled_up(rollup: str) -> str:
    return f"description: A roll-up.\nowner: ops@example.com\nrollup: {rollup}\n"


@pytest.fixture
def months(compile_files):
    """A roll-up of a hand-written model: its SQL, or what is wrong."""

    def run(parent: str, measures: str = "all", more: str = "") -> str:
        text = rolled_up(f"{{of: marts.days, to: month, measures: {measures}{more}}}")
        compiled = compile_files({"models/marts/days.sql": parent, "models/marts/months.yml": text})
        said = [f"{each.code.id} {each.message}; {each.help}" for each in compiled.diagnostics]
        return "\n".join(said) if said else compiled.graph.models[MONTHS].sql

    return run


MERGED = {
    "COUNT(*)": "SUM(y) AS y",
    "COUNTIF(cancelled)": "SUM(y) AS y",
    "SUM(n)": "SUM(y) AS y",
    "IFNULL(SUM(n), 0) / 60": "SUM(y) AS y",
    "COUNT(*) - COUNT(delay)": "SUM(y) AS y",
    "MIN(n)": "MIN(y) AS y",
    "MAX(dest)": "MAX(y) AS y",
    "LOGICAL_OR(cancelled)": "LOGICAL_OR(y) AS y",
    "LOGICAL_AND(cancelled)": "LOGICAL_AND(y) AS y",
    "BIT_AND(n)": "BIT_AND(y) AS y",
    "BIT_OR(n)": "BIT_OR(y) AS y",
    "BIT_XOR(n)": "BIT_XOR(y) AS y",
}


@pytest.mark.parametrize(("expression", "merged"), MERGED.items(), ids=MERGED)
def test_what_adds_up_is_rolled_up(months, expression, merged):
    sql = months(days(f"{expression} AS y"), "[y]")

    assert merged in sql
    assert "GROUP BY DATE_TRUNC(flight_date, MONTH), carrier" in sql


REFUSED = {
    "COUNT(DISTINCT dest)": "declare {distinct: dest, method: hll} (±1.2 % at 95 %), or exact_set",
    "APPROX_COUNT_DISTINCT(dest)": "declare {distinct: dest, method: hll} (±1.2 % at 95 %), or exact_set",
    "AVG(delay)": "declare {avg: delay}",
    "STDDEV(delay)": "declare {stddev: delay}",
    "VAR_SAMP(delay)": "declare {variance: delay}",
    "SUM(n) / COUNT(*)": "declare {ratio: {num: SUM(n), den: COUNT(*)}}",
    "SAFE_DIVIDE(COUNTIF(cancelled), COUNT(n))": "declare {ratio: {num: COUNTIF(cancelled), den: COUNT(n)}}",
    "SUM(n) / NULLIF(SUM(delay), 0)": "declare {ratio: {num: SUM(n), den: SUM(delay)}}",
    "APPROX_QUANTILES(n, 100)[OFFSET(50)]": "declare {quantile: n, phi: 0.5, method: histogram}",
    "APPROX_QUANTILES(n, 4)[ORDINAL(4)]": "declare {quantile: n, phi: 0.75, method: histogram}",
    "APPROX_TOP_COUNT(dest, 5)": "declare {top: dest, n: 5}",
    "MAX_BY(dest, n)": "declare {arg_max: dest, by: n}",
    "MIN_BY(dest, n)": "declare {arg_min: dest, by: n}",
    "ANY_VALUE(dest HAVING MAX time_hour)": "declare {arg_max: dest, by: time_hour}",
    "ANY_VALUE(dest)": "declare {min: dest}, or {arg_max: dest, by: …}",
    "ARRAY_AGG(dest ORDER BY time_hour DESC LIMIT 1)[OFFSET(0)]": "declare {last: dest, by: time_hour}",
    "ARRAY_AGG(dest ORDER BY time_hour LIMIT 1)[SAFE_OFFSET(0)]": "declare {first: dest, by: time_hour}",
    "HLL_COUNT.INIT(dest)": "declare {distinct: dest, method: hll}, which keeps the sketch and merges it",
    "HLL_COUNT.EXTRACT(HLL_COUNT.INIT(dest))": (
        "declare {distinct: dest, method: hll}, which keeps the sketch and merges it"
    ),
    "ROUND(SUM(price), 2)": "keep SUM(price) as it is, and round where it is read",
    "CAST(SUM(price) AS STRING)": "keep SUM(price) as it is",
    "IFNULL(MIN(n), 0)": "keep MIN(n) as it is",
    "SUM(n) - SUM(delay)": "write COALESCE(SUM(n), 0) - COALESCE(SUM(delay), 0)",
    "COUNT(*) + SUM(n)": "write COUNT(*) + COALESCE(SUM(n), 0)",
    "MAX(n) - MIN(n)": "keep what it is made from in columns of their own, and compute it where it is read",
    "STRING_AGG(dest ORDER BY dest)": "declare it under `measures:`, or aggregate the rows once more",
    "SUM(DISTINCT n)": "leave out what is there twice in a model of its own, and aggregate that",
    "RANK() OVER (ORDER BY SUM(n))": "compute it behind the roll-up",
}


@pytest.mark.parametrize(("expression", "fix"), REFUSED.items(), ids=REFUSED)
def test_everything_else_is_refused_with_what_to_declare(months, expression, fix):
    said = months(days(f"{expression} AS y"), "[y]")

    assert re.fullmatch(r"A408 y is [^;]*: [^;]*; .*", said)
    assert said.partition("; ")[2] == fix


def test_what_is_refused_is_named_with_its_class_and_the_reason(months):
    said = months(days("COUNT(*) AS flights, COUNT(DISTINCT dest) AS places, AVG(delay) AS delay"))

    assert [line.partition(";")[0] for line in said.splitlines()] == [
        "A408 places is holistic: what is in several groups would be counted several times",
        "A408 delay is algebraic: a mean of means weighs small groups like large ones",
    ]


def test_what_adds_up_beside_it_can_be_rolled_up(months):
    assert "SUM(flights) AS flights" in months(days("COUNT(*) AS flights, AVG(delay) AS delay"), "[flights]")


def test_keys_made_from_keys_and_constants_are_left_out(months):
    sql = months(days("'x' AS what, UPPER(carrier) AS upper, COUNT(*) AS flights"))

    assert "SUM(flights) AS flights" in sql
    assert "upper" not in sql
    assert "what" not in sql


@pytest.mark.parametrize(
    ("rest", "clause"),
    [
        ("\nHAVING COUNT(*) > 10", "HAVING"),
        ("\nORDER BY flights DESC, carrier LIMIT 5", "LIMIT"),
        ("\nQUALIFY RANK() OVER (PARTITION BY flight_date ORDER BY flights DESC) <= 5", "QUALIFY"),
    ],
)
def test_a_table_that_leaves_groups_out_is_refused(months, rest, clause):
    said = months(days("COUNT(*) AS flights", rest), "[flights]")

    assert said.startswith(f"A409 marts.days leaves groups out by {clause}, so")


NOT_ROLLED_UP = {
    "without a key": days("COUNT(*) AS n", more=""),
    "with another key": days("COUNT(*) AS n", more="key: [flight_date]"),
    "with a key that is not shown": model_file(
        "SELECT flight_date, COUNT(*) AS n FROM lake.flights GROUP BY flight_date, carrier", more="key: [flight_date]"
    ),
    "of rows": model_file("SELECT flight_date, carrier, n FROM lake.flights", more=KEY),
}


@pytest.mark.parametrize("parent", NOT_ROLLED_UP.values(), ids=NOT_ROLLED_UP)
def test_a_table_whose_rows_are_not_known_to_be_groups_is_refused(months, parent):
    assert months(parent).startswith("A404 marts.days has no measures to roll up; ")


def test_rows_that_are_in_several_partitions_do_not_add_up_over_time(months):
    week = """SELECT days.day AS flight_date, flights.carrier, COUNT(*) AS n
    FROM lake.elsewhere AS days
    JOIN lake.flights AS flights ON flights.flight_date BETWEEN DATE_SUB(days.day, INTERVAL 6 DAY) AND days.day
    GROUP BY days.day, flights.carrier"""
    parent = model_file(week, more=f"{KEY}\ninputs: {{lake.flights: {{last: 7 days}}}}")

    assert months(parent).startswith("A405 ")


@pytest.mark.parametrize(
    ("offset", "is_shared"),
    [
        pytest.param("7 days", False, id="each day is read by one other"),
        pytest.param("1 month", True, id="the last of February by four days of March"),
        pytest.param("1 year", True, id="February 28 by a leap day, too"),
    ],
)
def test_an_offset_by_months_shares_rows(months, offset, is_shared):
    before = """SELECT days.day AS flight_date, flights.carrier, COUNT(*) AS n
    FROM lake.elsewhere AS days CROSS JOIN lake.flights AS flights
    GROUP BY days.day, flights.carrier"""
    parent = model_file(before, more=f"{KEY}\ninputs: {{lake.flights: {{offset: {offset}}}}}")

    assert months(parent).startswith("A405 ") == is_shared


def test_rows_whose_partition_follows_from_them_add_up_over_time(months):
    late = "SELECT flight_date, carrier, COUNT(*) AS n FROM lake.flights GROUP BY flight_date, carrier"
    parent = model_file(late, more=f"{KEY}\ninputs: {{lake.flights: {{last: 7 days}}}}")

    assert "SUM(n) AS n" in months(parent)


def test_a_roll_up_of_a_roll_up_of_it(compile_files):
    compiled = compile_files(
        {
            "models/marts/days.sql": days("COUNT(*) AS n, MAX(delay) AS worst"),
            "models/marts/months.yml": rolled_up("{of: marts.days, to: month}"),
            "models/marts/years.yml": rolled_up("{of: marts.months, to: year, dimensions: [], measures: [worst]}"),
        }
    )

    assert compiled.diagnostics == ()
    assert "MAX(worst) AS worst" in compiled.graph.models[TableName("marts", "years")].sql


def test_what_is_known_of_the_groups_has_no_places(compile_files):
    compiled = compile_files({"models/marts/days.sql": days("COUNT(*) AS n, AVG(delay) AS delay")})
    moved = compile_files({"models/marts/days.sql": days("COUNT(*) AS n,\n\n  AVG(delay)   AS delay")})

    known = compiled.graph.models[DAYS].aggregate
    assert known is not None
    assert known == moved.graph.models[DAYS].aggregate
    assert (known.dimensions, known.time, known.is_declared) == (("carrier",), "flight_date", False)
    assert [(each.name, each.arguments) for each in known.measures] == [("n", {"count": "*"})]
