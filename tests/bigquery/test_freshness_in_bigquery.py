"""What is left in BigQuery for dashboards: a view that says which tables are late."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import sqlglot
from lab import write_files
from one_table import files, graph_of
from sqlglot import exp

from aggregator.core.freshness import FreshnessReport, Level, TableFreshness
from aggregator.core.names import TableName
from aggregator.engines.bigquery.freshness import MAX_CHARACTERS, freshness_view
from aggregator.engines.bigquery.places import Address

AT = datetime(2024, 1, 4, 6, tzinfo=UTC)
FRESH = TableFreshness(
    TableName("marts", "daily"), "table", 'Ann "A" O\'Hara', "by 06:00", Level.FRESH, newest="2024-01-03", warn_at=AT
)
LATE = dataclasses.replace(FRESH, table=TableName("marts", "late"), level=Level.ERROR, missing=("2024-01-02",))
PLACE = Address("acme", "_aggregator", "freshness")


def query_of(*tables: TableFreshness) -> str:
    query: str = freshness_view(PLACE, FreshnessReport(tables, AT))["view"]["query"]
    return query


def test_the_view_holds_a_row_for_each_table_the_latest_first():
    (array,) = sqlglot.parse_one(query_of(FRESH, LATE), read="bigquery").find_all(exp.Array)

    rows = [[each.name for each in row.expressions] for row in array.expressions]
    assert [row[0] for row in rows] == ["marts.late", "marts.daily"]
    assert rows[1][2] == 'Ann "A" O\'Hara'
    assert [row[6] for row in rows] == ["1", "0"]


def test_it_goes_on_with_the_clock():
    assert "warn_at <= CURRENT_TIMESTAMP() THEN 'warn'" in query_of(FRESH)
    assert "TIMESTAMP '2024-01-04 06:00:00+00:00'" in query_of(FRESH)


def test_of_more_tables_than_there_is_room_for_the_latest_are_shown():
    many = [dataclasses.replace(FRESH, table=TableName("marts", f"t{n}"), notes=("x" * 500,)) for n in range(1000)]

    query = query_of(*many, LATE)

    assert MAX_CHARACTERS - 5000 < len(query) < MAX_CHARACTERS + 2000
    assert "marts.late" in query


def test_the_view_is_made_and_then_changed(tmp_path, warehouse, make_engine):
    graph = graph_of(write_files(tmp_path / "project", files("2024-01-01", "2024-01-04")))
    with make_engine(graph) as engine:
        engine.publish_freshness(FreshnessReport((FRESH,), AT))
        engine.publish_freshness(FreshnessReport((LATE,), AT))

    view = warehouse.stored["acme._aggregator.freshness"].resource
    assert "marts.late" in view["view"]["query"]
    assert "marts.daily" not in view["view"]["query"]


def test_first_writings_are_those_of_the_ledger(tmp_path, warehouse, build, make_engine):
    given = files("2024-01-01", "2024-01-04")
    build(given)
    build(given, full=True)

    with make_engine(graph_of(write_files(tmp_path / "project", given))) as engine:
        arrivals = engine.arrivals(2)

    assert [(str(each.model), each.partition) for each in arrivals] == [
        ("marts.daily", "2024-01-02"),
        ("marts.daily", "2024-01-03"),
    ]
    assert {each.run_id for each in arrivals} == {"r1"}
    written = [row["written_at"] for row in warehouse.ledger if row["partition"] == "2024-01-03"]
    assert arrivals[-1].written_at == datetime.fromisoformat(min(written))
