"""The same models as tasks of other tools for Airflow, parsed as ours are.

They are looked for in an environment of their own, whose Python the variable ``AIRFLOW_PEERS`` names: it needs
astronomer-cosmos and dag-factory. Cosmos reads a manifest of dbt, without tests, which is its quickest way; dag-factory
one YAML file. Both have a task for each model, and none that waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import Row, Workshop
from benchmarks.measure import ROOT, Cost, median

_ROUNDS = 3
_QUIET = {"AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False", "AIRFLOW__DAG_FACTORY__ENABLE_TELEMETRY": "False"}
_COSMOS = """\
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG
from cosmos import DbtDag, ExecutionConfig, LoadMode, ProfileConfig, ProjectConfig, RenderConfig, TestBehavior

here = Path(__file__).parent
dag = DbtDag(
    dag_id="models",
    schedule=None,
    start_date=datetime(2024, 1, 1),
    project_config=ProjectConfig(manifest_path=here / "manifest.json", project_name="models"),
    profile_config=ProfileConfig("models", "local", profiles_yml_filepath=here / "profiles.yml"),
    execution_config=ExecutionConfig(dbt_project_path=here),
    render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.NONE),
)
"""
_DAG_FACTORY = """\
from pathlib import Path

from airflow.sdk import DAG
from dagfactory import load_yaml_dags

load_yaml_dags(globals_dict=globals(), config_filepath=str(Path(__file__).parent / "models.yml"))
"""


def peers(content: Mapping[str, Any], ours: Cost, workshop: Workshop) -> Iterator[Row]:
    """What others take to parse the models of a manifest; nothing where they are not installed."""
    python = os.environ.get("AIRFLOW_PEERS", "")
    if not python:
        return
    names = {each["name"] for each in content["models"]}
    reads = {each["name"]: [edge["table"] for edge in each["inputs"]] for each in content["models"]}
    edges = {name: sorted(names.intersection(read) - {name}) for name, read in reads.items()}
    written: Mapping[str, Callable[[Mapping[str, list[str]], Path], None]]
    written = {"Cosmos": _write_cosmos, "dag-factory": _write_dag_factory}
    for name, write in written.items():
        folder = workshop.folder()
        write(edges, folder)
        cost, tasks = _parsed(python, folder)
        yield Row(name, cost, f"{tasks:,} tasks", cost.cpu / ours.cpu)


def _parsed(python: str, folder: Path) -> tuple[Cost, int]:
    command = [python, "-P", str(ROOT / "aggregator" / "airflow" / "check.py"), str(folder)]
    costs, found = [], {}
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        done = subprocess.run(command, env=os.environ | _QUIET, capture_output=True, text=True, check=True)  # noqa: S603
        found = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
        assert not found["errors"], found["errors"]
        costs.append(Cost(found["parse_seconds"], time.perf_counter() - began, 0))
    return median(costs), sum(map(len, found["dags"].values()))


def _write_cosmos(edges: Mapping[str, list[str]], folder: Path) -> None:
    nodes = {
        _node(name): {
            "unique_id": _node(name),
            "name": _word(name),
            "resource_type": "model",
            "package_name": "models",
            "original_file_path": f"models/{_word(name)}.sql",
            "depends_on": {"nodes": [_node(each) for each in read]},
            "tags": [],
            "config": {"materialized": "table"},
        }
        for name, read in edges.items()
    }
    manifest = {"metadata": {}, "nodes": nodes, "sources": {}, "exposures": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "profiles.yml").write_text('{"models": {"target": "local", "outputs": {"local": {"type": "duckdb"}}}}')
    (folder / "dbt_project.yml").write_text('{"name": "models", "profile": "models", "version": "1.0"}')
    (folder / "dags.py").write_text(_COSMOS)


def _write_dag_factory(edges: Mapping[str, list[str]], folder: Path) -> None:
    tasks = [
        {
            "task_id": _word(name),
            "operator": "airflow.providers.standard.operators.bash.BashOperator",
            "bash_command": "true",
            "dependencies": [_word(each) for each in read],
        }
        for name, read in edges.items()
    ]
    dag = {"default_args": {"owner": "me", "start_date": "2024-01-01"}, "schedule": None, "tasks": tasks}
    (folder / "models.yml").write_text(json.dumps({"models": dag}))
    (folder / "dags.py").write_text(_DAG_FACTORY)


def _word(name: str) -> str:
    return name.replace(".", "_")


def _node(name: str) -> str:
    return f"model.models.{_word(name)}"
