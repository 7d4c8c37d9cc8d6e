"""What the selected models read and is stale itself is told; of that, only what the asked partitions are made from."""

from __future__ import annotations

from datetime import datetime

import pytest
from lab import Lab, graph_of, model, name
from plan_cases import FILES

from aggregator.plan import retry_plan

BY_DAY = name("marts.by_day")


@pytest.fixture
def lab(tmp_path):
    """January 1 to 4, all of it built; then the 2nd changes."""
    files = FILES | {"models/marts/above.sql": model("SELECT c FROM marts.whole", kind="view")}
    lab = Lab.at(tmp_path, graph_of(tmp_path / "project", files))
    lab.run()
    lab.execute("UPDATE lake.sales SET n = 9 WHERE day = DATE '2024-01-02'")
    return lab


def interval(first: int, last: int) -> tuple[datetime, datetime]:
    return datetime(2024, 1, first), datetime(2024, 1, last + 1)  # noqa: DTZ001  (a wall clock)


@pytest.mark.parametrize(
    ("select", "asked", "expected"),
    [
        pytest.param("marts.trailing", (None, None), [BY_DAY], id="all of it"),
        pytest.param("marts.trailing", interval(2, 2), [BY_DAY], id="its own day changed"),
        pytest.param("marts.trailing", interval(3, 3), [BY_DAY], id="the day before is read, too"),
        pytest.param("marts.trailing", interval(4, 4), [], id="what changed is not read"),
        pytest.param("marts.whole", interval(4, 4), [BY_DAY], id="all is read"),
        pytest.param("marts.above", (None, None), [BY_DAY], id="through a table between them"),
        pytest.param("marts.by_day", (None, None), [], id="what is selected is built itself"),
    ],
)
def test_what_is_read_and_stale_is_told(lab, select, asked, expected):
    assert list(lab.plan(select=[select], interval=asked).unselected) == expected


def test_of_what_failed_only_what_it_reads_is_told(lab):
    with lab.engine() as engine:
        assert retry_plan(lab.graph, engine.snapshot(), selected=lab.graph.models).unselected == ()
