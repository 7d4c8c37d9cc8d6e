"""What no emulator shows, on a real account: ``AGGREGATOR_BIGQUERY_PROJECT=my-project pytest`` on this file.

It makes datasets whose names begin with ``aggregator_test_``, bills some megabytes, and drops them at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from lab import daily, model, source, write_files
from one_table import graph_of

from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.report import Report, Status
from aggregator.core.sample import Share
from aggregator.engines.bigquery.engine import BigQueryEngine
from aggregator.engines.bigquery.sampling import Sampling
from aggregator.plan import make_plan
from aggregator.run import run_plan
from aggregator.strategies import write_for

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


def test_tables_and_views_say_what_they_are_declared_to_be(client, prefix, tmp_path):
    """An expiration that is declared, changed and taken back; what the columns of a view mean, said and changed."""
    found = []
    for expire, said in ((9000, "Which day."), (9001, "The day."), (None, "The day.")):
        partition = daily(*DAYS.values(), **({"expire": f"{expire} days"} if expire else {}))
        query = "SELECT day, part, COUNT(*) AS n FROM lake.events GROUP BY day, part"
        view = model(f"SELECT day, n + {expire or 0} AS n FROM marts.daily", kind="view", columns={"day": said})
        tables = {"models/marts/daily.sql": model(query, partition=partition, key=["day", "part"])}
        build(tmp_path, {**files(prefix), **tables, "models/marts/latest.sql": view}, full=True)
        table, latest = (client.get_table(f"{PROJECT}.{prefix}marts.{each}") for each in ("daily", "latest"))
        found.append((table.time_partitioning.expiration_ms, [each.description for each in latest.schema]))

    assert found == [
        (9000 * 86_400_000, ["Which day.", None]),
        (9001 * 86_400_000, ["The day.", None]),
        (None, ["The day.", None]),
    ]


def test_a_sample_is_a_partition(client, prefix, tmp_path):
    given = files(prefix)
    given["models/lake/events.yml"] = source(
        {"day": "DATE", "part": {"type": "INT64", "sensitive": True}}, partition=daily(*DAYS.values())
    )
    graph = graph_of(write_files(tmp_path, given))
    declared = graph.sources[TableName("lake", "events")]
    sampling = Sampling(graph)
    rows: list[Any] = []

    def keep(_extract: Any, found: Any) -> int:
        rows.extend(found)
        return len(rows)

    try:
        partitions = sorted(sampling.versions()[declared.name])
        extract = sampling.extract(declared, declared.columns, partitions[0], Share(rows=2, percent=100.0))
        (size,) = sampling.bytes([extract])
        sampling.copy([extract], 10**9, keep, lambda: None)
    finally:
        sampling.close()

    assert partitions == [f"2024-01-{day:02}" for day in range(1, 15)]
    assert size == 3 * 16
    assert [str(day) for day, _ in rows] == ["2024-01-01"] * 2
    assert len({part for _, part in rows}) == 2
    assert all(part > 2 for _, part in rows)


def test_a_trial_is_read_and_dropped(client, prefix, tmp_path):
    graph = graph_of(write_files(tmp_path, files(prefix)))
    name = TableName("marts", "daily")
    engine = BigQueryEngine(graph, wait=60.0, say=print)
    try:
        with engine.trial(graph, "_after") as trial:
            for days in (("2024-01-01", "2024-01-02"), ("2024-01-03",)):
                trial.fill(write_for(graph.models[name], Step(name, days, Stale(Reason.FULL)), {}))
            counted = engine.ask(f"SELECT COUNT(*) AS n FROM {trial.name(name)}", {})
    finally:
        engine.close()

    assert counted == (9,)
    assert not [each for each in client.list_tables(f"{PROJECT}.{prefix}_aggregator") if "trial_" in each.table_id]
