"""Only partitions that overlap an interval are looked at, on each table's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from lab import daily, graph_of, model, source

from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.plan import make_plan

START = "2012-12-15"
FIRST = datetime.fromisoformat(START)


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", START, "2013-03-10"))
    files = {"models/lake/facts.yml": facts, "models/marts/whole.sql": model("SELECT SUM(n) AS n FROM lake.facts")}
    for grain in ("day", "isoweek", "month"):
        sql = f"SELECT DATE_TRUNC(day, {grain.upper()}) AS start, SUM(n) AS n FROM lake.facts GROUP BY start"
        files[f"models/marts/by_{grain}.sql"] = model(sql, partition=daily("start", START, grain=grain))
    return graph_of(tmp_path_factory.mktemp("project"), files)


moments = st.none() | st.integers(-48, 24 * 100).map(lambda hours: FIRST + timedelta(hours=hours))


@hypothesis.given(start=moments, end=moments)
def test_what_overlaps_an_interval_is_planned(graph, start, end):
    snapshot = Snapshot({}, Ledger(), datetime(2014, 1, 1, tzinfo=UTC))
    plan = make_plan(graph, snapshot, selected=graph.models, interval=(start, end))
    looked_at = 0
    for name, compiled in graph.models.items():
        calendar, expected = compiled.calendar, list(plan.due[name])
        if calendar is not None:
            spans = {each: (calendar.parse(each), calendar.next(calendar.parse(each))) for each in expected}
            expected = [
                each
                for each, (low, high) in spans.items()
                if (end is None or low < end) and (start is None or high > start)
            ]
        looked_at += len(expected)

        assert list(plan.stale[name]) == expected
    assert plan.looked_at == looked_at
