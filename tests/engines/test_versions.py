"""Versions are digests of rows: equal rows give equal ones in any order, and any other rows give others."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime
from random import Random
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from lab import Lab, daily, graph_of, model, planned

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.names import TableName
from aggregator.core.warehouse import ABSENT, NULL_PARTITION, Version
from aggregator.engines.duckdb.catalog import table_columns, table_versions
from aggregator.engines.duckdb.connection import Connection

TABLE = TableName("lake", "facts")
BY_DAY = Calendar("day", ColumnType.DATE, Grain.DAY, "UTC")
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    connection = Connection(tmp_path_factory.mktemp("versions") / "local.duckdb", wait=1, say=lambda _: None)
    connection.execute("CREATE SCHEMA lake")
    yield connection
    connection.close()


def versions(
    db: Connection, columns: dict[str, str], rows: Rows, calendar: Calendar | None = BY_DAY
) -> dict[str, Version]:
    """Fill a table and read its versions."""
    declared = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    db.execute(f"CREATE OR REPLACE TABLE lake.facts ({declared})")
    places = ", ".join(f"${number + 1}" for number in range(len(columns)))
    for row in rows:
        db.execute(f"INSERT INTO lake.facts VALUES ({places})", row)
    return table_versions(db, TABLE, table_columns(db)[TABLE], calendar)


def token(db: Connection, type_: str, *values: Any) -> str:
    """The version of one partition with a row for each value."""
    rows = [(date(2013, 1, 1), value) for value in values]
    return versions(db, {"day": "DATE", "value": type_}, rows)["2013-01-01"].token


# --- properties ------------------------------------------------------------------------------------------------------

COLUMNS = {"day": "DATE", "n": "BIGINT", "m": "BIGINT", "s": "VARCHAR"}
_SMALL = st.none() | st.integers(-1, 2)
_ROW = st.tuples(
    st.none() | st.sampled_from([date(2013, 1, 1), date(2013, 1, 2)]), _SMALL, _SMALL, st.sampled_from([None, "", "a"])
)


def partition_of(row: tuple[Any, ...]) -> str:
    return str(row[0] or NULL_PARTITION)


def rows_of(partition: str, rows: Rows) -> Counter[tuple[Any, ...]]:
    return Counter(row for row in rows if partition_of(row) == partition)


@hypothesis.settings(max_examples=60)
@hypothesis.given(rows=st.lists(_ROW, max_size=12), random=st.randoms(use_true_random=False))
def test_any_order_of_rows_and_columns_gives_the_same(db, rows: Rows, random: Random):
    one = versions(db, COLUMNS, rows)
    order = random.sample(range(len(COLUMNS)), len(COLUMNS))
    columns = {list(COLUMNS)[each]: list(COLUMNS.values())[each] for each in order}
    other = versions(db, columns, [tuple(row[each] for each in order) for row in random.sample(rows, len(rows))])

    assert one == other
    assert {partition: version.rows for partition, version in one.items()} == Counter(map(partition_of, rows))


@hypothesis.settings(max_examples=100)
@hypothesis.given(rows=st.lists(_ROW, max_size=6), change=st.data())
def test_other_rows_give_another(db, rows: Rows, change: st.DataObject):
    """Of few values, so that rows are nearly the same. Partitions that were left alone stay as they are."""
    others = list(rows)
    for _ in range(change.draw(st.integers(1, 3))):
        at = change.draw(st.integers(0, len(others)))
        others[at : at + change.draw(st.integers(0, 1))] = change.draw(st.lists(_ROW, max_size=2))
    one, other = versions(db, COLUMNS, rows), versions(db, COLUMNS, others)

    for partition in {partition_of(row) for row in (*rows, *others)}:
        equal = rows_of(partition, rows) == rows_of(partition, others)
        assert (one.get(partition, ABSENT).token == other.get(partition, ABSENT).token) == equal


@hypothesis.settings(max_examples=100)
@hypothesis.given(
    number=st.floats(1e-290, 1e290) | st.floats(-1e290, -1e-290), digits=st.floats(1e-11, 1e-3), up=st.booleans()
)
def test_floats_that_differ_in_eleven_digits_differ(db, number, digits, up):
    other = number * (1 + digits if up else 1 - digits)

    assert token(db, "DOUBLE", number) != token(db, "DOUBLE", other)


# --- cases -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        pytest.param("BIGINT", [1], [2], id="a number"),
        pytest.param("BIGINT", [0], [None], id="zero becomes NULL"),
        pytest.param("BIGINT", [1], [1, 1], id="a row twice"),
        pytest.param("BIGINT", [1, 1, 2], [1, 2, 2], id="another row twice"),
        pytest.param("BIGINT", [None], [None, None], id="a NULL twice"),
        pytest.param("BIGINT", [1, 4], [2, 3], id="numbers of the same sum"),
        pytest.param("BIGINT", [2**63 - 1], [2**63 - 2], id="the last digit of a great number"),
        pytest.param("VARCHAR", [""], [None], id="an empty text becomes NULL"),
        pytest.param("VARCHAR", ["a"], ["A"], id="upper case"),
        pytest.param("VARCHAR", ["a"], ["a "], id="a space at the end"),
        pytest.param("VARCHAR", ["é"], ["e\u0301"], id="the same letter in other code points"),
        pytest.param("BOOLEAN", [False], [None], id="false becomes NULL"),
        pytest.param("DOUBLE", [0.0], [None], id="a float zero becomes NULL"),
        pytest.param("DOUBLE", [1.0], [-1.0], id="the sign of a float"),
        pytest.param("DOUBLE", [1.0], [1.00000000001], id="the eleventh digit of a float"),
        pytest.param("DOUBLE", [math.nan], [None], id="NaN becomes NULL"),
        pytest.param("DECIMAL(38,9)", ["1.000000001"], ["1.000000002"], id="the ninth digit of a NUMERIC"),
        pytest.param("TIMESTAMPTZ", ["2013-01-01 00:00:00.000001+00"], ["2013-01-01 00:00:00+00"], id="a microsecond"),
        pytest.param("BLOB", [b"\x00"], [b"\x00\x00"], id="a zero byte"),
        pytest.param("BIGINT[]", [[1, 2]], [[2, 1]], id="the order of an array"),
        pytest.param("BIGINT[]", [[1], [2, 3]], [[1, 2], [3]], id="an item moves to another row's array"),
        pytest.param("BIGINT[]", [[]], [None], id="an empty array becomes NULL"),
        pytest.param("BIGINT[]", [[None]], [[]], id="a NULL leaves an array"),
        pytest.param("VARCHAR[]", [["NULL"]], [[None]], id="the text NULL in an array becomes NULL"),
        pytest.param("VARCHAR[]", [["a, b"]], [["a", "b"]], id="a text in an array is cut in two"),
        pytest.param("STRUCT(a BIGINT[])", [{"a": []}], [{"a": None}], id="an empty array in a struct becomes NULL"),
        pytest.param("STRUCT(a BIGINT)", [{"a": None}], [None], id="a struct of NULL becomes NULL"),
        pytest.param("STRUCT(a BIGINT, b BIGINT)", [{"a": 1, "b": 2}], [{"a": 2, "b": 1}], id="fields of a struct"),
    ],
)
def test_change_is_seen(db, type_, one, other):
    assert token(db, type_, *one) != token(db, type_, *other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([(1, 2)], [(2, 1)], id="two columns change places"),
        pytest.param([(1, None)], [(None, 1)], id="a NULL and a number change places"),
        pytest.param([(1, 1)], [(2, 2)], id="two equal numbers become two others"),
        pytest.param([(1, 2), (3, 4)], [(1, 4), (3, 2)], id="two rows exchange a number"),
        pytest.param([(0, 0)], [(0, 0), (0, 0)], id="a row of zeros twice"),
    ],
)
def test_change_is_seen_in_a_table_without_partitions(db, one, other):
    columns = {"a": "BIGINT", "b": "BIGINT"}
    before, after = (versions(db, columns, rows, None)[""] for rows in (one, other))

    assert (before.rows, after.rows) == (len(one), len(other))
    assert before.token != after.token


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(0.1 + 0.2, 0.3, id="the last digit, as sums in another order have it"),
        pytest.param(sum([0.1] * 10), 1.0, id="a sum that should be one"),
        pytest.param(0.0, -0.0, id="the sign of zero"),
    ],
)
def test_floats_that_are_the_same_number(db, one, other):
    assert repr(one) != repr(other)
    assert token(db, "DOUBLE", one) == token(db, "DOUBLE", other)


@pytest.mark.parametrize(
    ("type_", "grain", "moments", "expected"),
    [
        pytest.param(
            *("TIMESTAMPTZ", Grain.HOUR, ["2013-01-01 00:59:59.999999+00", "2013-01-01 01:00:00+00"]),
            {"2013-01-01T00": 1, "2013-01-01T01": 1},
            id="hours",
        ),
        pytest.param(
            *("TIMESTAMPTZ", Grain.DAY, ["2013-01-01 23:30:00-05", "2013-01-02 10:00:00+00"]),
            {"2013-01-02": 2},
            id="days of timestamps are those of UTC",
        ),
        pytest.param("DATE", Grain.MONTH, ["2012-02-29", "2012-03-01"], {"2012-02": 1, "2012-03": 1}, id="months"),
        pytest.param(
            "DATE",
            Grain.YEAR,
            ["2012-12-31", "2013-01-01", None],
            {"2012": 1, "2013": 1, NULL_PARTITION: 1},
            id="years",
        ),
        pytest.param(
            "DATE",
            Grain.ISOWEEK,
            ["2009-12-28", "2010-01-03", "2010-01-04"],
            {"2009-12-28": 2, "2010-01-04": 1},
            id="ISO weeks",
        ),
        pytest.param(
            "DATE",
            Grain.WEEK,
            ["2010-01-02", "2010-01-03", None],
            {"2009-12-27": 1, "2010-01-03": 1, NULL_PARTITION: 1},
            id="weeks begin on Sunday",
        ),
        pytest.param(
            *("TIMESTAMPTZ", Grain.WEEK_SATURDAY, ["2012-03-03 00:30:00+01", "2012-03-03 00:00:00+00"]),
            {"2012-02-25": 1, "2012-03-03": 1},
            id="weeks from Saturday, in UTC",
        ),
        pytest.param("DATE", Grain.QUARTER, ["2012-03-31", "2012-04-01"], {"2012-01": 1, "2012-04": 1}, id="quarters"),
    ],
)
def test_partitions(db, type_, grain, moments, expected):
    calendar = Calendar("moment", ColumnType.DATE if type_ == "DATE" else ColumnType.TIMESTAMP, grain, "UTC")
    found = versions(db, {"moment": type_}, [(each,) for each in moments], calendar)

    assert {partition: version.rows for partition, version in found.items()} == expected


# --- what others do to the file --------------------------------------------------------------------------------------

DAYS = ["2013-01-01", "2013-01-02", "2013-01-03"]


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """Three days of three rows each, and a table over all of them."""
    rows = " UNION ALL ".join(f"SELECT DATE '{day}' AS day, n FROM UNNEST([1, 2, 3]) AS n" for day in DAYS)
    files = {
        "models/marts/numbers.sql": model(
            f"SELECT day, n FROM ({rows}) WHERE day >= @start AND day < @end",
            partition=daily("day", DAYS[0], "2013-01-04"),
        ),
        "models/marts/counted.sql": model("SELECT COUNT(*) AS c, SUM(n) AS total FROM marts.numbers"),
    }
    lab = Lab(graph_of(tmp_path_factory.mktemp("project"), files))
    assert lab.run().is_clean
    return lab


@pytest.fixture
def lab(built_once, tmp_path):
    (tmp_path / "local.duckdb").write_bytes(built_once.path.read_bytes())
    return Lab.at(tmp_path, built_once.graph)


SECOND = "day = DATE '2013-01-02'"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([f"UPDATE marts.numbers SET n = 9 WHERE {SECOND} AND n = 2"], {DAYS[1]: "touched"}, id="a change"),
        pytest.param([f"DELETE FROM marts.numbers WHERE {SECOND} AND n = 2"], {DAYS[1]: "touched"}, id="a row less"),
        pytest.param([f"DELETE FROM marts.numbers WHERE {SECOND}"], {DAYS[1]: "missing"}, id="no row of a day left"),
        pytest.param(
            [f"INSERT INTO marts.numbers FROM marts.numbers WHERE {SECOND}"], {DAYS[1]: "touched"}, id="all twice"
        ),
        pytest.param(
            [f"UPDATE marts.numbers SET day = DATE '2013-01-03' WHERE {SECOND} AND n = 2"],
            {DAYS[1]: "touched", DAYS[2]: "touched"},
            id="a row of another day",
        ),
        pytest.param(["DROP TABLE marts.numbers"], dict.fromkeys(DAYS, "missing"), id="the table dropped"),
        pytest.param(
            ["ALTER TABLE marts.numbers ADD COLUMN note VARCHAR"], dict.fromkeys(DAYS, "touched"), id="a column more"
        ),
    ],
)
def test_edits_of_others_make_their_partitions_stale(lab, statements, expected):
    lab.execute(*statements)
    plan = planned(lab.plan())

    assert {partition: reason for (table, partition), reason in plan.items() if table == "marts.numbers"} == expected
    assert plan["marts.counted", ""] == "input"


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([], id="nothing"),
        pytest.param(["UPDATE marts.numbers SET n = n"], id="each row written as it was"),
        pytest.param(
            [
                "CREATE TABLE marts.sorted AS FROM marts.numbers ORDER BY n DESC, day",
                "DELETE FROM marts.numbers",
                "INSERT INTO marts.numbers FROM marts.sorted",
            ],
            id="the same rows in another order",
        ),
        pytest.param(
            ["UPDATE marts.numbers SET n = n + 10", "CHECKPOINT", "UPDATE marts.numbers SET n = n - 10"],
            id="a change that was undone",
        ),
        pytest.param(
            ["CREATE TABLE marts.other AS SELECT 1 AS n", "CREATE INDEX i ON marts.numbers (n)"], id="things beside"
        ),
    ],
)
def test_edits_that_change_no_rows_are_none(lab, statements):
    lab.execute(*statements)

    assert lab.plan().steps == ()


def test_what_others_did_is_mended(lab):
    before = lab.tables()
    lab.execute(f"UPDATE marts.numbers SET n = 9 WHERE {SECOND} AND n = 2", "DELETE FROM marts.counted")
    lab.run()

    assert lab.tables() == before
    assert lab.plan(now=datetime.fromisoformat("2013-01-04")).steps == ()
