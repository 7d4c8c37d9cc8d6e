"""The repair's budget in bytes: what earlier builds were billed says what fits, and what is billed ends it."""

from __future__ import annotations

import pytest
from api_server import Serving
from lab import daily, model, source, write_files
from warehouse_server import warehouse_of_events

DAYS = daily("day", "2024-01-01", "2024-01-04")
QUERY = "SELECT day, part, COUNT(*) AS stamp FROM {} GROUP BY day, part"
FILES = {
    "aggregator.yml": "project: test\nenvironments: {prod: {engine: bigquery, project: acme, location: EU, "
    "price_per_tib: 5}}\ndefault_environment: prod\n",
    "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS),
    "models/marts/daily.sql": model(QUERY.format("lake.events"), partition=DAYS, key=["day", "part"]),
    "models/marts/other.sql": model(
        QUERY.format("lake.events"), partition=DAYS, key=["day", "part"], inputs={"lake.events": {"last": "1 days"}}
    ),
}
MIB = 2**20
REPAIR, AT = "aggregator_repair", "2024-02-01T12:00"


@pytest.fixture
def warehouse(monkeypatch):
    known = warehouse_of_events()
    arrive(known, 1)
    with Serving(known):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        yield known


def arrive(warehouse, part):
    for day in (1, 2, 3):
        rows = [{"day": f"2024-01-0{day}", "part": part}]
        warehouse.stored["acme.lake.events"].put(f"2024010{day}", rows, warehouse._now())


def repaired(ran):
    """How many partitions of each model were done, what was billed in MiB, and what was left out."""
    said = ran.xcoms["repair"]
    models = {name: each["count"] for name, each in said["models"].items()}
    return models, said["bytes"] // MIB, said["left_out"]


def test_a_repair_takes_no_more_bytes_than_it_may(warehouse, scheduled, tmp_path, capfd):
    project = scheduled(write_files(tmp_path / "project", FILES))

    # Nobody knows what tables take that were never built: each has one query, at the same time.
    first = project.run(REPAIR, AT, bytes=1)
    said = capfd.readouterr().out
    second = project.run(REPAIR, AT)
    arrive(warehouse, 2)
    third = project.run(REPAIR, AT, bytes=20 * MIB)
    fourth = project.run(REPAIR, AT, price=5 * 50 * MIB / 2**40)

    assert repaired(first) == ({"marts.daily": 3, "marts.other": 1}, 40, {"marts.other": 2})
    assert "marts.other@2024-01-02..2024-01-03 (2): left out for the budget" in said
    assert "2 stale partitions are left; 41.9 MB were billed, the budget is 1,000 partitions and 1 B" in said
    assert repaired(second) == ({"marts.other": 2}, 40, {})
    assert repaired(third) == ({"marts.daily": 3}, 20, {"marts.other": 3})
    assert repaired(fourth) == ({"marts.other": 2}, 40, {"marts.other": 1})
