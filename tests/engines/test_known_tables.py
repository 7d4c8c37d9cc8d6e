"""What the embedded engine keeps in mind of the tables in its file is what the file says."""

from __future__ import annotations

from typing import Any

import pytest
from lab import Lab, Quiet, daily, graph_of, model, name, source

from aggregator.engines.duckdb.catalog import table_columns
from aggregator.engines.duckdb.reading import most_rows
from aggregator.run import run_plan

FACTS = "day,n\n2013-01-01,1\n2013-01-02,2\n2013-01-02,3\n"
EVERY_TYPE = """\
SELECT day, SUM(n) AS n, TRUE AS b, 'a' AS s, CAST(SUM(n) AS FLOAT64) AS f, CAST(SUM(n) AS NUMERIC) AS d,
  TIMESTAMP(day) AS t, DATETIME(day) AS w, CAST('x' AS BYTES) AS y, [SUM(n)] AS ns,
  STRUCT(SUM(n) AS total, 'a' AS `order`) AS st, [STRUCT(1.5 AS half, DATE(day) AS day)] AS sts
FROM lake.facts GROUP BY day"""


@pytest.fixture
def lab_of(tmp_path):
    def lab_of(**models: str) -> Lab:
        facts = source(
            {"day": "DATE", "n": "INT64"}, local="facts.csv", partition=daily("day", "2013-01-01", "2013-01-03")
        )
        files: dict[str, Any] = {"facts.csv": FACTS, "models/lake/facts.yml": facts}
        return Lab(graph_of(tmp_path, files | {f"models/marts/{each}.sql": text for each, text in models.items()}))

    return lab_of


def in_file(engine) -> dict[Any, Any]:
    return table_columns(engine._db)


def in_mind(engine) -> dict[Any, Any]:
    return engine._tables.columns


def test_columns_of_a_table_that_was_built(lab_of):
    lab = lab_of(daily=model(EVERY_TYPE, partition=daily("day", "2013-01-01")))

    with lab.engine() as engine:
        plan = lab.plan_on(engine)
        report = run_plan(plan, lab.graph, engine, engine.snapshot().ledger, run_id="test", progress=Quiet())

        assert report.is_clean
        assert in_mind(engine) == in_file(engine)


def test_columns_of_a_table_that_is_read_before_it_is_built(lab_of):
    lab = lab_of(
        daily=model(EVERY_TYPE, partition=daily("day", "2013-01-01")), reader=model("SELECT * FROM marts.daily")
    )

    with lab.engine() as engine:
        engine._make_readable(name("marts.reader"))

        assert name("marts.daily") in in_mind(engine)
        assert in_mind(engine) == in_file(engine)


def test_a_view_has_the_rows_of_what_it_reads(lab_of):
    lab = lab_of(
        seen=model("SELECT day, n FROM lake.facts", kind="view"),
        over=model("SELECT day, n FROM marts.seen", kind="view"),
        whole=model("SELECT SUM(n) AS n FROM marts.over"),
        apart=model("SELECT SUM(n) AS n FROM marts.whole"),
    )
    lab.run()

    with lab.engine() as engine:
        found = {each: most_rows(lab.graph, engine._tables, name(f"marts.{each}")) for each in ("whole", "apart")}

    assert found == {"whole": 3, "apart": 1}
