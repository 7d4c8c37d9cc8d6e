"""Versions are read again exactly when someone else may have written to the file."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st
from lab import Lab, daily, graph_of, model, source

from aggregator.core.names import TableName
from aggregator.core.warehouse import Versions
from aggregator.engines.duckdb.catalog import table_versions
from aggregator.engines.duckdb.engine import DuckDbEngine

DAYS = daily("day", "2013-01-01", "2013-01-04")
FILES = {
    "facts.csv": "day,n\n2013-01-01,1\n2013-01-02,2\n2013-01-03,3\n",
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=DAYS, local={"file": "facts.csv"}),
    "models/marts/totals.sql": model("SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day", partition=DAYS),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(graph_of(tmp_path, FILES))
    lab.run()
    return lab


def versions_of(lab: Lab) -> tuple[bool, Versions]:
    """Whether they were known when the file was opened, and what they are."""
    with lab.engine() as engine:
        return engine._tables.is_known, engine.versions()


def read_by(engine: DuckDbEngine) -> Versions:
    """What the rows say."""
    columns, calendars = engine._tables.columns, engine._graph.calendars
    return {
        name: table_versions(engine._db, name, columns[name], each)
        for name, each in calendars.items()
        if name in columns
    }


def write(lab: Lab, *statements: str) -> None:
    """As another program does."""
    with duckdb.connect(str(lab.path)) as db:
        for each in statements:
            db.execute(each)


def test_a_file_that_nobody_wrote_is_not_read_again(lab):
    assert versions_of(lab)[0]
    assert versions_of(lab)[0]

    with lab.engine() as engine:
        assert engine.versions() == read_by(engine)


def test_another_program_is_noticed(lab):
    before = versions_of(lab)[1]
    write(lab, "UPDATE marts.totals SET n = 9 WHERE day = DATE '2013-01-02'")

    is_known, after = versions_of(lab)

    totals = TableName("marts", "totals")
    assert not is_known
    assert {each for each in after[totals] if after[totals][each] != before[totals][each]} == {"2013-01-02"}


def test_a_change_that_sets_the_time_back_is_noticed(lab):
    versions_of(lab)
    status = lab.path.stat()
    write(lab, "UPDATE marts.totals SET n = 9 WHERE day = DATE '2013-01-02'")
    os.utime(lab.path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert lab.path.stat().st_mtime_ns == status.st_mtime_ns
    assert not versions_of(lab)[0]


def test_a_log_beside_the_file_is_noticed(lab):
    versions_of(lab)
    lab.path.with_name(f"{lab.path.name}.wal").touch()

    assert not versions_of(lab)[0]


def test_what_is_remembered_of_another_way_of_cutting_is_not_taken(lab, tmp_path):
    versions_of(lab)
    totals = "models/marts/totals.sql"
    monthly = model("SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day", partition={**DAYS, "grain": "month"})

    is_known, found = versions_of(Lab(graph_of(tmp_path, {**FILES, totals: monthly})))

    assert not is_known
    assert list(found[TableName("marts", "totals")]) == ["2013-01"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}'], ids=["nothing", "half", "a list", "another key"])
def test_what_is_remembered_may_be_damaged_or_deleted(lab, text):
    before = versions_of(lab)[1]
    (kept,) = (lab.graph.project.root / ".aggregator").glob("versions-*.json")
    kept.write_text(text)

    assert versions_of(lab) == (False, before)
    assert versions_of(lab) == (True, before)


_CHANGES = {
    "run": lambda lab: lab.run(),
    "look": versions_of,
    "delete": lambda lab: write(lab, "DELETE FROM marts.totals WHERE n = 2"),
    "insert": lambda lab: write(lab, "INSERT INTO lake.facts VALUES (DATE '2013-01-03', 4)"),
    "drop": lambda lab: write(
        lab, "DROP TABLE IF EXISTS marts.totals", "CREATE TABLE marts.totals (day DATE, n INT64)"
    ),
    "file": lambda lab: (lab.graph.project.root / "facts.csv").write_text("day,n\n2013-01-02,7\n"),
}


@hypothesis.given(changes=st.lists(st.sampled_from(sorted(_CHANGES)), max_size=8))
@hypothesis.settings(max_examples=15, deadline=None)
def test_what_is_known_is_what_the_rows_say(tmp_path_factory, changes):
    lab = Lab(graph_of(tmp_path_factory.mktemp("known"), FILES))
    lab.run()
    for each in changes:
        _CHANGES[each](lab)

        with lab.engine() as engine:
            assert engine.versions() == read_by(engine)
