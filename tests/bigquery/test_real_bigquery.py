"""What no emulator shows, on a real account: ``AGGREGATOR_BIGQUERY_PROJECT=my-project pytest`` on this file.

It makes datasets whose names begin with ``aggregator_test_``, bills some megabytes, and drops them at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import graph_of
from lab import daily, model, source, write_files

from aggregator.core.report import Report, Status
from aggregator.engines.bigquery.engine import BigQueryEngine
from aggregator.plan import make_plan
from aggregator.run import run_plan

PROJECT = os.environ.get("AGGREGATOR_BIGQUERY_PROJECT", "")
LOCATION = os.environ.get("AGGREGATOR_BIGQUERY_LOCATION", "EU")
DAYS = {"by": "day", "start": "2024-01-01", "end": "2024-01-15"}

pytestmark = pytest.mark.skipif(not PROJECT, reason="AGGREGATOR_BIGQUERY_PROJECT names no project")


class _Silent:
    def begin(self, partitions: Any) -> None:
        pass

    def advance(self, result: Any) -> None:
        pass


@pytest.fixture(scope="module")
def client() -> Any:
    from google.cloud import bigquery

    return bigquery.Client(project=PROJECT, location=LOCATION)


@pytest.fixture
def prefix(client: Any) -> Iterator[str]:
    """Datasets of this test alone, with two weeks of events in them."""
    prefix = f"aggregator_test_{secrets.token_hex(4)}_"
    client.create_dataset(f"{PROJECT}.{prefix}lake")
    client.query(
        f"CREATE TABLE `{PROJECT}.{prefix}lake.events` PARTITION BY day AS SELECT day, part"
        " FROM UNNEST(GENERATE_DATE_ARRAY('2024-01-01', '2024-01-14')) AS day, UNNEST([0, 1, 2]) AS part"
    ).result()
    yield prefix
    for dataset in client.list_datasets(include_all=True):
        if dataset.dataset_id.startswith(prefix):
            client.delete_dataset(dataset.reference, delete_contents=True)


def files(prefix: str, sql: str = "", *, grain: str = "day", key: bool = True) -> dict[str, str]:
    query = sql or "SELECT day, part, COUNT(*) AS n FROM lake.events GROUP BY day, part"
    partition = daily(DAYS["by"], DAYS["start"], DAYS["end"], grain=grain)
    front = {"partition": partition, **({"key": ["day", "part"]} if key else {})}
    environment = f'{{engine: bigquery, project: {PROJECT}, location: {LOCATION}, datasets: "{prefix}{{dataset}}"}}'
    return {
        "aggregator.yml": f"project: t\nenvironments:\n  real: {environment}\ndefault_environment: real\n",
        "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=daily(*DAYS.values())),
        "models/marts/daily.sql": model(query, **front),
    }


def build(root: Any, given: dict[str, str], *, full: bool = False) -> Report:
    graph = graph_of(write_files(root, given))
    engine = BigQueryEngine(graph, wait=60.0, say=print)
    try:
        snapshot = engine.snapshot()
        plan = make_plan(graph, snapshot, selected=list(graph.models), interval=(None, None), full=full)
        return run_plan(plan, graph, engine, snapshot.ledger, run_id="r1", progress=_Silent())
    finally:
        engine.close()


def counts(client: Any, prefix: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT FORMAT_DATE('%Y-%m-%d', day), COUNT(*) FROM `{PROJECT}.{prefix}marts.daily` GROUP BY 1 ORDER BY 1"
    return [tuple(row.values()) for row in client.query(sql).result()]


@pytest.mark.parametrize("key", [True, False], ids=["staged and copied", "written at once"])
@pytest.mark.parametrize("grain", ["day", "isoweek"])
def test_partitions_are_built_and_then_fresh(client, prefix, tmp_path, grain, key):
    """Decorators, copies of partitions, transactions, and that INFORMATION_SCHEMA tells the same of them afterwards."""
    given = files(prefix, grain=grain, key=key)

    report = build(tmp_path, given)
    again = build(tmp_path, given)

    assert report.is_clean
    assert counts(client, prefix) == [(f"2024-01-{day:02}", 3) for day in range(1, 15)]
    assert again.results == ()


def test_a_partition_that_is_emptied_is_no_version(client, prefix, tmp_path):
    build(tmp_path, files(prefix))
    sql = "SELECT day, part, COUNT(*) AS n FROM lake.events WHERE day > '2024-01-05' GROUP BY day, part"

    report = build(tmp_path, files(prefix, sql))
    again = build(tmp_path, files(prefix, sql))

    assert report.is_clean
    assert counts(client, prefix) == [(f"2024-01-{day:02}", 3) for day in range(6, 15)]
    assert again.results == ()


def test_rows_that_were_changed_or_deleted_are_seen(client, prefix, tmp_path):
    build(tmp_path, files(prefix))
    client.query(f"DELETE FROM `{PROJECT}.{prefix}lake.events` WHERE day = '2024-01-03'").result()

    report = build(tmp_path, files(prefix))

    assert [result.partitions for result in report.results] == [("2024-01-03",)]
    assert len(counts(client, prefix)) == 13


def test_a_query_that_costs_too_much_is_refused(prefix, tmp_path):
    given = files(prefix)
    given["aggregator.yml"] = given["aggregator.yml"].replace(
        "engine: bigquery", "engine: bigquery, max_bytes_billed: 1 kB"
    )

    with pytest.raises(Exception, match="bytes billed"):
        build(tmp_path, given)


def test_equal_rows_are_not_written_again(client, prefix, tmp_path):
    build(tmp_path, files(prefix))
    client.query(f"UPDATE `{PROJECT}.{prefix}lake.events` SET part = part WHERE day = '2024-01-03'").result()

    report = build(tmp_path, files(prefix))

    assert [result.status for result in report.results] == [Status.UNCHANGED]
