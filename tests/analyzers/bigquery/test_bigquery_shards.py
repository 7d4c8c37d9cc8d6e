"""The sizes of tables that are read as one, asked of a server that answers as BigQuery does."""

from __future__ import annotations

from datetime import datetime

import pytest
from api_server import HURRIED, error, field, planned, table

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Size, StoredColumn
from aggregator.core.names import TableName
from aggregator.engines.bigquery.catalog import pull
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.shards import shards_of

EVENTS = TableName("lake", "events_*")
MODIFIED = 1_357_000_000_123


@pytest.fixture
def warehouse(bigquery):
    bigquery.tables["acme.lake.events_20240102"] = table(field("name", "STRING"), field("n", "INT64"))
    bigquery.query = lambda _: [
        ["events_20240102", 20, 300, MODIFIED],
        ["events_20240101", 10, 150, MODIFIED - 1000],
        ["events_intraday_20240103", 1, 15, MODIFIED - 2000],
    ]
    bigquery.dry_run = lambda sql: planned(size=248 if "`n`" in sql else 217)
    return bigquery


def test_each_table_is_a_partition(warehouse, make_environment):
    found = pull(make_environment(), None, [EVENTS], patience=HURRIED).tables[EVENTS]

    assert found.partitions == {"2024-01-01": Size(10, 150), "2024-01-02": Size(20, 300)}
    assert (found.partition_column, found.grain, found.size) == ("_TABLE_SUFFIX", Grain.DAY, Size(31, 465))
    assert found.columns == (StoredColumn("name", "STRING", "", 217), StoredColumn("n", "INT64", "", 248))
    assert found.modified == datetime.fromisoformat("2013-01-01T00:26:40.123")


def test_what_is_asked_of_them(warehouse, make_environment):
    pull(make_environment(), None, [EVENTS], patience=HURRIED)

    (body,) = [body for _, path, body in warehouse.requests if path.endswith("/queries")]
    assert "FROM `acme`.`lake`.__TABLES__ WHERE type = 1 AND STARTS_WITH(table_id, @prefix)" in body["query"]
    assert body["queryParameters"][0]["parameterValue"] == {"value": "events_"}
    assert sorted(warehouse.asked()) == [
        "SELECT `n` FROM `acme`.`lake`.`events_*`",
        "SELECT `name` FROM `acme`.`lake`.`events_*`",
    ]


def test_what_has_not_changed_is_kept(warehouse, make_environment):
    known = pull(make_environment(), None, [EVENTS], patience=HURRIED)
    warehouse.requests.clear()

    again = pull(make_environment(), None, [EVENTS], patience=HURRIED, known=known)

    assert (again.tables, warehouse.asked()) == (known.tables, [])


@pytest.mark.parametrize(
    "rows", [pytest.param([], id="no table begins so"), pytest.param([["events_old", 1, 15, 1]], id="none has a date")]
)
def test_without_such_tables_it_is_left_out(warehouse, make_environment, rows):
    warehouse.query = lambda _: rows

    assert pull(make_environment(), None, [EVENTS], patience=HURRIED).tables == {}


def test_without_the_dataset_it_is_left_out(warehouse, make_environment):
    warehouse.faults.append(error(404, "Not found: Dataset acme:lake", "notFound"))

    assert pull(make_environment(), None, [EVENTS], patience=HURRIED).tables == {}


@pytest.mark.parametrize(
    ("names", "grain", "ids", "newest"),
    [
        pytest.param(
            ["e_2024_01_31", "e_2024_02_01"], Grain.DAY, ["2024-01-31", "2024-02-01"], 1, id="with separators"
        ),
        pytest.param(["e_202401"], Grain.MONTH, ["2024-01"], 0, id="months"),
        pytest.param(["e_2023", "e_2024"], Grain.YEAR, ["2023", "2024"], 1, id="years"),
        pytest.param(
            ["e_2024", "e_20240101", "e_20240102"], Grain.DAY, ["2024-01-01", "2024-01-02"], 2, id="mostly days"
        ),
    ],
)
def test_the_ends_of_names(names, grain, ids, newest):
    found = shards_of(Address("acme", "lake", "e_*"), [(name, 1, 10, 0) for name in names])

    assert found is not None
    assert (found.grain, list(found.partitions), found.newest.table) == (grain, ids, names[newest])
