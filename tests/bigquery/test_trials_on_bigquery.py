"""Another version of a project, computed beside the tables of BigQuery: once, bounded, and gone at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab import daily, model, write_files
from one_table import PROJECT_FILE, files, graph_of
from warehouse_server import Warehouse

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.engines.protocol import QueryError
from aggregator.strategies import write_for

DAILY, READER = TableName("marts", "daily"), TableName("marts", "reader")
FILES = {
    **files("2024-01-01", "2024-01-05", budget={"bytes": "1 GB"}),
    "models/marts/reader.sql": model(
        "SELECT day, part, stamp FROM marts.daily", partition=daily("day", "2024-01-01", "2024-01-05")
    ),
}


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return graph_of(write_files(tmp_path / "project", FILES))


def days(graph: Graph, table: TableName, *partitions: str) -> Any:
    return write_for(graph.models[table], Step(table, partitions, Stale(Reason.FULL)), {})


def trials(warehouse: Warehouse) -> dict[str, int]:
    """The rows of the tables that are there of trials."""
    found = {name: each for name, each in warehouse.stored.items() if "._aggregator.trial_" in name}
    return {name.partition(".trial_")[2]: sum(map(len, each.rows.values())) for name, each in found.items()}


def test_what_was_computed_is_read_and_nothing_of_it_stays(warehouse, graph, make_engine):
    with make_engine(graph, run_key="r1") as engine, engine.trial(graph, "_after") as trial:
        trial.fill(days(graph, DAILY, "2024-01-01", "2024-01-02"))
        trial.fill(days(graph, DAILY, "2024-01-03"))
        trial.fill(days(graph, READER, "2024-01-01"))
        there = trials(warehouse)

    first, second, third = (each["configuration"] for each in warehouse.posted_jobs("diff"))
    assert there == {"after_r1_marts__daily": 9, "after_r1_marts__reader": 3}
    assert "FROM `acme`.`_aggregator`.`trial_after_r1_marts__daily`" in third["query"]["query"]
    assert [each["query"]["writeDisposition"] for each in (first, second, third)] == ["WRITE_APPEND"] * 3
    assert int(first["query"]["maximumBytesBilled"]) > 2 * 10**9 > int(second["query"]["maximumBytesBilled"])
    assert trials(warehouse) == {}
    assert "acme.marts.daily" not in warehouse.stored


@pytest.mark.parametrize("fault", ["after reset", "after 503"])
def test_rows_are_added_once_if_an_answer_is_lost(warehouse, graph, make_engine, fault):
    lost = [fault]

    def once(method: str, path: str, body: Any) -> Any:
        is_job = method == "POST" and path.endswith("/jobs") and not body["configuration"].get("dryRun")
        return lost.pop() if is_job and lost else None

    warehouse.fault_on = once
    with make_engine(graph, run_key="r1") as engine, engine.trial(graph, "_after") as trial:
        trial.fill(days(graph, DAILY, "2024-01-01"))
        there = trials(warehouse)

    assert lost == []
    assert there == {"after_r1_marts__daily": 3}


def test_what_fails_leaves_nothing_behind(warehouse, graph, make_engine):
    warehouse.job_errors["diff"] = ["invalidQuery"]

    with make_engine(graph) as engine, engine.trial(graph, "_after") as trial, pytest.raises(QueryError):
        trial.fill(days(graph, DAILY, "2024-01-01"))

    assert trials(warehouse) == {}


def test_two_trials_know_nothing_of_each_other(warehouse, graph, make_engine):
    with (
        make_engine(graph, run_key="r1") as engine,
        engine.trial(graph, "_a") as one,
        engine.trial(graph, "_b") as other,
    ):
        one.fill(days(graph, DAILY, "2024-01-01"))
        other.fill(days(graph, DAILY, "2024-01-01"))
        other.fill(days(graph, DAILY, "2024-01-02"))

        assert trials(warehouse) == {"a_r1_marts__daily": 3, "b_r1_marts__daily": 6}
        assert one.name(DAILY) != other.name(DAILY)


def test_a_table_that_nobody_built_is_read_as_empty_if_it_has_partitions(warehouse, graph, make_engine):
    with make_engine(graph, run_key="r1") as engine, engine.trial(graph, "_a") as trial:
        trial.fill(days(graph, READER, "2024-01-01"))

        assert trials(warehouse)["a_r1_marts__daily"] == 0


def test_and_is_asked_for_if_it_has_none(warehouse, tmp_path, make_engine):
    given = {
        **FILES,
        "aggregator.yml": PROJECT_FILE,
        "models/marts/whole.sql": model("SELECT COUNT(*) AS n FROM marts.daily"),
        "models/marts/above.sql": model("SELECT n FROM marts.whole"),
    }
    graph = graph_of(write_files(tmp_path / "project", given))

    said = pytest.raises(QueryError, match=r"marts\.whole has not been built")
    with make_engine(graph) as engine, engine.trial(graph, "_a") as trial, said:
        trial.fill(days(graph, TableName("marts", "above"), ""))
