"""Another version of a project, computed beside the tables of the warehouse."""

from __future__ import annotations

import pytest
from lab import Lab, daily, graph_of, load_graph, model, name, source, write_files

from aggregator.core.writes import OverwritePartitions, ReplaceTable
from aggregator.engines.protocol import QueryError

BY_DAY = {"partition": daily("day", "2024-01-01", "2024-01-04")}
FILES = {
    "models/lake/raw.yml": source({"day": "DATE", "x": "INT64"}, local="raw.csv", **BY_DAY),
    "models/a/one.sql": model("SELECT day, x FROM lake.raw", **BY_DAY),
    "models/a/two.sql": model("SELECT day, one.x FROM a.one", **BY_DAY),
    "models/a/whole.sql": model("SELECT SUM(x) AS x FROM a.one"),
    "models/a/above.sql": model("SELECT x FROM a.whole"),
    "models/a/own.sql": model(
        "SELECT r.day, r.x + IFNULL(o.x, 0) AS x FROM lake.raw AS r LEFT JOIN a.own AS o"
        " ON o.day = DATE_SUB(r.day, INTERVAL 1 DAY)",
        inputs={"a.own": "previous"},
        **BY_DAY,
    ),
}
RAW = "day,x\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n"


@pytest.fixture
def lab(tmp_path):
    write_files(tmp_path, {"raw.csv": RAW})
    return Lab(graph_of(tmp_path, FILES))


@pytest.fixture
def changed(lab):
    """The same project with another ``a.one``."""
    files = {"models/a/one.sql": model("SELECT day, 10 * x AS x FROM lake.raw", **BY_DAY)}
    return load_graph(write_files(lab.graph.project.root, files))


def fill(trial, graph, table, day: int = 0):
    model_ = graph.models[name(table)]
    if not day:
        trial.fill(ReplaceTable(model_.name, model_.sql, model_.columns))
        return
    start = model_.calendar.parse(f"2024-01-0{day}")
    trial.fill(
        OverwritePartitions(model_.name, model_.sql, model_.columns, model_.calendar, start, start.replace(day=day + 1))
    )


def total(engine, trial, table) -> tuple[object, ...]:
    return engine.ask(f"SELECT COUNT(*) AS n, SUM(x) AS x FROM {trial.name(name(table))}", {})


def test_it_reads_what_was_computed_in_it(lab, changed):
    lab.run()
    with lab.engine() as engine, engine.trial(changed, "_new") as trial:
        for table in ("a.one", "a.two"):
            fill(trial, changed, table, 2)

        assert total(engine, trial, "a.two") == (1, 20)


def test_and_the_warehouse_where_nothing_was(lab, changed):
    lab.run()
    with lab.engine() as engine, engine.trial(changed, "_new") as trial:
        fill(trial, changed, "a.two", 2)

        assert total(engine, trial, "a.two") == (1, 2)


def test_two_of_them_know_nothing_of_each_other(lab, changed):
    lab.run()
    with lab.engine() as engine, engine.trial(lab.graph, "_old") as old, engine.trial(changed, "_new") as new:
        fill(old, lab.graph, "a.one", 3)
        fill(new, changed, "a.one", 3)
        fill(new, changed, "a.one", 1)

        assert (total(engine, old, "a.one"), total(engine, new, "a.one")) == ((1, 3), (2, 40))


def test_nothing_of_it_stays(lab, changed):
    lab.run()
    before = lab.tables()
    with lab.engine() as engine:
        for _ in range(2):
            with engine.trial(changed, "_new") as trial:
                fill(trial, changed, "a.one", 1)
        versions = engine.versions()
    with lab.engine() as engine:
        assert engine.versions() == versions

    assert lab.tables() == before
    assert lab.plan(full=False).steps == ()


def test_what_is_not_built_is_empty_and_stays_so(lab):
    with lab.engine() as engine, engine.trial(lab.graph, "_new") as trial:
        fill(trial, lab.graph, "a.two", 1)

        assert total(engine, trial, "a.two") == (0, None)
    assert lab.tables() == {}


def test_a_table_that_is_not_built_can_not_be_read_whole(lab):
    with lab.engine() as engine, engine.trial(lab.graph, "_new") as trial:
        with pytest.raises(QueryError, match=r"a\.whole has not been built"):
            fill(trial, lab.graph, "a.above")
        fill(trial, lab.graph, "a.whole")
        fill(trial, lab.graph, "a.above")


@pytest.mark.parametrize(("is_built", "expected"), [(True, 6), (False, 3)], ids=["as the table is", "nothing is there"])
def test_a_model_reads_its_own_rows_as_they_are_in_the_table(lab, is_built, expected):
    if is_built:
        lab.run()
    with lab.engine() as engine, engine.trial(lab.graph, "_new") as trial:
        fill(trial, lab.graph, "a.own", 3)

        assert total(engine, trial, "a.own") == (1, expected)
