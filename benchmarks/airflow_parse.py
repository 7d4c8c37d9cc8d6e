"""What Airflow pays for our DAGs whenever it parses them: every half minute, and once for each task that it starts.

The manifest is of generated models; the larger one has the same models several times, under DAGs of other names, as
compiling so many would take longer than anyone waits. Ratios are of CPU, to ours.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aggregator.export.manifest.file import content_hash
from benchmarks.airflow_peers import peers
from benchmarks.figures import Figure, Goal, Row, Workshop, aggregator
from benchmarks.generate import design, write_project
from benchmarks.measure import Cost, median, run_module

COMPILED = 500
_ROUNDS = 3
_SECONDS_PER_MODEL = 0.2 / 500


def parse(models: int, workshop: Workshop) -> Figure:
    """Parse one file that loads a manifest of so many models, after Airflow was imported."""
    folder = workshop.folder()
    content = _repeated(_compiled(workshop), models // COMPILED)
    (folder / "manifest.json").write_text(json.dumps(content))
    (folder / "dags.py").write_text('from aggregator.airflow import load_dags\n\nload_dags("manifest.json")\n')
    os.environ.update({"AIRFLOW_HOME": str(workshop.folder()), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"})
    costs, found = [], {}
    for _ in range(_ROUNDS):
        cost, printed = run_module("aggregator.airflow.check", folder, folder=folder)
        found = json.loads(printed.rstrip("\n").rpartition("\n")[2])
        assert not found["errors"]
        costs.append(Cost(found["parse_seconds"], cost.wall, cost.peak))
    tasks = sum(map(len, found["dags"].values()))
    size = f"{len(found['dags'])} DAGs, {tasks:,} tasks, {(folder / 'manifest.json').stat().st_size / 1e6:.1f} MB"
    parsed = median(costs)
    goal = Goal("CPU of parsing", parsed.cpu, _SECONDS_PER_MODEL * models, "s")
    rows = [Row("load_dags", parsed, size, 1.0)]
    if models == COMPILED:
        rows += peers(content, parsed, workshop)
    return Figure(f"{models:,} models, parsed by Airflow", tuple(rows), (goal,))


@functools.cache
def _compiled(workshop: Workshop) -> Mapping[str, Any]:
    folder = workshop.folder()
    write_project(design(COMPILED), folder)
    aggregator("compile", "--quiet", "--out", "out.json", folder=folder)
    content: Mapping[str, Any] = json.loads(Path(folder, "out.json").read_text(encoding="utf-8"))
    return content


def _repeated(content: Mapping[str, Any], times: int) -> Mapping[str, Any]:
    dags = [{**dag, "id": f"{dag['id']}_{number}"} for number in range(times) for dag in content["dags"]]
    repeated = {**content, "dags": dags, "models": content["models"] * times}
    return {**repeated, "hash": content_hash(repeated)}


PARSED: Mapping[str, Callable[[Workshop], Figure]] = {
    "airflow-parse": functools.partial(parse, COMPILED),
    "airflow-parse-5000": functools.partial(parse, 5000),
}
