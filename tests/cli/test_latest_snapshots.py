"""A dimension that is kept as snapshots, as a user works with it: built, explained, tested, compared."""

from __future__ import annotations

import shutil

import pytest
from lab import daily, model, project_file, source
from test_diff import commit

SQL = (
    "SELECT s.day, p.city, SUM(s.n) AS n FROM lake.sales AS s JOIN lake.shops AS p USING (shop) GROUP BY s.day, p.city"
)
CASE = """
interval: {from: 2024-01-05, to: 2024-01-07}
given:
  lake.sales: [{day: 2024-01-05, shop: a, n: 2}, {day: 2024-01-06, shop: a, n: 3}]
  lake.shops: [{day: 2024-01-03, shop: a, city: Rome}, {day: 2024-01-06, shop: a, city: Paris}]
"""
FILES = {
    "aggregator.yml": project_file(),
    ".gitignore": "local.duckdb\n",
    "sales.csv": "day,shop,n\n" + "".join(f"2024-01-0{day},a,{day}\n" for day in range(1, 8)),
    "shops.csv": "day,shop,city\n2024-01-02,a,Rome\n2024-01-04,a,Paris\n",
    "models/lake/sales.yml": source(
        {"day": "DATE", "shop": "STRING", "n": "INT64"},
        partition=daily("day", "2024-01-01", "2024-01-08"),
        local="sales.csv",
        size={"rows": "700", "bytes": "7 MB"},
    ),
    "models/lake/shops.yml": source(
        {"day": "DATE", "shop": "STRING", "city": "STRING"},
        partition=daily("day", "2024-01-01"),
        local="shops.csv",
        size={"rows": "5000", "bytes": "500 MB"},
    ),
    "models/marts/by_city.sql": model(
        SQL, partition=daily("day", "2024-01-01"), inputs={"lake.shops": {"latest": "3 days"}}, key=["day", "city"]
    ),
    "tests/models/marts/by_city/case.yml": CASE
    + "expect: [{day: 2024-01-05, city: Rome, n: 2}, {day: 2024-01-06, city: Paris, n: 3}]\n",
    "tests/models/marts/by_city/nothing.yml": CASE.replace("interval: {from: 2024-01-05", "interval: {from: 2024-01-04")
    .replace("2024-01-03", "2024-01-01")
    .replace("2024-01-07", "2024-01-05")
    + "expect: []\n",
}


@pytest.fixture
def root(make_project):
    return make_project(FILES)


def test_what_waits_is_said_before_and_after(root, aggregator):
    planned, ran = aggregator(root, "plan"), aggregator(root, "run", "--quiet")
    status, explained = aggregator(root, "status"), aggregator(root, "explain", "marts.by_city@2024-01-01")

    lacking = "lake.shops has no rows from 2023-12-30 to 2024-01-01 (latest: 3 days)"
    assert f"waits: marts.by_city 2024-01-01: {lacking}" in planned.out
    assert (ran.code, "5 built, 2 failed" in ran.out) == (1, True)
    assert f"R506 marts.by_city@2024-01-01: {lacking}" in ran.err
    assert lacking in status.out
    assert f"It can't be built yet: {lacking}." in explained.out
    fresh = aggregator(root, "explain", "marts.by_city@2024-01-06").out
    assert "read lake.shops@2024-01-04 (1 row)" in fresh


def test_one_partition_is_counted_of_what_is_read(root, aggregator):
    reads = {}
    for length in ("3 days", "300 days"):
        path = root / "models/marts/by_city.sql"
        path.write_text(FILES["models/marts/by_city.sql"].replace("3 days", length))
        (found,) = aggregator(root, "dry-run", "--layer", "sqlglot", "--format", "json").json["models"]
        reads[length] = found["bytes"]

    assert reads["3 days"] == reads["300 days"] > 0


def test_unit_tests_choose_among_what_is_given(root, aggregator):
    done = aggregator(root, "test", "--quiet")

    assert done.code == 1
    assert "1 of 2 unit tests passed" in done.out
    assert "lake.shops has no rows from 2024-01-02 to 2024-01-04 (latest: 3 days)" in done.err


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_both_versions_are_compared_over_the_snapshot_that_is_there(root, aggregator):
    commit(root)
    aggregator(root, "run", "--quiet")
    path = root / "models/marts/by_city.sql"
    path.write_text(path.read_text().replace("SUM(s.n)", "SUM(s.n) + 1"))
    found = aggregator(root, "diff", "HEAD", "--all", "--format", "json")

    (compared,) = found.json["models"]
    partitions = {each["partition"]: each["changed"] for each in compared["rows"]["partitions"]}
    assert partitions == {f"2024-01-0{day}": 1 for day in range(2, 7)}
