"""How many partitions one query may write: a warehouse says so, and no step has more."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import daily, graph_of, model, source

from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.plan import make_plan

BIGQUERYS = 4_000
"""What BigQuery allows a job to change: https://cloud.google.com/bigquery/quotas#partitioned_tables."""

START, END = "2008-01-01", "2024-01-01"
TOGETHER = "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day"
ONE_BY_ONE = "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM lake.facts"


def by(grain):
    return f"SELECT DATE_TRUNC(day, {grain.upper()}) AS start, SUM(n) AS n FROM lake.facts GROUP BY start"


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", START, END))
    files = {
        "models/lake/facts.yml": facts,
        "models/marts/together.sql": model(TOGETHER, partition=daily("day", START)),
        "models/marts/one_by_one.sql": model(ONE_BY_ONE, partition=daily("day", START)),
        "models/marts/weekly.sql": model(by("isoweek"), partition=daily("start", START, grain="isoweek")),
        "models/marts/quarterly.sql": model(by("quarter"), partition=daily("start", START, grain="quarter")),
        "models/marts/whole.sql": model("SELECT SUM(n) AS n FROM lake.facts"),
    }
    return graph_of(tmp_path_factory.mktemp("project"), files)


def sizes(graph, table, most):
    """How many partitions each step has."""
    return [len(step.partitions) for step in plan(graph, most).steps if step.model.table == table]


def plan(graph, most, start=None):
    snapshot = Snapshot({}, Ledger(), datetime(2025, 1, 1, tzinfo=UTC), most_at_once=most)
    return make_plan(graph, snapshot, selected=graph.models, interval=(start, None))


@pytest.mark.parametrize(
    ("table", "most", "expected"),
    [
        pytest.param("together", None, [5844], id="all at once, where there is no limit"),
        pytest.param("together", BIGQUERYS, [4000, 1844], id="no more than the limit"),
        pytest.param("together", 2922, [2922, 2922], id="just the limit, twice"),
        pytest.param("together", 5844, [5844], id="just the limit"),
        pytest.param("one_by_one", BIGQUERYS, [1] * 5844, id="one at a time is one at a time"),
        pytest.param("weekly", BIGQUERYS, [571, 263], id="a week is seven days"),
        pytest.param("quarterly", 10, [3] * 21 + [1], id="a quarter is three months"),
        pytest.param("quarterly", 2, [1] * 64, id="one is the least"),
        pytest.param("whole", BIGQUERYS, [1], id="a table without partitions"),
    ],
)
def test_sizes_of_steps(graph, table, most, expected):
    assert sizes(graph, table, most) == expected


@settings(max_examples=20)
@given(most=st.integers(1, 130))
def test_a_limit_changes_nothing_but_the_sizes_of_steps(graph, most):
    start = datetime.fromisoformat("2023-09-01")
    limited, free = plan(graph, most, start), plan(graph, None, start)

    assert all(len(step.partitions) <= most for step in limited.steps)
    assert list(each(limited)) == list(each(free))
    assert dataclasses.replace(limited, steps=()) == dataclasses.replace(free, steps=())


def each(plan):
    steps = ((itertools.repeat(step.model), step.partitions) for step in plan.steps)
    return itertools.chain.from_iterable(zip(*step, strict=False) for step in steps)
