"""A project of one table on BigQuery, and what a warehouse holds of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab import daily, model, source
from warehouse_server import Warehouse

from aggregator.compile import compile_project
from aggregator.core.graph import Graph
from aggregator.engines.bigquery.leases import Terms
from aggregator.load import load_project

PROJECT_FILE = """\
project: test
time_zone: UTC
environments:
  prod: {engine: bigquery, project: acme, location: EU, price_per_tib: 6.25}
  dev: {engine: bigquery, project: acme, location: EU, datasets: "dev_{user}_{dataset}", read_from: prod}
default_environment: prod
"""
QUICK = Terms(length=5.0, renewal=0.2, look=0.02)


def files(start: str, end: str, *, key: bool = True, sql: str = "", **front: Any) -> dict[str, str]:
    """A table of events, and how many there are of each day; without a key, nobody looks at the rows."""
    declared = {"partition": daily("day", start, end), **({"key": ["day", "part"]} if key else {}), **front}
    query = sql or "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part"
    columns = {"day": "DATE", "part": "INT64"}
    return {
        "aggregator.yml": PROJECT_FILE,
        "models/lake/events.yml": source(columns, partition=daily("day", start, end)),
        "models/marts/daily.sql": model(query, **declared),
    }


ONE_BY_ONE = "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part LIMIT 1000000"


def graph_of(root: Path, environment: str | None = None) -> Graph:
    loaded = load_project(root, environment)
    compiled = compile_project(loaded.project)
    assert not [each for each in (*loaded.diagnostics, *compiled.diagnostics) if each.is_error]
    return compiled.graph


def stamps(warehouse: Warehouse, table: str = "acme.marts.daily") -> dict[str, list[int]]:
    """Which execution the rows of each partition are of."""
    return {id_: [row["stamp"] for row in rows] for id_, rows in warehouse.rows_of(table).items()}


def assert_whole(warehouse: Warehouse, partitions: int, table: str = "acme.marts.daily") -> None:
    """Each partition has the rows of one execution, all of them, and the ledger knows no others."""
    found = stamps(warehouse, table)

    assert len(found) == partitions
    assert {len(each) for each in found.values()} == {3}
    assert all(len(set(each)) == 1 for each in found.values())


def successes(warehouse: Warehouse) -> dict[str, int]:
    """How often the ledger says of each partition that it was built."""
    counted: dict[str, int] = {}
    for row in warehouse.ledger:
        if row["outcome"] != "failed":
            counted[row["partition"]] = counted.get(row["partition"], 0) + 1
    return counted


def as_json(text: str) -> Any:
    return json.loads(text)
