"""A manifest stands for its project: what is planned and built from it is the same."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta

import hypothesis
import pytest
import zoo
from hypothesis import strategies as st
from lab import Lab, graph_of, load_graph, model, source, write_files

from aggregator.checks import promised, promises_of
from aggregator.core.names import TableName
from aggregator.export.manifest import graph as reading
from aggregator.export.manifest.file import ManifestError, read_manifest
from aggregator.export.manifest.write import manifest, manifest_text

START = datetime.fromisoformat("2013-03-06")


def written(graph, path):
    path.write_text(manifest_text(manifest(graph, ())))
    return read_manifest(path)


@pytest.fixture(scope="module")
def zoo_graph(tmp_path_factory):
    return graph_of(tmp_path_factory.mktemp("zoo"), zoo.files(START))


@pytest.fixture(scope="module")
def read_zoo(zoo_graph, tmp_path_factory):
    content = written(zoo_graph, tmp_path_factory.mktemp("zoo") / "manifest.json").content
    return reading.graph_of(content, zoo_graph.project.root)


@pytest.mark.parametrize("which", ["the demo", "the zoo"])
def test_what_is_read_is_written_again_as_it_was(which, demo_files, zoo_graph, tmp_path):
    graph = load_graph(demo_files) if which == "the demo" else zoo_graph

    found = written(graph, tmp_path / "manifest.json")
    again = manifest(reading.graph_of(found.content, graph.project.root), ())

    assert json.loads(manifest_text(again)) == found.content
    found.check()


def test_names_the_same_models_with_what_they_read_and_how_they_are_cut(zoo_graph, read_zoo):
    assert list(read_zoo.models) == list(zoo_graph.models)
    assert read_zoo.reads == zoo_graph.reads
    assert read_zoo.calendars == zoo_graph.calendars
    for name, each in zoo_graph.models.items():
        found = read_zoo.models[name]
        assert (found.sql, found.fingerprint, found.one_by_one) == (each.sql, each.fingerprint, each.one_by_one)
        assert [(edge.table, edge.map) for edge in found.inputs] == [(edge.table, edge.map) for edge in each.inputs]


CHECKED = {
    "models/lake/facts.yml": source({"day": "DATE", "at": "TIMESTAMP", "t": "TIME", "n": "INT64", "word": "STRING"}),
    "models/lake/words.yml": source({"word": "STRING"}),
    "models/marts/checked.sql": model(
        "SELECT day, at, t, n, word FROM lake.facts",
        key=["day", "n"],
        checks=[
            {"expect_column_values_to_be_between": {"column": "day", "min_value": "2013-01-01", "strict_min": True}},
            {"expect_column_values_to_be_between": {"column": "n", "max_value": 9, "row_condition": "n > 1"}},
            {"expect_column_max_to_be_between": {"column": "at", "max_value": "2013-01-01T05:00Z"}},
            {"expect_column_min_to_be_between": {"column": "t", "min_value": "05:30", "severity": "warning"}},
            {"expect_column_values_to_not_be_null": {"column": "word", "mostly": 0.9}},
            {"relationships": {"column": "word", "to": "lake.words", "field": "word"}},
            {"row_count_near_previous": {"within": "30 %"}},
        ],
    ),
}


def test_checks_are_read_as_they_were_compiled(demo_files, tmp_path):
    checked = graph_of(tmp_path / "project", CHECKED)
    for graph in (checked, load_graph(demo_files)):
        found = reading.graph_of(written(graph, tmp_path / "manifest.json").content, graph.project.root)

        assert {name: promises_of(each) for name, each in found.models.items()} == {
            name: promised(each).promises for name, each in graph.models.items()
        }
    assert len(promised(checked.models[TableName("marts", "checked")]).promises) == 8


def test_checks_are_asked_without_compiling_them(demo_files, tmp_path):
    written(graph_of(tmp_path / "project", CHECKED), tmp_path / "manifest.json")
    script = f"""
import sys
from pathlib import Path
sys.modules["sqlglot"] = None  # importing it raises
from aggregator.export.manifest.file import read_manifest
from aggregator.export.manifest.graph import graph_of
from aggregator.run.checked import Checked
graph = graph_of(read_manifest(Path({str(tmp_path / "manifest.json")!r})).content, Path("nowhere"))
(model,) = graph.models.values()
print(len(Checked(model, graph, None, {{}}).expectations))
"""

    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(demo_files)})

    assert (found.stdout, found.stderr) == ("8\n", "")


DAYS = st.one_of(st.none(), st.integers(-1, zoo.DAYS + 1).map(lambda days: START + timedelta(days=days)))


@hypothesis.settings(max_examples=10)
@hypothesis.given(
    intervals=st.tuples(st.tuples(DAYS, DAYS), st.tuples(DAYS, DAYS)),
    touched=st.sampled_from([None, "INSERT INTO lake.facts VALUES ('2013-03-08', 'a', 1, 1.0)"]),
    full=st.booleans(),
)
def test_plans_are_equal(intervals, touched, full, zoo_graph, read_zoo, tmp_path_factory):
    lab = Lab.at(tmp_path_factory.mktemp("lab"), zoo_graph)
    facts = [((START + timedelta(days=day)).date(), "a", day, 0.5) for day in range(zoo.DAYS)]
    zoo.fill(lab, {"lake.facts": facts, "lake.other": [], "lake.events": [], "lake.names": [("a", "first")]})
    built, asked = intervals
    lab.run(interval=built)
    if touched:
        lab.execute(touched)

    assert lab.on(read_zoo).plan(interval=asked, full=full) == lab.plan(interval=asked, full=full)


def test_runs_build_the_same_tables(zoo_graph, read_zoo, tmp_path):
    facts = [((START + timedelta(days=day)).date(), "ab"[day % 2], day, 0.5) for day in range(zoo.DAYS)]
    rows = {"lake.facts": facts, "lake.other": [], "lake.events": [], "lake.names": [("a", "first")]}
    labs = [Lab.at(tmp_path / "project", zoo_graph), Lab.at(tmp_path / "manifest", read_zoo)]
    for lab in labs:
        zoo.fill(lab, rows)
        assert lab.run().is_clean

    assert labs[0].tables() == labs[1].tables()
    assert labs[0].tables()


def test_neither_the_project_nor_what_reads_it_is_needed(demo_files, zoo_graph, tmp_path):
    written(zoo_graph, tmp_path / "manifest.json")
    script = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.export.manifest.file import read_manifest
from aggregator.export.manifest.graph import graph_of
from aggregator.plan import make_plan
import aggregator.run
graph = graph_of(read_manifest(Path({str(tmp_path / "manifest.json")!r})).content, Path("nowhere"))
snapshot = Snapshot({{}}, Ledger(), datetime(2999, 1, 1, tzinfo=UTC))
plan = make_plan(graph, snapshot, selected=graph.models)
heavy = {{"sqlglot", "jinja2", "yaml", "duckdb", "click", "google", "airflow"}}
print(len(plan.steps) > 0, sorted(heavy & {{name.partition(".")[0] for name in sys.modules}}))
"""

    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(demo_files)})

    assert (found.stdout, found.stderr) == ("True []\n", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "is not JSON, or only a part of it", id="an empty file"),
        pytest.param('{"version": 1, "models": [', "is not JSON, or only a part of it", id="cut off"),
        pytest.param("[]", "is not a manifest of aggregator", id="other JSON"),
        pytest.param('{"models": []}', "is not a manifest of aggregator", id="one of before there were versions"),
        pytest.param('{"version": 99, "dags": []}', "has version 99 of the format", id="one of the future"),
        pytest.param(None, "can't be read: No such file or directory", id="no file"),
    ],
)
def test_refuses_what_it_does_not_understand(text, message, tmp_path):
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ManifestError, match=message) as caught:
        read_manifest(path)
    assert caught.value.advice


def test_notices_that_it_was_changed_by_hand(zoo_graph, tmp_path):
    found = written(zoo_graph, tmp_path / "manifest.json")
    content = {**found.content, "project": "another"}
    (tmp_path / "manifest.json").write_text(json.dumps(content))

    with pytest.raises(ManifestError, match="changed by hand"):
        read_manifest(tmp_path / "manifest.json").check()


@pytest.mark.parametrize("indent", [1, None])
def test_the_part_that_dags_are_loaded_from_is_read_alone(zoo_graph, tmp_path, indent):
    whole = written(zoo_graph, tmp_path / "manifest.json").content
    (tmp_path / "manifest.json").write_text(manifest_text(whole, indent=indent))

    part = read_manifest(tmp_path / "manifest.json", is_whole=False).content

    rest = ("sources", "models", "translations", "diagnostics")
    assert part == {key: value for key, value in whole.items() if key not in rest}


def test_layout_of_the_file_does_not_matter_to_the_hash(zoo_graph, tmp_path):
    found = written(zoo_graph, tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text(json.dumps(found.content, sort_keys=True))

    read_manifest(tmp_path / "manifest.json").check()


FACTS = source({"day": "DATE", "n": "INT64"}, partition={"by": "day", "grain": "day", "from": "2024-01-01"})
SELECT = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
BY_DAY = {"by": "day", "grain": "day", "from": "2024-01-01"}


def test_hash_tells_versions_apart(tmp_path):
    graphs = [
        graph_of(
            tmp_path / folder,
            {
                "models/lake/facts.yml": FACTS,
                "models/marts/a.sql": model(SELECT.format("lake.facts"), partition=BY_DAY, owner=owner),
            },
        )
        for folder, owner in (("one", "a@example.com"), ("same", "a@example.com"), ("other", "b@example.com"))
    ]

    one, same, other = (manifest(graph, ())["hash"] for graph in graphs)

    assert one == same != other


def dags_of(root, models):
    files = {f"models/{name.replace('.', '/')}.sql": text for name, text in models.items()}
    graph = graph_of(root, {"models/lake/facts.yml": FACTS, **files})
    return {dag["id"]: dag for dag in manifest(graph, ())["dags"]}


def tasks(dag):
    return {task["id"]: task["upstream"] for task in dag["tasks"]}


def on(table, **front):
    return model(SELECT.format(table), **{"partition": BY_DAY, "schedule": "daily", **front})


def test_a_dag_per_domain_and_schedule(tmp_path):
    found = dags_of(
        tmp_path,
        {
            "staging.a": on("lake.facts"),
            "marts.b": on("staging.a"),
            "marts.c": on("marts.b", schedule="30 6 * * 1-5 Europe/Berlin"),
            "marts.d": on("marts.b", dag="finance"),
            "marts.e": on("marts.b", schedule=""),
        }
        | {"marts.e": model(SELECT.format("marts.b"), partition=BY_DAY)},
    )

    assert {name: dag["schedule"] for name, dag in found.items()} == {
        "staging_daily": {"cron": "0 0 * * *", "zone": "UTC"},
        "marts_daily": {"cron": "0 0 * * *", "zone": "UTC"},
        "marts_30-6-x-x-1-5-Europe-Berlin": {"cron": "30 6 * * 1-5", "zone": "Europe/Berlin"},
        "finance_daily": {"cron": "0 0 * * *", "zone": "UTC"},
        "marts_unscheduled": None,
    }
    assert tasks(found["staging_daily"]) == {"wait.lake.facts": [], "staging.a": ["wait.lake.facts"]}
    assert tasks(found["finance_daily"]) == {"wait.marts.b": [], "marts.d": ["wait.marts.b"]}


def test_tasks_wait_for_each_other_within_a_dag(tmp_path):
    found = dags_of(tmp_path, {"marts.a": on("lake.facts"), "marts.b": on("marts.a"), "marts.c": on("marts.a")})

    assert tasks(found["marts_daily"]) == {
        "wait.lake.facts": [],
        "marts.a": ["wait.lake.facts"],
        "marts.b": ["marts.a"],
        "marts.c": ["marts.a"],
    }


def test_connected_models_of_a_group_are_one_task(tmp_path):
    found = dags_of(
        tmp_path,
        {
            "marts.a": on("lake.facts", group=True, timeout="1h"),
            "marts.b": on("marts.a", group=True, timeout="2h", retries=5),
            "marts.c": on("marts.b"),
            "marts.other": on("lake.facts", group=True),
        },
    )
    built = {task["id"]: task for task in found["marts_daily"]["tasks"] if task["kind"] == "build"}

    assert {name: task["models"] for name, task in built.items()} == {
        "marts.a_group": ["marts.a", "marts.b"],
        "marts.c": ["marts.c"],
        "marts.other": ["marts.other"],
    }
    assert built["marts.c"]["upstream"] == ["marts.a_group"]
    assert (built["marts.a_group"]["timeout"], built["marts.a_group"]["retries"]) == (3 * 3600, 5)


def test_runs_of_a_table_that_reads_itself_take_turns(tmp_path):
    rows = "SELECT day, n FROM lake.facts UNION ALL SELECT @start, n FROM marts.a"
    reads_itself = SELECT.format(f"({rows})")
    prod = "project: test\nenvironments: {prod: {engine: bigquery, project: p}}\ndefault_environment: prod\n"
    files = {
        "aggregator.yml": prod,
        "models/lake/facts.yml": FACTS,
        "models/marts/a.sql": model(reads_itself, partition=BY_DAY, inputs={"marts.a": "previous"}, schedule="daily"),
        "models/other/b.sql": on("lake.facts"),
    }
    found = {each["id"]: each for each in manifest(load_graph(write_files(tmp_path, files)), ())["dags"]}

    assert found["marts_daily"]["max_active_runs"] == 1
    assert found["other_daily"]["max_active_runs"] > 1
    assert found["other_daily"]["max_active_tasks"] is None


def test_a_broken_model_is_a_task_of_its_own_dag(make_project, aggregator, tmp_path):
    root = make_project(
        {
            "models/lake/facts.yml": FACTS,
            "models/marts/good.sql": on("lake.facts"),
            "models/marts/bad.sql": on("lake.facts").replace("SUM(n)", "SUM(nn)"),
            "models/other/unreadable.sql": "SELECT 1",
        }
    )

    outcome = aggregator(root, "compile", "--out", str(tmp_path / "out.json"))
    dags = {each["id"]: each for each in read_manifest(tmp_path / "out.json").content["dags"]}

    kinds = {task["id"]: task["kind"] for dag in dags.values() for task in dag["tasks"]}
    assert outcome.code == 1
    assert kinds == {
        "wait.lake.facts": "wait",
        "marts.good": "build",
        "marts.bad": "broken",
        "other.unreadable": "broken",
    }
    (bad,) = (task for task in dags["marts_daily"]["tasks"] if task["id"] == "marts.bad")
    assert bad["message"].startswith("models/marts/bad.sql:")
    assert "nn" in bad["message"]
