"""What no job may do, and what jobs are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import model, write_files
from one_table import PROJECT_FILE, files, graph_of

from aggregator.core.names import TableName
from aggregator.engines.bigquery.guard import guarded
from aggregator.engines.bigquery.jobs import job_name
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.pace import Pace
from aggregator.engines.protocol import WarehouseError

FILES = {
    **files("2024-01-01", "2024-01-03"),
    "aggregator.yml": PROJECT_FILE,
    "models/marts/whole.sql": model("SELECT part FROM lake.events GROUP BY part"),
}


@pytest.fixture
def layout(tmp_path):
    return Layout(graph_of(write_files(tmp_path / "project", FILES)))


def job(table, disposition, dataset="marts", kind="query"):
    target = {"projectId": "acme", "datasetId": dataset, "tableId": table}
    return {kind: {"destinationTable": target, "writeDisposition": disposition}}


@pytest.mark.parametrize("kind", ["query", "copy", "load"])
@pytest.mark.parametrize(
    ("table", "disposition", "said"),
    [
        pytest.param("daily", "WRITE_TRUNCATE", "would empty all of it", id="all partitions at once"),
        pytest.param("daily", "WRITE_TRUNCATE_DATA", "would empty all of it", id="all rows at once"),
        pytest.param("daily", "WRITE_EMPTY", "would empty all of it", id="all partitions, if empty"),
        pytest.param("daily", "", "would empty all of it", id="nothing said"),
        pytest.param("daily$20240101", "WRITE_APPEND", "is replaced", id="a partition that is added to"),
        pytest.param("whole$20240101", "WRITE_TRUNCATE", "has no partition", id="a partition of a table without"),
        pytest.param("whole", "WRITE_APPEND", "is replaced", id="a table that is added to"),
        pytest.param("other", "WRITE_TRUNCATE", "is not a table of this environment", id="a table of someone else"),
    ],
)
def test_what_is_refused(layout, table, disposition, said, kind):
    with pytest.raises(AssertionError, match=said):
        guarded(job(table, disposition, kind=kind), layout)


@pytest.mark.parametrize(
    ("table", "disposition", "dataset"),
    [
        pytest.param("events", "WRITE_TRUNCATE", "lake", id="a source"),
        pytest.param("staging_x", "WRITE_TRUNCATE", "_aggregator", id="staged rows that are replaced"),
        pytest.param("other", "WRITE_EMPTY", "_aggregator", id="a table of ours that we do not know"),
        pytest.param("trial_x", "WRITE_TRUNCATE", "_aggregator", id="a table of a trial that is replaced"),
        pytest.param("trial_x", "WRITE_APPEND", "marts", id="a table that is only called like one of a trial"),
        pytest.param("daily$20240101", "WRITE_TRUNCATE", "dev_ann_marts", id="another environment"),
    ],
)
def test_other_places(layout, table, disposition, dataset):
    with pytest.raises(AssertionError):
        guarded(job(table, disposition, dataset), layout)


@pytest.mark.parametrize(
    ("table", "disposition", "dataset"),
    [
        ("daily$20240101", "WRITE_TRUNCATE", "marts"),
        ("trial_x", "WRITE_APPEND", "_aggregator"),
        ("whole", "WRITE_TRUNCATE", "marts"),
        ("whole", "WRITE_TRUNCATE_DATA", "marts"),
        ("staging_x", "WRITE_EMPTY", "_aggregator"),
    ],
)
def test_what_is_allowed(layout, table, disposition, dataset):
    configuration = job(table, disposition, dataset)

    assert guarded(configuration, layout) is configuration


@pytest.mark.parametrize(
    ("name", "datasets", "said"),
    [
        pytest.param("other/daily", "all", "daily would be written beside the ledger", id="one for all"),
        pytest.param("_aggregator/x", "{dataset}", "_aggregator.x would be written beside the ledger", id="ours"),
    ],
)
def test_models_that_have_no_place_of_their_own(tmp_path, name, datasets, said):
    file = PROJECT_FILE.replace("location: EU,", f'location: EU, datasets: "{datasets}",', 1)
    text = model("SELECT part FROM lake.events GROUP BY part")
    root = write_files(tmp_path / "project", {**FILES, "aggregator.yml": file, f"models/{name}.sql": text})

    with pytest.raises(WarehouseError, match=re.escape(said)):
        Layout(graph_of(root))


@given(st.lists(st.text(max_size=300), min_size=1, max_size=7))
def test_names_of_jobs_are_what_bigquery_takes(parts):
    name = job_name(*parts)

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,1000}", name)
    assert name == job_name(*parts)


def test_places_are_put_where_tables_stand(layout):
    sql = "SELECT f.x, 'lake.flights' FROM lake.flights AS f -- lake.flights\nJOIN `lake.weather` USING (lake), f.items"
    where = {TableName("lake", "flights"): "`p`.`d`.`t`", TableName("lake", "weather"): "`p`.`d`.`w`"}

    assert layout.placed(sql, where.items()) == (
        "SELECT f.x, 'lake.flights' FROM `p`.`d`.`t` AS f -- lake.flights\nJOIN `p`.`d`.`w` USING (lake), f.items"
    )


def test_pace():
    """Never more than three in ten seconds, and nobody waits longer than that takes."""
    now, passed = [0.0], []

    def sleep(seconds):
        now[0] += seconds

    pace = Pace((3, 10.0), clock=lambda: now[0], sleep=sleep)
    for number in range(10):
        pace.wait()
        passed.append(now[0])
        now[0] += 0.5 * (number % 2)

    assert all(later - earlier >= 10.0 for earlier, later in zip(passed, passed[3:], strict=False))
    assert passed[-1] <= 31.0
