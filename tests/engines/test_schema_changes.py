"""Columns of tables over time: new ones are added, other changes refused or made by --full; types are BigQuery's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import pytest
from lab import Lab, Rows, built, daily, graph_of, messages, model, name, planned, source, statuses

from aggregator.core.report import Report, Status
from aggregator.run.codes import COLUMNS_CHANGED

DAYS = ["2013-01-01", "2013-01-02", "2013-01-03"]
FACTS = "day,n,s\n2013-01-01,1,a\n2013-01-02,2,b\n2013-01-03,3,c\n"
SECOND_DAY = (datetime.fromisoformat(DAYS[1]), datetime.fromisoformat(DAYS[2]))
BY_DAY = {"partition": daily("day", DAYS[0])}
BY_MONTH = {"partition": daily("day", DAYS[0], grain="month")}
KINDS = {"view": {"kind": "view"}, "whole table": {}, "table by day": BY_DAY, "table by month": BY_MONTH}
READER = model(
    "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS total FROM marts.daily",
    partition=daily("day", DAYS[1]),
    inputs={"marts.daily": {"last": "2 days"}},
)
Daily = Callable[..., Lab]


@pytest.fixture
def daily_as(tmp_path) -> Daily:
    """The same database each time, with another SELECT and front matter of its one model."""

    def daily_as(sql: str, *, files: dict[str, str] | None = None, **front: Any) -> Lab:
        columns = {"day": "DATE", "n": "INT64", "s": "STRING"}
        facts = source(columns, local="facts.csv", partition=daily("day", "2013-01-01", "2013-02-01"))
        project = {
            "facts.csv": FACTS,
            "models/lake/facts.yml": facts,
            "models/marts/daily.sql": model(sql, **front),
        }
        return Lab(graph_of(tmp_path, {**project, **(files or {})}))

    return daily_as


def by_day(date_and_rest: Iterable[tuple[Any, ...]]) -> Rows:
    return [(date.fromisoformat(day), *rest) for day, *rest in date_and_rest]


def columns(lab: Lab, table: str = "daily") -> dict[str, str]:
    sql = "SELECT column_name, data_type FROM duckdb_columns() WHERE (schema_name, table_name) = ('marts', '{}')"
    return dict(lab.query(sql.format(table) + " ORDER BY column_index"))


# --- new columns -----------------------------------------------------------------------------------------------------


def test_a_new_column_is_null_until_its_partition_is_built(daily_as):
    daily_as("SELECT day, n FROM lake.facts", **BY_DAY).run()
    lab = daily_as("SELECT n * 10 AS more, day, n FROM lake.facts", **BY_DAY)
    lab.run(interval=SECOND_DAY)

    assert columns(lab) == {"day": "DATE", "n": "BIGINT", "more": "BIGINT"}
    assert lab.rows("marts.daily") == by_day([(DAYS[0], 1, None), (DAYS[1], 2, 20), (DAYS[2], 3, None)])
    assert {planned(lab.plan())["marts.daily", each] for each in (DAYS[0], DAYS[2])} == {"logic"}

    lab.run()
    assert lab.rows("marts.daily") == by_day([(DAYS[0], 1, 10), (DAYS[1], 2, 20), (DAYS[2], 3, 30)])
    assert lab.plan().steps == ()


def test_readers_of_a_table_with_a_new_column_know_what_they_read(daily_as):
    """The new column gives the partitions beside it another version, also those that the same run does not build."""
    files = {"models/marts/reader.sql": READER}
    daily_as("SELECT day, n FROM lake.facts", files=files, **BY_DAY).run()
    lab = daily_as("SELECT day, n, s FROM lake.facts", files=files, **BY_DAY)
    lab.run(interval=SECOND_DAY)
    row = lab.ledger().built[name("marts.reader")][DAYS[1]]
    with lab.engine() as engine:
        versions = engine.versions()[name("marts.daily")]

    assert {each["partition"]: each["version"] for each in json.loads(row.inputs)} == {
        each: versions[each].token for each in DAYS[:2]
    }


@pytest.mark.parametrize("full", [pytest.param(False, id="built as usual"), pytest.param(True, id="built in full")])
def test_a_new_column_of_a_model_that_reads_itself(daily_as, full):
    """The query reads a column of its own table that is not there yet."""
    before = "SELECT day, n + COALESCE((SELECT MAX(total) FROM marts.daily), 0) AS total FROM lake.facts"
    after = before.replace(" FROM lake", ", 1 + COALESCE((SELECT MAX(days) FROM marts.daily), 0) AS days FROM lake")
    front = {**BY_DAY, "inputs": {"marts.daily": "previous"}}
    types = {"day": {"type": "DATE"}, "total": {"type": "INT64"}}
    daily_as(before, columns=types, **front).run()
    lab = daily_as(after, columns={**types, "days": {"type": "INT64"}}, **front)

    assert messages(lab.run(full=full)) == []
    assert lab.rows("marts.daily") == by_day([(DAYS[0], 1, 1), (DAYS[1], 3, 2), (DAYS[2], 6, 3)])


def test_a_query_that_fails_adds_no_column(daily_as):
    """A model that reads itself sees its new column before it is there; readers do not."""
    sql = "SELECT day, n, 1 / (SELECT COUNT(more) FROM marts.daily) AS more FROM lake.facts"
    daily_as("SELECT day, n FROM lake.facts", **BY_DAY).run()
    lab = daily_as(sql, inputs={"marts.daily": "previous"}, columns={"more": {"type": "FLOAT64"}}, **BY_DAY)
    report = lab.run()

    assert "division by zero" in messages(report)[0]
    assert columns(lab) == {"day": "DATE", "n": "BIGINT"}


def test_a_column_in_another_case_is_the_same_column(daily_as):
    """As on BigQuery. The table keeps the name that it has."""
    daily_as("SELECT day, n FROM lake.facts", **BY_DAY).run()
    lab = daily_as("SELECT day AS DAY, n * 10 AS N, s FROM lake.facts", partition=daily("DAY", DAYS[0]))
    report = lab.run()

    assert messages(report) == []
    assert columns(lab) == {"day": "DATE", "n": "BIGINT", "s": "VARCHAR"}
    assert lab.rows("marts.daily") == by_day([(DAYS[0], 10, "a"), (DAYS[1], 20, "b"), (DAYS[2], 30, "c")])
    assert lab.plan().steps == ()


# --- columns that went, or changed -----------------------------------------------------------------------------------


def refused(report: Report) -> list[tuple[str, str]]:
    """What was said about each failed step, and advised."""
    problems = [each.problem for each in report.results if each.status is Status.FAILED]
    assert {problem.code for problem in problems} == {COLUMNS_CHANGED}
    return [(problem.message, problem.help) for problem in problems]


@pytest.mark.parametrize("one_by_one", [pytest.param(False, id="at once"), pytest.param(True, id="one by one")])
@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        pytest.param("SELECT day, s FROM lake.facts", ["n is gone"], id="a column removed"),
        pytest.param("SELECT day, n AS m, s FROM lake.facts", ["n is gone"], id="a column renamed"),
        pytest.param("SELECT day AS date, n, s FROM lake.facts", ["day is gone"], id="the partition column renamed"),
        pytest.param("SELECT day, n / 2 AS n, s FROM lake.facts", ["n was BIGINT and is DOUBLE"], id="another type"),
        pytest.param(
            "SELECT n AS s, day FROM lake.facts", ["n is gone", "s was VARCHAR and is BIGINT"], id="one of each"
        ),
    ],
)
def test_other_changes_are_refused_and_made_by_full(daily_as, one_by_one, sql, changes):
    before = daily_as("SELECT day, n, s FROM lake.facts", **BY_DAY)
    before.run()
    old = before.tables(), columns(before)
    lab = daily_as(sql, partition=daily("date" if "AS date" in sql else "day", DAYS[0]))
    lab = lab.one_by_one() if one_by_one else lab
    message = f"marts.daily: old and new rows do not fit into one table: {'; '.join(changes)}"
    advice = "rebuild it from nothing: `aggregator run --full --select marts.daily`"

    assert set(refused(lab.run())) == {(message, advice)}
    assert set(refused(lab.run(full=True, interval=SECOND_DAY))) == {(message, advice)}, "it would lose the other days"
    assert (lab.tables(), columns(lab)) == old

    assert lab.run(full=True).is_clean
    assert lab.rows("marts.daily") == lab.query(f"{sql} ORDER BY ALL")
    assert lab.plan().steps == ()


def test_without_rows_nothing_is_in_the_way(daily_as):
    daily_as("SELECT day, n FROM lake.facts WHERE n > 10", **BY_DAY).run()
    lab = daily_as("SELECT day, s FROM lake.facts", **BY_DAY)
    report = lab.run()

    assert messages(report) == []
    assert columns(lab) == {"day": "DATE", "s": "VARCHAR"}
    assert lab.rows("marts.daily") == by_day([(DAYS[0], "a"), (DAYS[1], "b"), (DAYS[2], "c")])


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT n, s, day FROM lake.facts", {"n": "BIGINT", "s": "VARCHAR", "day": "DATE"}, id="more"),
        pytest.param("SELECT n FROM lake.facts", {"n": "BIGINT"}, id="fewer"),
        pytest.param("SELECT n, day FROM lake.facts", {"n": "BIGINT", "day": "DATE"}, id="in another order"),
        pytest.param("SELECT s AS day, n FROM lake.facts", {"day": "VARCHAR", "n": "BIGINT"}, id="of another type"),
    ],
)
def test_a_table_that_is_replaced_whole_takes_any_columns(daily_as, sql, expected):
    daily_as("SELECT day, n FROM lake.facts").run()
    lab = daily_as(sql)
    report = lab.run()

    assert messages(report) == []
    assert columns(lab) == expected
    assert lab.rows("marts.daily") == lab.query(sql + " ORDER BY ALL")


# --- from one kind to another ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"), [(one, other) for one in KINDS for other in KINDS if one != other], ids=lambda kind: kind
)
def test_kind(daily_as, before, after):
    """The name stands for the new rows, and who reads it reads those."""
    files = {"models/marts/counted.sql": model("SELECT COUNT(*) AS c, SUM(n) AS total FROM marts.daily")}
    daily_as("SELECT day, n FROM lake.facts WHERE n < 4", files=files, **KINDS[before]).run()
    lab = daily_as("SELECT day, n * 2 AS n FROM lake.facts WHERE n < 4", files=files, **KINDS[after])
    report = lab.run()
    views = lab.query("SELECT view_name FROM duckdb_views() WHERE NOT internal")

    assert messages(report) == []
    assert views == [("daily",)] * (after == "view")
    assert lab.rows("marts.daily") == by_day([(DAYS[0], 2), (DAYS[1], 4), (DAYS[2], 6)])
    assert lab.rows("marts.counted") == [(3, 12)]
    assert lab.plan().steps == ()


def test_a_view_that_does_not_work_leaves_the_table(daily_as):
    """DuckDB sees the mistake only when it is given the query; the table was dropped by then, and is back."""
    before = daily_as("SELECT day, n FROM lake.facts")
    before.run()
    rows = before.rows("marts.daily")
    lab = daily_as("SELECT NO_SUCH_FUNCTION(day) AS day, n FROM lake.facts", kind="view")
    report = lab.run()

    assert statuses(report) == {("marts.daily", ""): Status.FAILED}
    assert lab.rows("marts.daily") == rows


# --- types -----------------------------------------------------------------------------------------------------------

LAKE = {"n": "INT64", "x": "FLOAT64", "d": "NUMERIC", "b": "BOOL", "day": "DATE", "t": "TIMESTAMP", "w": "DATETIME"}
EXPRESSIONS = {
    "BIGINT": [
        *(
            "n",
            "1",
            "SUM(n)",
            "COUNT(*)",
            "COUNTIF(b)",
            "LENGTH('a')",
            "EXTRACT(YEAR FROM day)",
            "SIGN(n)",
            "-n",
            "n * n",
        ),
        *("DATE_DIFF(day, DATE '2013-01-01', DAY)", "TIMESTAMP_DIFF(t, t, HOUR)", "DIV(n, 2)", "CAST(x AS INT64)"),
        *("ARRAY_LENGTH([n])", "SUM(SUM(n)) OVER ()", "RANK() OVER (ORDER BY n)", "IF(b, 1, 0)", "UNIX_SECONDS(t)"),
        *("APPROX_COUNT_DISTINCT(n)", "MAX(n) - MIN(n)", "NULL"),
    ],
    "DOUBLE": [
        *("x", "0.1", "1.5e0", "n / 2", "AVG(n)", "SUM(x)", "n * 0.5", "SAFE_DIVIDE(n, 2)", "ROUND(x, 2)", "SQRT(n)"),
        *("STDDEV(n)", "FLOOR(n)", "IF(b, 0.5, 1)", "COALESCE(SAFE_DIVIDE(n, 0), 0)", "d * x", "ROUND(n)"),
    ],
    "DECIMAL(38,9)": [
        *("d", "CAST(1 AS NUMERIC)", "NUMERIC '1.5'", "SUM(d)", "AVG(d)", "d * d", "d / d", "d + 1", "ROUND(d, 2)"),
    ],
    "DECIMAL(38,18)": ["CAST(1 AS BIGNUMERIC)", "SUM(CAST(d AS BIGNUMERIC))"],
    "DATE": [
        *("day", "DATE(t)", "DATE(t, 'America/New_York')", "DATE_TRUNC(day, MONTH)", "LAST_DAY(day)"),
        *("DATE_ADD(day, INTERVAL 1 DAY)", "DATE_SUB(day, INTERVAL 1 MONTH)", "EXTRACT(DATE FROM t)", "MAX(day)"),
    ],
    "TIMESTAMP WITH TIME ZONE": [
        *("t", "TIMESTAMP '2013-01-01'", "TIMESTAMP_TRUNC(t, HOUR)", "TIMESTAMP(w)", "TIMESTAMP(day)"),
        *("TIMESTAMP_ADD(t, INTERVAL 1 DAY)", "TIMESTAMP_SECONDS(0)", "TIMESTAMP(w, 'America/New_York')"),
    ],
    "TIMESTAMP": ["w", "DATETIME_TRUNC(w, HOUR)", "DATETIME(t, 'America/New_York')", "DATETIME_ADD(w, INTERVAL 1 DAY)"],
    "BOOLEAN": ["b", "n > 1", "day IS NULL"],
    "VARCHAR": ["'a'", "CAST(n AS STRING)", "FORMAT_DATE('%Y', day)", "TO_HEX(SHA256('a'))"],
    "BLOB": ["SHA256('a')", "b'a'"],
    "BIGINT[]": ["ARRAY_AGG(n)", "GENERATE_ARRAY(1, 2)", "[1, 2]", "ARRAY_AGG(SIGN(n))"],
    "DECIMAL(38,9)[]": ["ARRAY_AGG(d * d)"],
    "STRUCT(a BIGINT, b DOUBLE)": ["STRUCT(n AS a, x AS b)", "STRUCT(1 AS a, 0.5 AS b)"],
}
_AGGREGATES = ("SUM(", "COUNT", "AVG(", "ARRAY_AGG(", "STDDEV(", "MAX(", "APPROX_")
TYPES = [(type_, each) for type_, expressions in EXPRESSIONS.items() for each in expressions]


@pytest.fixture(scope="module")
def typed(tmp_path_factory) -> tuple[Lab, Report]:
    """A table of one column for each expression."""
    root = tmp_path_factory.mktemp("types")
    facts = "n,x,d,b,day,t,w\n1,0.5,1.25,true,2013-01-01,2013-01-01 10:00:00,2013-01-01 10:00:00\n"
    files = {"facts.csv": facts, "models/lake/facts.yml": source(LAKE, local="facts.csv")}
    for number, (_, expression) in enumerate(TYPES):
        grouped = "" if any(each in expression for each in _AGGREGATES) else f" GROUP BY {', '.join(LAKE)}"
        sql = f"SELECT {expression} AS value FROM lake.facts{grouped}"
        files[f"models/marts/t{number}.sql"] = model(sql)
    lab = Lab(graph_of(root, files))
    return lab, lab.run()


@pytest.mark.parametrize(
    ("number", "expected"),
    [pytest.param(number, type_, id=f"{each} is {type_}") for number, (type_, each) in enumerate(TYPES)],
)
def test_type(typed, number, expected):
    lab, report = typed

    assert (f"marts.t{number}", "") in built(report)
    assert columns(lab, f"t{number}") == {"value": expected}


def test_a_declared_type_helps_where_none_is_inferred(daily_as):
    """None is for these; DuckDB's own is another one."""
    declared = {"a": "NUMERIC", "b": "FLOAT64", "c": "DATE", "d": "TIMESTAMP", "e": "DATETIME"}
    sql = (
        "SELECT TRUNC(NUMERIC '1.5') AS a, TRUNC(1.5) AS b, DATETIME(day) AS c, DATETIME(day) AS d, DATETIME(day) AS e"
    )
    lab = daily_as(f"{sql} FROM lake.facts", columns={each: {"type": type_} for each, type_ in declared.items()})
    lab.run()

    assert columns(lab) == {
        "a": "DECIMAL(38,9)",
        "b": "DOUBLE",
        "c": "DATE",
        "d": "TIMESTAMP WITH TIME ZONE",
        "e": "TIMESTAMP",
    }
