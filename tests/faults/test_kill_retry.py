"""``run --retry-failed`` is killed at each of its statements; the next one does what is left, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from driving import drive
from lab import daily, load_graph, model, project_file, source, write_files

SPAN = daily("day", "2013-01-01", "2013-01-05")
SIGN = [{"expect_column_values_to_be_between": {"column": "n", "min_value": 0}}]
COUNT = "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day"
FILES = {
    "aggregator.yml": project_file(),
    "facts.csv": "day,n\n2013-01-01,-1\n2013-01-02,2\n2013-01-03,-3\n2013-01-04,4\n",
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=SPAN, local="facts.csv"),
    "models/marts/counts.sql": model(COUNT, partition=daily("day", "2013-01-01"), checks=SIGN),
}
FAILED = ["2013-01-01", "2013-01-03"]


def attempts(root: Path) -> list[tuple[str, str]]:
    with duckdb.connect(root / "local.duckdb") as db:
        return db.execute("SELECT partition, outcome FROM _aggregator.ledger ORDER BY rowid").fetchall()


@pytest.fixture
def failed(tmp_path, aggregator) -> Path:
    """Two days failed, one by one; what they failed at is mended."""
    root = write_files(tmp_path / "failed", FILES)
    assert load_graph(root).models
    assert aggregator(root, "run").code == 1
    write_files(root, {"models/marts/counts.sql": model(COUNT, partition=daily("day", "2013-01-01"))})
    return root


def test_whenever_it_dies_nothing_is_done_twice(failed, aggregator, tmp_path):
    before = len(attempts(failed))
    task = {"template": failed, "arguments": ["run", "--quiet", "--retry-failed"]}
    statements = len(drive(**task, work=tmp_path / "whole", fate="nothing", moments=[-1])[0]["statements"])

    moments = list(range(0, statements, 4))
    killed = [tmp_path / "killed" / str(moment) for moment in moments]
    found = drive(**task, work=tmp_path / "killed", fate="kill", moments=moments)
    halfway = {len(attempts(root)) - before for root in killed}
    codes = {aggregator(root, "run", "--retry-failed").code for root in killed}

    assert {each["exit"] for each in found} == {-9}
    assert halfway >= {0, 1}
    assert codes == {0}
    for root in killed:
        assert attempts(root)[before:] == [(day, "built") for day in FAILED]
