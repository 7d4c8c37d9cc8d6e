"""The warehouse for which planning is measured is fresh, but for what a few days of the sources changed."""

from __future__ import annotations

import pytest
from lab import load_graph

from aggregator.core.plan import Reason
from aggregator.plan import make_plan
from benchmarks import planning

MODELS = 40


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    planning.write_models(MODELS, folder)
    return load_graph(folder)


@pytest.fixture(scope="module")
def snapshot(graph):
    return planning.all_fresh(graph)


def test_what_the_late_days_reach_is_stale(graph, snapshot):
    found = make_plan(graph, planning.late_days(graph, snapshot), selected=set(graph.models))
    partitions = [each for stale in found.stale.values() for each in stale]
    share = len(partitions) / sum(map(len, found.due.values()))

    assert len(graph.models) == MODELS
    assert {stale.reason for each in found.stale.values() for stale in each.values()} == {Reason.INPUT}
    assert set(partitions) <= {"", "2013-12", *planning.LATE}
    assert 0.005 < share < 0.02


def test_otherwise_it_is_fresh(graph, snapshot):
    assert make_plan(graph, snapshot, selected=set(graph.models)).steps == ()
