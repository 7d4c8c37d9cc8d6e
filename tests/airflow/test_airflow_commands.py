"""``aggregator airflow``, and the files beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from lab import daily, model, source, write_files

from aggregator.cli.airflow_home import PARALLELISM

PROJECT = "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\ndefault_environment: local\n"
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FILES = {
    "aggregator.yml": PROJECT,
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01")),
    "models/staging/sums.sql": model(SUM.format("lake.facts"), partition=daily("day", "2024-01-01"), schedule="daily"),
    "models/marts/twice.sql": model(
        SUM.format("staging.sums"),
        partition=daily("day", "2024-01-01"),
        alerts=["slack"],
        timeout="1h",
        pool="p",
        export={"to": "gs://files/{model}/{partition}/*.csv", "format": "csv"},
    ),
}


@pytest.fixture
def root(tmp_path):
    return write_files(tmp_path / "project", FILES)


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "aggregator", "airflow", *arguments], capture_output=True, text=True, check=False
    )


def test_check_counts_what_it_parsed(root):
    done = command("check", "--quiet", "--project", str(root), "--format", "json")

    found = json.loads(done.stdout)
    assert (done.returncode, found["problems"]) == (0, [])
    assert set(found["dags"]) == {"staging_daily", "marts_unscheduled", "aggregator_repair", "aggregator_rollback"}
    assert found["dags"]["staging_daily"] == {"wait.lake.facts": "a@example.com", "staging.sums": "a@example.com"}


def test_check_fails_on_what_airflow_would_not_load(tmp_path):
    (tmp_path / "wrong.py").write_text("import airflow  # a DAG\nimport there_is_no_such_module\n")
    (tmp_path / "unowned.py").write_text(
        "from airflow.sdk import DAG, BaseOperator\n"
        "with DAG('unowned', schedule=None):\n    BaseOperator(task_id='task')\n"
    )

    done = command("check", "--dags", str(tmp_path), "--max-seconds", "0")

    assert done.returncode == 1
    assert "wrong.py: ModuleNotFoundError: No module named 'there_is_no_such_module'" in done.stderr
    assert "unowned: task without an owner" in done.stderr
    assert "more than 0" in done.stderr


def test_static_files_make_the_same_dags_as_the_loader(airflow_home, aggregator, root, tmp_path):
    from airflow.dag_processing.dagbag import DagBag

    found = []
    for folder, options in ((tmp_path / "loaded", ()), (tmp_path / "static", ("--static",))):
        done = command("export", "--quiet", "--project", str(root), "--out", str(folder), *options)
        assert done.returncode == 0, done.stderr
        bag = DagBag(str(folder))
        assert bag.import_errors == {}
        found.append({name: told(dag) for name, dag in bag.dags.items()})

    loaded, static = found
    assert static == {name: dag for name, dag in loaded.items() if not name.startswith("aggregator_")}
    assert len(static) == 2


def told(dag):
    """What matters of a DAG, but for its texts."""
    from airflow.serialization.serialized_objects import DagSerialization

    said = DagSerialization.to_dict(dag)["dag"]
    tasks = {
        task["__var"]["task_id"]: {key: value for key, value in task["__var"].items() if key != "doc_md"}
        for task in said.pop("tasks")
    }
    for name, task in dag.task_dict.items():
        tasks[name]["ours"] = (getattr(task, "models", None), getattr(task, "table", None), task.deployment.root)
    for key in ("fileloc", "relative_fileloc", "doc_md"):
        said.pop(key, None)
    return said, tasks


def test_export_keeps_manifests_and_removes_files_of_dags_that_are_gone(root, tmp_path):
    out = tmp_path / "dags"
    out.mkdir()
    (out / "test_of_mine.py").write_text("# not yours\n")
    command("export", "--quiet", "--project", str(root), "--out", str(out), "--static")
    before = {path.name for path in out.iterdir()}
    (root / "models/marts/twice.sql").unlink()

    command("export", "--quiet", "--project", str(root), "--out", str(out), "--static")

    after = {path.name for path in out.iterdir()}
    assert before - after == {"test_marts_unscheduled.py"}
    assert len([name for name in after if re.fullmatch(r"test-[0-9a-f]{12}\.json", name)]) == 2
    assert "test_of_mine.py" in after


def test_export_writes_nothing_for_a_project_with_mistakes(root, tmp_path):
    write_files(root, {"models/marts/wrong.sql": model("SELECT nn FROM lake.facts")})

    done = command("export", "--quiet", "--project", str(root), "--out", str(tmp_path / "dags"))

    assert (done.returncode, (tmp_path / "dags").exists()) == (1, False)


def test_dags_that_start_on_arrival_are_named_and_those_that_can_not_are_told(root, tmp_path):
    out = tmp_path / "dags"
    export = ("export", "--quiet", "--project", str(root), "--out", str(out), "--on-arrival")

    write_files(root, {"models/staging/all.sql": model("SELECT SUM(n) AS n FROM lake.facts", schedule="hourly")})

    unknown = command(*export, "mart_unscheduled")
    both = command(*export, "marts_unscheduled", "--on-arrival", "staging_hourly")
    static = command(*export, "marts_unscheduled", "--static")

    assert (unknown.returncode, static.returncode, both.returncode) == (2, 2, 0)
    assert "mart_unscheduled is not a DAG. did you mean marts_unscheduled?" in " ".join(unknown.stderr.split())
    assert "staging_hourly starts by the clock" in both.stderr
    assert "its tables have no partitions" in both.stderr
    assert 'on_arrival=["marts_unscheduled", "staging_hourly"])' in (out / "test.py").read_text()


def test_up_refuses_a_port_that_is_taken(root):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command("up", "--project", str(root), "--port", str(taken.getsockname()[1]))

    assert done.returncode == 2
    assert "something listens on port" in done.stderr


def test_the_image_is_made_with_commands_and_options_that_there_are(demo_files):
    dockerfile = (demo_files / "deploy/Dockerfile").read_text()
    commands = re.findall(r"aggregator airflow (\w+)((?:[^&\n]|\\\n)*)", dockerfile)

    assert [name for name, _ in commands] == ["export", "check"]
    for name, arguments in commands:
        helped = command(name, "--help").stdout
        assert all(option in helped for option in re.findall(r"--[a-z-]+", arguments))


def test_compose_is_in_step_with_the_image_and_with_airflow_up(demo_files):
    dockerfile = (demo_files / "deploy/Dockerfile").read_text()
    (service,) = yaml.safe_load((demo_files / "deploy/compose.yml").read_text())["services"].values()
    folder = demo_files / "deploy"

    assert Path(os.path.normpath(folder / service["build"]["context"] / service["build"]["dockerfile"])).is_file()
    assert all(f"ARG {name}=" in dockerfile for name in service["build"]["args"])
    assert service["environment"]["AIRFLOW__CORE__PARALLELISM"] == str(PARALLELISM)
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert all(each.split(":")[1] in dockerfile for each in service["volumes"])
