"""Table functions: those of a project, and RANGE_SESSIONIZE."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.reference import ReferenceEngine
from aggregator.analyzers.googlesql.tables import Range, Rows, Table
from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement, Verdict

FLIGHTS = Relation("lake.flights", (Field("carrier", "STRING"), Field("delay", "INT64"), Field("day", "DATE")))
STAYS = Relation("lake.stays", (Field("guest", "STRING"), Field("stay", "RANGE<DATE>")))
OF = "CREATE TABLE FUNCTION lake.of(c STRING) AS SELECT delay, day FROM lake.flights WHERE carrier = c"
LATE_OF = "CREATE TABLE FUNCTION lake.late_of(c STRING) AS SELECT * FROM lake.of(c) WHERE delay > 0"
ANY_OF = "CREATE TABLE FUNCTION lake.any_of(t ANY TABLE) AS SELECT * FROM t"


def judged(analyzer: GoogleSql, sql: str, routines: Sequence[str] = ()) -> Verdict:
    return analyzer.analyse([Statement("lake.m", sql, (FLIGHTS, STAYS), routines=tuple(routines))])[0]


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        pytest.param("SELECT * FROM lake.of('UA')", ("carrier", "day", "delay"), id="all columns"),
        pytest.param(
            "SELECT delay FROM lake.of('UA')", ("carrier", "delay"), id="what the query leaves out is not read"
        ),
        pytest.param("SELECT COUNT(*) FROM lake.of('UA')", ("carrier",), id="a count reads the condition"),
        pytest.param("SELECT day FROM `lake.late_of`('UA')", ("carrier", "day", "delay"), id="one through another"),
    ],
)
def test_a_table_function_reads_what_its_body_reads(analyzer: GoogleSql, sql: str, reads: tuple[str, ...]):
    verdict = judged(analyzer, sql, [OF, LATE_OF])

    assert verdict.mistake is None
    assert verdict.reads == {"lake.flights": reads}


def test_what_a_function_of_tables_reads_is_not_told(analyzer: GoogleSql):
    verdict = judged(analyzer, "SELECT delay FROM lake.any_of(TABLE lake.flights)", [ANY_OF])

    assert verdict.columns == (Field("delay", "INT64"),)
    assert verdict.reads is None


def test_a_table_function_is_computed_over_the_rows_of_its_tables(analyzer: GoogleSql):
    day = dt.date(2013, 1, 1)
    table = Table(FLIGHTS, [("UA", 10, day), ("UA", -3, day), ("AA", 5, day)])

    answer = ReferenceEngine(analyzer).evaluate("SELECT delay FROM lake.late_of('UA')", [table], (), [OF, LATE_OF])

    assert isinstance(answer, Rows)
    assert answer.values == ((10,),)


def days(first: int | None, end: int | None) -> Range:
    return Range(first and dt.date(2024, 1, first), end and dt.date(2024, 1, end))


@pytest.mark.parametrize(
    ("arguments", "stays", "sessions"),
    [
        pytest.param("", [(1, 3), (3, 5), (7, 9)], [(1, 5), (1, 5), (7, 9)], id="ranges that meet are one session"),
        pytest.param(", 'MEETS'", [(1, 3), (3, 5)], [(1, 5), (1, 5)], id="which may be said"),
        pytest.param(", 'overlaps'", [(1, 3), (3, 5), (4, 6)], [(1, 3), (3, 6), (3, 6)], id="or must overlap"),
        pytest.param("", [(1, 9), (2, 3), (8, 12)], [(1, 12)] * 3, id="a range within another ends nothing"),
        pytest.param("", [(1, 2), (1, 4), (3, 5)], [(1, 5)] * 3, id="ranges that start together"),
        pytest.param("", [(None, 3), (2, 4)], [(None, 4)] * 2, id="without a beginning"),
        pytest.param("", [(1, None), (20, 21)], [(1, None)] * 2, id="without an end"),
    ],
)
def test_sessions_are_those_of_bigquery(
    analyzer: GoogleSql,
    arguments: str,
    stays: list[tuple[int | None, int | None]],
    sessions: list[tuple[int | None, int | None]],
):
    table = Table(STAYS, [("ada", days(*each)) for each in stays] + [("bob", days(1, 2))])
    sql = f"SELECT * FROM RANGE_SESSIONIZE(TABLE lake.stays, 'stay', ['guest']{arguments})"

    answer = ReferenceEngine(analyzer).evaluate(sql, [table])

    assert isinstance(answer, Rows)
    assert [each.name for each in answer.columns] == ["guest", "stay", "session_range"]
    found = sorted((row for row in answer.values if row[0] == "ada"), key=lambda row: stays.index(_numbers(row[1])))
    assert [row[2] for row in found] == [days(*each) for each in sessions]


def _numbers(value: Range) -> tuple[int | None, int | None]:
    return value.start and value.start.day, value.end and value.end.day


def test_a_session_without_partitioning_columns_is_of_all_rows(analyzer: GoogleSql):
    table = Table(STAYS, [("ada", days(1, 3)), ("bob", days(2, 5))])
    sql = "SELECT DISTINCT session_range FROM RANGE_SESSIONIZE(TABLE `lake.stays`, 'stay', [])"

    answer = ReferenceEngine(analyzer).evaluate(sql, [table])

    assert isinstance(answer, Rows)
    assert answer.values == ((days(1, 5),),)


def test_a_mode_that_there_is_not_is_refused_at_its_place(analyzer: GoogleSql):
    sql = "SELECT *\nFROM RANGE_SESSIONIZE(TABLE `lake.stays`, 'stay', ['guest'],\n\t'TOUCHES')"

    mistake = judged(analyzer, sql).mistake

    assert mistake == Mistake('Could not cast literal "TOUCHES" to type RANGE_SESSIONIZE_MODE', sql.index("'TOUCHES'"))


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT * FROM RANGE_SESSIONIZE(TABLE lake.stays, CONCAT('st', 'ay'), [])", id="no literal"),
        pytest.param(
            "SELECT 1 FROM RANGE_SESSIONIZE(TABLE lake.stays, 'stay', []), "
            "RANGE_SESSIONIZE(TABLE lake.stays, 'stay', ['guest'])",
            id="several ways in one statement",
        ),
    ],
)
def test_what_cannot_be_told_is_not_refused(analyzer: GoogleSql, sql: str):
    assert judged(analyzer, sql).unchecked == "BigQuery has RANGE_SESSIONIZE, the offline analyzer does not"
