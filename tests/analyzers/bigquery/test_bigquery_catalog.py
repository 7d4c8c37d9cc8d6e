"""What stands in BigQuery, asked of a server that answers as BigQuery does."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import datetime

import pytest
from api_server import HURRIED, error, field, planned, table

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Size, StoredColumn
from aggregator.core.names import TableName
from aggregator.engines.bigquery.catalog import pull
from aggregator.engines.protocol import WarehouseError

FLIGHTS, NAMES, DAILY = TableName("lake", "flights"), TableName("lake", "names"), TableName("marts", "daily")
SIZES = {"time_hour": 800, "carrier": 400, "name": 90, "day": 16}


@pytest.fixture
def warehouse(bigquery):
    bigquery.tables["acme.lake.flights"] = table(
        field("time_hour", "TIMESTAMP"),
        field("carrier", "STRING", description="IATA"),
        numRows="100",
        numBytes="1200",
        lastModifiedTime="1357000000123",
        timePartitioning={"type": "DAY", "field": "time_hour"},
        clustering={"fields": ["carrier"]},
        requirePartitionFilter=True,
    )
    bigquery.tables["acme.lake.names"] = table(field("name", "STRING"), numRows="9", numBytes="90")
    bigquery.tables["acme.marts.daily"] = {"type": "VIEW", "schema": {"fields": [field("day", "DATE")]}}
    bigquery.dry_run = read
    bigquery.query = lambda _: [
        ["flights", "__NULL__", 1, 10],
        ["flights", "20130102", 60, 700],
        ["flights", "20130101", 39, 490],
    ]
    return bigquery


def read(sql):
    """The bytes that a query on one table reads: those of its columns, also of those that only its filter has."""
    return planned(size=sum(SIZES[name] for name in {*re.findall(r"`(\w+)`", sql)} & SIZES.keys()))


@pytest.fixture
def pulled(make_environment):
    def pulled(*names, **more):
        return pull(make_environment(), None, names or (DAILY, NAMES, FLIGHTS), patience=HURRIED, **more)

    return pulled


def test_a_table_with_partitions(warehouse, pulled):
    catalog = pulled()
    flights = catalog.tables[FLIGHTS]

    assert list(catalog.tables) == [FLIGHTS, NAMES, DAILY]
    assert (catalog.environment, flights.size) == ("prod", Size(100, 1200))
    assert flights.columns == (
        StoredColumn("time_hour", "TIMESTAMP", "", 800),
        StoredColumn("carrier", "STRING", "IATA", 400),
    )
    assert (flights.partition_column, flights.grain) == ("time_hour", Grain.DAY)
    assert flights.partitions == {"2013-01-01": Size(39, 490), "2013-01-02": Size(60, 700)}
    assert (flights.clustering, flights.requires_partition_filter) == (("carrier",), True)
    assert flights.modified == datetime.fromisoformat("2013-01-01T00:26:40.123")


def test_a_view_has_columns_and_no_bytes(warehouse, pulled):
    assert pulled().tables[DAILY].columns == (StoredColumn("day", "DATE"),)
    assert pulled().tables[DAILY].size == Size(0, 0)


def test_what_is_asked(warehouse, pulled):
    pulled()

    assert sorted(warehouse.asked()) == [
        "SELECT COUNT(*) FROM `acme`.`lake`.`flights` WHERE `time_hour` >= '0001-01-01'",
        "SELECT `carrier` FROM `acme`.`lake`.`flights` WHERE `time_hour` >= '0001-01-01'",
        "SELECT `name` FROM `acme`.`lake`.`names`",
        "SELECT `time_hour` FROM `acme`.`lake`.`flights` WHERE `time_hour` >= '0001-01-01'",
    ]
    (query,) = [body["query"] for _, path, body in warehouse.requests if path.endswith("/queries")]
    assert " FROM `acme`.`lake`.INFORMATION_SCHEMA.PARTITIONS WHERE table_name IN UNNEST(@tables)" in query


def test_what_is_not_there_is_left_out(warehouse, pulled):
    assert list(pulled(NAMES, TableName("lake", "nothing")).tables) == [NAMES]


def test_what_is_not_there_is_read_elsewhere(warehouse, make_environment):
    dev = make_environment("dev", project="acme-dev", datasets="dev_{dataset}")
    warehouse.tables["acme-dev.dev_lake.names"] = table(field("name", "STRING"), numRows="1", numBytes="10")

    catalog = pull(dev, make_environment(), [FLIGHTS, NAMES], patience=HURRIED)

    assert {name: each.size.rows for name, each in catalog.tables.items()} == {FLIGHTS: 100, NAMES: 1}


def test_what_has_not_changed_is_not_asked_again(warehouse, pulled):
    warehouse.tables["acme.lake.names"]["lastModifiedTime"] = "1357000000000"
    known = pulled()
    warehouse.requests.clear()
    again = pulled(known=known)
    unchanged = warehouse.asked()
    warehouse.tables["acme.lake.names"]["lastModifiedTime"] = "1357000000001"
    pulled(known=known)

    assert dataclasses.replace(again, taken_at=None) == dataclasses.replace(known, taken_at=None)
    assert unchanged == []
    assert warehouse.asked() == ["SELECT `name` FROM `acme`.`lake`.`names`"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda catalog: dataclasses.replace(catalog, environment="dev"), id="of another environment"),
        pytest.param(lambda catalog: dataclasses.replace(catalog, tables={}), id="of no table"),
    ],
)
def test_what_is_known_of_something_else_does_not_count(change, warehouse, pulled):
    known = pulled()
    warehouse.requests.clear()
    pulled(known=change(known))

    assert len(warehouse.asked()) == 4


def test_a_column_that_is_closed_to_the_user(warehouse, pulled):
    warehouse.dry_run = lambda sql: error(403, "Access Denied: column carrier") if "carrier" in sql else read(sql)

    assert [each.bytes for each in pulled(FLIGHTS).tables[FLIGHTS].columns] == [800, None]


def test_progress(warehouse, pulled):
    told = []
    pulled(tell=lambda *numbers: told.append(numbers))

    assert [done for done, _ in told] == list(range(1, 9))
    assert told[-1] == (8, 8)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(error(403, "Access Denied: Table"), "BigQuery refuses: Access Denied: Table", id="no permission"),
        pytest.param(
            error(404, "Not found: Project acme"), "BigQuery refuses: Not found: Project acme", id="no project"
        ),
    ],
)
def test_refusals(answer, said, warehouse, pulled):
    warehouse.faults = [answer]

    with pytest.raises(WarehouseError, match=said):
        pulled()


def test_many_columns_are_measured_at_once(warehouse, pulled):
    names = [f"c{number}" for number in range(50)]
    warehouse.tables["acme.lake.names"] = table(*(field(name, "STRING") for name in names))
    warehouse.dry_run = lambda sql: planned(size=int(sql.partition("`c")[2].partition("`")[0]))

    assert [each.bytes for each in pulled(NAMES).tables[NAMES].columns] == list(range(50))


# --- the command ---

PROJECT = """
project: test
environments:
  local: {engine: duckdb, path: .aggregator/local.duckdb}
  prod: {engine: bigquery, project: acme, location: EU}
default_environment: local
"""
SOURCE = """
source:
  description: Names of airlines.
  owner: ops@example.com
  columns: {name: STRING}
"""
MODEL = """
/*---
description: Names.
owner: ops@example.com
---*/
SELECT name FROM lake.names
"""
FILES = {"aggregator.yml": PROJECT, "models/lake/names.yml": SOURCE, "models/marts/all_names.sql": MODEL}


@pytest.fixture
def typed(make_project, aggregator_main):
    root = make_project(FILES)
    return root, lambda *arguments: aggregator_main("catalog", "pull", "--project", str(root), *arguments)


def test_the_command_writes_a_file(warehouse, typed):
    root, pull_typed = typed
    done = pull_typed("--env", "prod")
    text = (root / "catalog.json").read_text()

    assert (done.code, done.out) == (0, f"wrote {root / 'catalog.json'}: 1 table of prod\n")
    assert "marts.all_names is not built yet" in done.err.splitlines()  # on a busy machine, beside how far it is
    assert json.loads(text)["tables"] == {
        "lake.names": {"rows": 9, "bytes": 90, "columns": [{"name": "name", "type": "STRING", "bytes": 90}]}
    }


def test_a_source_that_is_not_there(bigquery, typed):
    _, pull_typed = typed
    done = pull_typed("--env", "prod", "--quiet")

    assert (done.code, done.err) == (0, "warning: the source lake.names is not there\n")


def test_a_damaged_file_is_replaced(warehouse, typed):
    root, pull_typed = typed
    (root / "catalog.json").write_text("<<<<<<< HEAD\n")
    done = pull_typed("--env", "prod")

    assert done.code == 0
    assert "catalog.json can't be understood, so everything is asked anew: this is not JSON" in done.err
    assert json.loads((root / "catalog.json").read_text())["environment"] == "prod"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), "the environment local is not on BigQuery but on duckdb", id="another engine"),
        pytest.param(("--env", "prdo"), "did you mean prod?", id="no such environment"),
    ],
)
def test_configuration_that_makes_no_sense(arguments, said, typed):
    root, pull_typed = typed
    done = pull_typed(*arguments)

    assert (done.code, said in done.err) == (2, True)
    assert not (root / "catalog.json").exists()


def test_a_refusal_leaves_the_file_as_it_is(warehouse, typed):
    root, pull_typed = typed
    (root / "catalog.json").write_text("{}")
    warehouse.faults = [error(403, "Access Denied: Table")]
    done = pull_typed("--env", "prod")

    assert (done.code, "error: BigQuery refuses: Access Denied: Table\nhelp: " in done.err) == (2, True)
    assert (root / "catalog.json").read_text() == "{}"
