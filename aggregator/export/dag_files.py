"""Files of DAGs: the two lines that load a manifest, or one readable file for each DAG.

A manifest is called by the hash of its content, and is never written over: a run that has begun goes on by the one that
it began with, whatever is deployed in the meantime.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MARK = "made by `aggregator airflow export`; do not edit"
"""In the first line of each file, so that those of DAGs that are gone can be told from those of others."""

_IMPORTS = """\
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, TaskGroup

from aggregator.airflow import (
    Alert,
    BrokenModel,
    BuildPartitions,
    Deployment,
    ExportPartitions,
    WaitForPartitions,
    run_parameters,
)
"""
_RETRYING = (
    'retrying = {"retry_delay": timedelta(minutes=1), "max_retry_delay": timedelta(minutes=30),'
    ' "retry_exponential_backoff": 2.0}'
)


def manifest_name(content: Mapping[str, Any]) -> str:
    """The file of a manifest, named by its content."""
    return f"{content['project']}-{content['hash'][:12]}.json"


def loader_file(content: Mapping[str, Any], root: str, on_arrival: Sequence[str] = ()) -> tuple[str, str]:
    """Name and text of the file that loads all DAGs of a manifest that lies beside it."""
    arriving = f", on_arrival={_said(list(on_arrival))}" if on_arrival else ""
    text = (
        f'"""The DAGs of {content["project"]}, {MARK}."""\n\n'
        "from aggregator.airflow import load_dags\n\n"
        f"load_dags({_said(manifest_name(content))}, project={_said(root)}{arriving})\n"
    )
    return f"{content['project']}.py", text


def static_files(content: Mapping[str, Any], root: str) -> Iterator[tuple[str, str]]:
    """Name and text of a file for each DAG. What is repaired has none: it is a matter of the loader."""
    for dag in content["dags"]:
        yield f"{content['project']}_{dag['id']}.py", _static(dag, content, root)


def _static(dag: Mapping[str, Any], content: Mapping[str, Any], root: str) -> str:
    schedule = dag["schedule"]
    cron = (
        f"CronDataIntervalTimetable({_said(schedule['cron'])}, timezone={_said(schedule['zone'])})"
        if schedule
        else None
    )
    at_once = f"\n    max_active_tasks={dag['max_active_tasks']}," if dag["max_active_tasks"] is not None else ""
    start = f'datetime.fromisoformat("{dag["start"]}").replace(tzinfo=UTC)'
    base = f"aggregator://{content['project']}/{content['environment']['name']}"
    lines = [
        f'"""{dag["id"]}, {MARK}."""',
        "",
        _IMPORTS,
        f"deployment = Deployment.beside(__file__, {_said(manifest_name(content))}, root={_said(root)})",
        _RETRYING,
        "",
        "",
        "def asset(table):",
        f"    return Asset(name=f\"{content['project']}.{{table}}\", uri=f\"{base}/{{table.replace('.', '/')}}\")",
        "",
        "",
        "with DAG(",
        f"    {_said(dag['id'])},",
        f"    description={_said(dag['description'])},",
        f"    schedule={cron},",
        f"    start_date={start},",
        f"    catchup=False,\n    max_active_runs={dag['max_active_runs']},{at_once}",
        f"    tags={{{', '.join(map(_said, dag['tags']))}}},",
        ") as dag:",
        *_tasks(dag["tasks"]),
        "    dag.params.update(run_parameters())  # not before: each task would copy them",
    ]
    return "\n".join(lines) + "\n"


def _tasks(tasks: list[Mapping[str, Any]]) -> Iterator[str]:
    """The tasks by their groups, and then their order."""
    variables = {each["id"]: f"t{number}" for number, each in enumerate(tasks)}
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in tasks:
        groups.setdefault(each["id"].partition(".")[0], []).append(each)
    for group, members in groups.items():
        yield f"    with TaskGroup({_said(group)}):"
        for each in members:
            yield f"        {variables[each['id']]} = {_call(each)}"
    for each in tasks:
        for before in each["upstream"]:
            yield f"    {variables[before]} >> {variables[each['id']]}"


def _call(task: Mapping[str, Any]) -> str:
    """The operator, as code."""
    arguments = {"task_id": _said(task["id"].partition(".")[2]), "owner": _said(task["owner"])}
    if task["alerts"]:
        arguments["on_failure_callback"] = f"Alert({_said(task['alerts'])}, {_said(task['owner'])})"
    if task["kind"] == "broken":
        return _written("BrokenModel", arguments | {"message": _said(task["message"])})
    arguments |= {"deployment": "deployment", "models": _said(task["models"]), "retries": str(task.get("retries", 2))}
    if task["kind"] == "wait":
        arguments |= {
            "table": _said(task["table"]),
            "timeout": str(task["timeout"]),
            "inlets": f"[asset({_said(task['table'])})]",
        }
        return _written("WaitForPartitions", arguments, "**retrying")
    if task["kind"] == "export":
        return _written("ExportPartitions", arguments, "**retrying")
    if task["timeout"] is not None:
        arguments["execution_timeout"] = f"timedelta(seconds={task['timeout']})"
    if task["pool"] is not None:
        arguments["pool"] = _said(task["pool"])
    arguments["outlets"] = f"[{', '.join(f'asset({_said(each)})' for each in task['models'])}]"
    return _written("BuildPartitions", arguments, "**retrying")


def _written(name: str, arguments: Mapping[str, str], *rest: str) -> str:
    indent = "\n            "
    listed = [*(f"{key}={value}" for key, value in arguments.items()), *rest]
    return f"{name}({indent}{f',{indent}'.join(listed)},\n        )"


def _said(value: object) -> str:
    """A text or a list of texts as Python has it, in double quotes; JSON's is the same for these."""
    return json.dumps(value, ensure_ascii=False)
