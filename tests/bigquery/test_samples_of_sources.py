"""``aggregator sample``: the command, with Google's client, against a server that stands for BigQuery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from api_server import error
from lab import daily, model, source
from warehouse_server import Table, Warehouse

PROJECT_FILE = """\
project: test
time_zone: UTC
environments:
  prod: {engine: bigquery, project: acme, location: EU, price_per_tib: 6.25, max_bytes_billed: 1 TB}
  local: {engine: duckdb, path: .aggregator/local.duckdb}
default_environment: local
"""
COLUMNS = {"day": "DATE", "user": {"type": "STRING", "sensitive": True}, "part": "INT64"}
DAYS = ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04")


@pytest.fixture
def project(make_project: Any, warehouse: Warehouse) -> Path:
    """Four days of events with people in them, of which the server has three rows each, and a table of parts."""
    events = warehouse.stored["acme.lake.events"]
    for number, day in enumerate(DAYS):
        events.put(day.replace("-", ""), [{}] * 3, number + 1)
    reference = {"projectId": "acme", "datasetId": "lake", "tableId": "parts"}
    warehouse.stored["acme.lake.parts"] = Table({"type": "TABLE", "tableReference": reference, "etag": "e0"})
    warehouse.stored["acme.lake.parts"].put("", [{}] * 2, 1)
    warehouse.sample = rows_of
    warehouse.read = 20 * 2**20
    trailing = "SELECT MAX(day) AS day, COUNT(*) AS events FROM lake.events HAVING COUNT(*) > 0"
    files = {
        "aggregator.yml": PROJECT_FILE,
        "models/lake/events.yml": source(COLUMNS, partition=daily("day", "2024-01-01", "2024-01-05")),
        "models/lake/parts.yml": source({"part": "INT64", "name": "STRING"}, key=["part"], local="data/parts.csv"),
        "models/marts/daily.sql": model(
            trailing, partition=daily("day", "2024-01-01"), inputs={"lake.events": {"last": "2 days"}}
        ),
        "data/parts.csv": "part,name\n1,declared\n",
    }
    return make_project(files)


def rows_of(sql: str, parameters: dict[str, str]) -> list[list[Any]]:
    if "`parts`" in sql:
        return [["1", "one"], ["2", "two"]]
    return [[parameters["start"], f"pseudonym-{part}", part] for part in range(3)]


def asked(warehouse: Warehouse) -> list[Any]:
    """The queries for rows that were run."""
    queries = [body for method, path, body in warehouse.requests if method == "POST" and path.endswith("/queries")]
    return [each for each in queries if " AS c0" in each["query"]]


def parts(root: Path, table: str) -> dict[str, int]:
    """The rows of each partition of a sample, as its list says."""
    said = json.loads((root / ".aggregator" / "samples" / table / "sample.json").read_text())
    return {each["partition"]: each["rows"] for each in said["parts"]}


def test_the_newest_partitions_of_all_sources_are_copied(project, warehouse, aggregator):
    done = aggregator(project, "sample", "--env", "prod")

    assert done.code == 0, done.err
    assert done.out == "lake.events: 3 partitions, 9 rows; masked: user\nlake.parts: 2 rows\n"
    assert parts(project, "lake.events") == {"2024-01-02": 3, "2024-01-03": 3, "2024-01-04": 3}
    assert parts(project, "lake.parts") == {"": 2}


def test_what_it_reads_and_costs_is_said_before(project, warehouse, aggregator):
    done = aggregator(project, "sample", "--env", "prod", "--select", "lake.*", "--last", "2")

    assert done.err.splitlines()[:3] == [
        "lake.events: 2 partitions, 2024-01-03 to 2024-01-04; 41.9 MB to read",
        "lake.parts: the table; 21 MB to read",
        "at most 10,000 rows; 62.9 MB billed, which costs 0.0004",
    ]


def test_rows_are_chosen_by_hash_and_each_query_is_bounded_and_labelled(project, warehouse, aggregator):
    aggregator(project, "sample", "--env", "prod", "--select", "lake.parts", "--limit", "5", "--percent", "2.5")
    (query,) = asked(warehouse)

    number = "FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`part`))) & 0x7FFFFFFFFFFFFFFF"
    assert query["query"] == (
        f"SELECT `part` AS c0, `name` AS c1 FROM `acme`.`lake`.`parts` WHERE MOD({number}, 1000000) < 25000"
        f" ORDER BY {number} LIMIT 5"
    )
    assert query["maximumBytesBilled"] == str(10 * 10**9)
    assert query["labels"]["purpose"] == "sample"


def test_by_a_column_only_tables_that_have_it_are_cut(project, warehouse, aggregator):
    aggregator(project, "sample", "--env", "prod", "--last", "1", "--percent", "10", "--by", "user")
    events, whole = sorted((each["query"] for each in asked(warehouse)), key=lambda each: "`parts`" in each)

    assert "MOD(FARM_FINGERPRINT(COALESCE(CAST(`user` AS STRING), '')) & " in events
    assert "WHERE" not in whole


def test_sensitive_values_never_leave_the_warehouse(project, warehouse, aggregator):
    aggregator(project, "sample", "--env", "prod", "--select", "lake.events", "--last", "1")
    aggregator(project, "sample", "--env", "prod", "--select", "lake.events", "--last", "1")
    queries = asked(warehouse)
    salts = [each["parameterValue"]["value"] for query in queries for each in query["queryParameters"][2:]]

    assert all("SUBSTR(TO_HEX(SHA256(CONCAT(@salt, `user`))), 1, 16) AS c1" in each["query"] for each in queries)
    assert len(set(salts)) == len(queries) == 2


def test_what_is_here_is_not_read_again_unless_it_changed(project, warehouse, aggregator):
    first = aggregator(project, "sample", "--env", "prod", "--select", "lake.parts")
    again = aggregator(project, "sample", "--env", "prod", "--select", "lake.parts")
    seen = len(asked(warehouse))
    warehouse.stored["acme.lake.parts"].put("", [{}] * 2, 7)
    aggregator(project, "sample", "--env", "prod", "--select", "lake.parts")

    assert (first.out, seen) == (again.out, 1)
    assert "lake.parts: the table; here already" in again.err
    assert len(asked(warehouse)) == 2
    assert len(list((project / ".aggregator/samples/lake.parts").glob("*.parquet"))) == 1


def test_of_a_view_nobody_knows_whether_its_rows_are_the_same(project, warehouse, aggregator):
    view = warehouse.stored["acme.lake.parts"]
    view.resource |= {"type": "VIEW", "view": {"query": "SELECT 1"}}

    first, again = (aggregator(project, "sample", "--env", "prod", "--select", "lake.parts") for _ in range(2))

    assert (first.code, again.code) == (0, 0), again.err
    assert len(asked(warehouse)) == 2


def test_over_the_budget_nothing_is_read(project, warehouse, aggregator):
    done = aggregator(project, "sample", "--env", "prod", "--budget", "50 MB")

    assert done.code == 1
    assert "83.9 MB would be billed, and the budget is 50 MB: nothing was read" in done.err
    assert asked(warehouse) == []
    assert not (project / ".aggregator" / "samples").exists()


def test_a_dry_run_reads_nothing(project, warehouse, aggregator):
    done = aggregator(project, "sample", "--env", "prod", "--dry-run", "--format", "json")

    assert done.code == 0
    assert done.json["bytes_billed"] == 4 * 20 * 2**20
    assert done.json["sources"][1] == {"table": "lake.parts", "partitions": [None]}
    assert asked(warehouse) == []


def test_of_a_model_it_takes_what_the_model_is_made_from(project, warehouse, aggregator):
    interval = ("--from", "2024-01-03", "--to", "2024-01-04")
    done = aggregator(project, "sample", "--env", "prod", "--select", "marts.daily", *interval)

    assert done.code == 0, done.err
    assert list(parts(project, "lake.events")) == ["2024-01-02", "2024-01-03"]


def test_a_source_of_which_a_partition_fails_keeps_its_sample(project, warehouse, aggregator):
    aggregator(project, "sample", "--env", "prod")
    before = parts(project, "lake.events")

    def refused(_method: str, path: str, body: Any) -> Any:
        if path.endswith("/queries") and "2024-01-01" in json.dumps(body):
            return error(400, "no such column")
        return None

    warehouse.fault_on = refused
    done = aggregator(project, "sample", "--env", "prod", "--last", "4")

    assert done.code == 1
    assert "R403 lake.events@2024-01-01: no such column" in done.err
    assert "lake.parts: 2 rows" in done.out
    assert parts(project, "lake.events") == before


def test_what_was_copied_before_something_failed_is_not_read_again(project, warehouse, aggregator):
    open_ = {**COLUMNS, "user": "STRING"}
    declared = source(open_, partition=daily("day", "2024-01-01", "2024-01-05"))
    (project / "models/lake/events.yml").write_text(declared)
    command = ("sample", "--env", "prod", "--select", "lake.events", "--last", "4")
    faults = ["2024-01-02"]

    def broken(_method: str, path: str, body: Any) -> Any:
        is_meant = path.endswith("/queries") and body["queryParameters"][0]["parameterValue"].get("value") in faults
        return error(400, "no such column") if is_meant else None

    warehouse.fault_on = broken
    failed = aggregator(project, *command)
    faults.clear()
    seen = len(asked(warehouse))
    done = aggregator(project, *command)

    assert (failed.code, done.code) == (1, 0)
    assert "3 here already" in done.err
    assert len(asked(warehouse)) == seen + 1
    assert len(parts(project, "lake.events")) == 4


def test_the_embedded_engine_reads_the_sample_until_it_is_dropped(project, warehouse, aggregator):
    def local_rows(table: str) -> list[Any]:
        done = aggregator(project, "run", "--env", "local", "--quiet")
        assert done.code == 0, done.err
        with duckdb.connect(project / ".aggregator" / "local.duckdb", read_only=True) as db:
            there = db.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone()
            return db.execute(f"FROM lake.{table} ORDER BY ALL").fetchall() if there[0] else []

    aggregator(project, "sample", "--env", "prod")
    sampled = local_rows("parts"), [str(row[0]) for row in local_rows("events")]
    dropped = aggregator(project, "sample", "--drop", "--select", "lake.*")

    assert sampled == ([(1, "one"), (2, "two")], [day for day in DAYS[1:] for _ in range(3)])
    assert dropped.out == "Dropped 2 samples.\n"
    (project / "models/marts/daily.sql").unlink()
    assert (local_rows("parts"), local_rows("events")) == ([(1, "declared")], [])


def test_a_damaged_sample_is_refused_with_the_way_out(project, warehouse, aggregator):
    aggregator(project, "sample", "--env", "prod")
    for path in (project / ".aggregator/samples/lake.parts").glob("*.parquet"):
        path.unlink()

    done = aggregator(project, "run", "--env", "local", "--quiet")

    assert done.code == 1
    assert "R401 the sample of lake.parts is damaged" in done.err
    assert "aggregator sample --select lake.parts" in done.err


def test_values_of_another_type_than_declared_are_told_of(project, warehouse, aggregator):
    warehouse.sample = lambda _sql, _parameters: [["one", "1"]]

    done = aggregator(project, "sample", "--env", "prod", "--select", "lake.parts")

    assert done.code == 1
    assert "R403 lake.parts: its values are not those of the declared types" in done.err
    assert not list((project / ".aggregator/samples/lake.parts").iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["--env", "local"], 2, "samples come from BigQuery", id="not on BigQuery"),
        pytest.param(["--env", "prod", "--select", "lake.evnts"], 2, "did you mean lake.events?", id="a wrong name"),
        pytest.param(["--env", "prod", "--by", "user"], 2, "--by needs --percent", id="a column, and not how many"),
        pytest.param(["--env", "prod", "--by", "usr", "--percent", "1"], 2, "did you mean user?", id="a wrong column"),
        pytest.param(["--env", "prod", "--budget", "lots"], 2, "is not a size such as", id="no size"),
        pytest.param(["--env", "prod", "--from", "2025-01-01"], 1, "has no rows in the partitions", id="no partition"),
    ],
)
def test_mistakes_are_told_in_a_sentence(project, warehouse, aggregator, arguments, code, message):
    done = aggregator(project, "sample", *arguments)

    assert (done.code, message in done.err) == (code, True), done.err


def test_a_table_that_is_not_there_stops_no_other(project, warehouse, aggregator):
    del warehouse.stored["acme.lake.events"]

    done = aggregator(project, "sample", "--env", "prod")

    assert done.code == 1
    assert "models/lake/events.yml:1:1: R403 lake.events is not there" in done.err
    assert done.out == "lake.parts: 2 rows\n"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param({"place": "GEOGRAPHY"}, "holds no values of the type of place", id="a type that is not held"),
        pytest.param({"day": {"type": "DATE", "sensitive": True}}, "day says to which partition", id="a secret day"),
    ],
)
def test_what_can_not_be_copied_is_refused_before_anything_is_asked(project, warehouse, aggregator, columns, message):
    declared = source({**COLUMNS, **columns}, partition=daily("day", "2024-01-01", "2024-01-05"))
    (project / "models/lake/events.yml").write_text(declared)

    done = aggregator(project, "sample", "--env", "prod", "--select", "lake.events")

    assert done.code == 1
    assert message in done.err
    assert asked(warehouse) == []
