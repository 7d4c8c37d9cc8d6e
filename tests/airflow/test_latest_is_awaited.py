"""A wait for a dimension that is kept as snapshots: any of those that may be read will do."""

from __future__ import annotations

from datetime import datetime

import pytest
from lab import Lab, daily, graph_of, model, name, source

READER, SHOPS, SALES = name("marts.by_city"), name("lake.shops"), name("lake.sales")
SPAN = ("2024-01-01", "2024-01-10")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param([], ["2024-01-05", "2024-01-06"], id="none is there: the newest that each of them may read"),
        pytest.param(["2024-01-03"], ["2024-01-06"], id="one of them has one"),
        pytest.param(["2024-01-04"], [], id="both have one"),
        pytest.param(["2024-01-07"], [], id="a source that has arrived is there"),
    ],
)
def test_what_is_awaited(there, expected, tmp_path, airflow_home):
    from aggregator.airflow.asked import Asked
    from aggregator.airflow.work import wanted

    files = {
        "models/lake/sales.yml": source({"day": "DATE", "n": "INT64"}, partition=daily("day", *SPAN)),
        "models/lake/shops.yml": source({"day": "DATE", "city": "STRING"}, partition=daily("day", SPAN[0])),
        "models/marts/by_city.sql": model(
            "SELECT s.day, p.city, SUM(s.n) AS n FROM lake.sales AS s, lake.shops AS p GROUP BY s.day, p.city",
            partition=daily("day", "2024-01-01"),
            inputs={"lake.shops": {"latest": "3 days"}},
        ),
    }
    lab = Lab.at(tmp_path, graph_of(tmp_path / "project", files))
    with lab.engine():
        pass
    lab.execute("CREATE SCHEMA lake", "CREATE TABLE lake.shops (day DATE, city VARCHAR)")
    lab.execute(*(f"INSERT INTO lake.shops VALUES (DATE '{day}', 'Rome')" for day in there))
    asked = Asked(moments=(datetime(2024, 1, 5), datetime(2024, 1, 7)))  # noqa: DTZ001  (a wall clock)
    with lab.engine() as engine:
        snapshot = engine.snapshot()

    assert wanted(lab.graph, [READER], SHOPS, asked, snapshot) == expected
    assert wanted(lab.graph, [READER], SALES, asked, snapshot) == ["2024-01-05", "2024-01-06"]
