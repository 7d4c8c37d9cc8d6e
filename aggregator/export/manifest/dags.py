"""How a scheduler is to build the models: which DAGs there are, with which tasks, in which order.

All of it is decided when the project is compiled, so that what loads the DAGs has nothing left to think about, and a
reviewer sees in the manifest what will run. A DAG is a domain and a schedule; a task builds a model, or a group of
them, or waits for a table that another DAG builds or nobody here does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.project import Kind, Model
from aggregator.engines import has_one_writer

UNSCHEDULED = "unscheduled"
"""The schedule of models that have none, in the name of their DAG."""

_CRON = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 1",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
}
"""What the words mean. A week begins on Monday, as an ISO week does."""

_RUNS_AT_ONCE = 8
_RETRIES = 2
_WAIT_SECONDS = 24 * 3600
_DEFAULT_START = "2020-01-01T00:00:00"
_Key = tuple[str, str]
"""Domain and schedule."""


def layout(graph: Graph, diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The DAGs, in the order of their first models."""
    wrong: dict[str, list[str]] = {}
    for each in errors(diagnostics):
        wrong.setdefault(each.place.path, []).append(f"{each.place.line}:{each.place.column}: {each.message}")
    models: dict[_Key, list[TableName]] = {}
    for name in graph.models:
        models.setdefault(_key(graph.project.models[name]), []).append(name)
    broken = _broken(graph, wrong)
    for name, (key, _) in broken.items():
        models.setdefault(key, []).append(name)
    dags = {key: _Dag(graph, key, dict.fromkeys(names), broken) for key, names in models.items()}
    return [dag.json() for dag in dags.values()]


def dag_id(domain: str, schedule: str) -> str:
    """What a DAG is called: ``marts_daily``; of a cron expression, stars become x: ``dims_0-6-x-x-1``."""
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", schedule.replace("*", "x").replace(",", ".")).strip("-")
    return f"{domain}_{words or UNSCHEDULED}"


def _key(model: Model) -> _Key:
    return str(model.scheduling.dag or model.name.dataset), model.schedule


def _broken(graph: Graph, wrong: Mapping[str, Sequence[str]]) -> dict[TableName, tuple[_Key, str]]:
    """The models that are not to be built, with their DAG and what is wrong with them.

    One that could not even be read is scheduled by nobody; it is in a DAG of its dataset, to be seen.
    """
    project, found = graph.project, {}
    for name, model in project.models.items():
        path = model.document.path
        if path in wrong or name not in graph.models:
            lines = wrong.get(path, ["it reads a table that is broken, or was not understood"])
            found[name] = (_key(model), "\n".join(f"{path}:{line}" for line in lines))
    for name in sorted(project.broken - graph.sources.keys() - project.models.keys()):
        path = f"models/{name.dataset}/{name.table}"
        lines = [f"{file}:{line}" for file, said in wrong.items() if file.startswith(f"{path}.") for line in said]
        if lines and not name.is_many:
            found[name] = ((name.dataset, ""), "\n".join(lines))
    return found


class _Dag:
    """The models of one domain and schedule."""

    def __init__(
        self,
        graph: Graph,
        key: _Key,
        names: Collection[TableName],
        broken: Mapping[TableName, tuple[_Key, str]],
    ) -> None:
        self._graph = graph
        self._domain, self._schedule = key
        self._broken = {name: broken[name][1] for name in names if name in broken}
        self._names = [name for name in graph.models if name in names and name not in broken]
        self._task_of: dict[TableName, str] = {name: str(name) for name in self._broken}
        self._groups = list(self._grouped())

    def json(self) -> dict[str, Any]:
        """What the loader makes it from."""
        project, models = self._graph.project, [self._graph.models[name] for name in self._names]
        tasks = [*self._waits(), *map(self._build, self._groups), *self._exports(), *self._failures()]
        in_order = any(_reads_itself(model) or _is_whole(model) for model in models)
        alone = has_one_writer(project.environment)
        tags = dict.fromkeys((project.name, *(tag for model in models for tag in model.model.tags)))
        return {
            "id": dag_id(self._domain, self._schedule),
            "schedule": _schedule(self._schedule, project.zone),
            "start": _start(models, self._graph),
            "description": f"{len(self._names)} of the models of {project.name}: {self._domain}, "
            f"{self._schedule or 'without a schedule'}",
            "tags": list(tags),
            "max_active_runs": 1 if in_order or alone else _RUNS_AT_ONCE,
            "max_active_tasks": 1 if alone else None,
            "arrivals": self._arrivals(),
            "tasks": tasks,
        }

    def _grouped(self) -> Iterator[list[TableName]]:
        """Each model, or those of a group that are connected; upstream first."""
        groups: list[list[TableName]] = []
        for name in self._names:
            if not self._graph.models[name].model.scheduling.is_grouped:
                groups.append([name])
                continue
            near = [each for each in groups if self._touches(each, name)]
            joined = sorted((*(each for group in near for each in group), name), key=self._names.index)
            groups = [each for each in groups if each not in near] + [joined]
        for group in groups:
            task = str(group[0]) if len(group) == 1 else f"{group[0]}_group"
            self._task_of.update(dict.fromkeys(group, task))
            yield group

    def _touches(self, group: Sequence[TableName], name: TableName) -> bool:
        grouped = self._graph.models[group[0]].model.scheduling.is_grouped
        return grouped and any(each in self._graph.reads[name] or name in self._graph.reads[each] for each in group)

    def _build(self, group: Sequence[TableName]) -> dict[str, Any]:
        models = [self._graph.models[name].model for name in group]
        read = dict.fromkeys(table for name in group for table in self._graph.reads[name] if table not in group)
        before = (self._task_of.get(table) or self._wait_id(table) for table in read)
        retries = [each.scheduling.retries for each in models if each.scheduling.retries is not None]
        timeouts = [each.scheduling.timeout for each in models if each.scheduling.timeout is not None]
        return {
            "id": self._task_of[group[0]],
            "kind": "build",
            "models": [str(name) for name in group],
            "upstream": [each for each in dict.fromkeys(before) if each],
            "owner": models[0].owner,
            "retries": max(retries, default=_RETRIES),
            "timeout": sum(timeouts) or None,
            "pool": next((each.scheduling.pool for each in models if each.scheduling.pool), None),
            "alerts": list(dict.fromkeys(alert for each in models for alert in each.scheduling.alerts)),
            "doc": "\n\n".join(self._page(model) for model in models),
        }

    def _exports(self) -> Iterator[dict[str, Any]]:
        """For each model that is exported, a task after the one that builds it."""
        for name in self._names:
            model = self._graph.models[name].model
            if model.export is not None:
                retries = model.scheduling.retries
                yield {
                    "id": f"export.{name}",
                    "kind": "export",
                    "models": [str(name)],
                    "upstream": [self._task_of[name]],
                    "owner": model.owner,
                    "retries": retries if retries is not None else _RETRIES,
                    "alerts": list(model.scheduling.alerts),
                    "doc": f"Writes the rows of `{name}` to files in {model.export.to}.",
                }

    def _waits(self) -> Iterator[dict[str, Any]]:
        """For each table from elsewhere that has to be there first, which models need it."""
        readers: dict[TableName, list[TableName]] = {}
        for name in self._names:
            for table in self._graph.reads[name]:
                if table not in self._task_of and self._wait_id(table):
                    readers.setdefault(table, []).append(name)
        for table, names in readers.items():
            declared = self._graph.sources.get(table) or self._graph.models[table].model
            models = [self._graph.models[name].model for name in names]
            limits = [each.freshness.error_after for each in models if each.freshness and each.freshness.error_after]
            yield {
                "id": self._wait_id(table),
                "kind": "wait",
                "table": str(table),
                "models": [str(name) for name in names],
                "upstream": [],
                "owner": declared.owner,
                "timeout": min(limits, default=_WAIT_SECONDS),
                "alerts": list(dict.fromkeys(alert for each in models for alert in each.scheduling.alerts)),
                "doc": f"Waits for what {', '.join(map(str, names))} read of `{table}`.\n\n{declared.description}",
            }

    def _arrivals(self) -> dict[str, Any]:
        """The tables whose partitions complete those of this DAG, so that it can start by them.

        They are those that other DAGs build, whose runs then wait for sources; where there are none, sources.
        ``why_not`` says why it can't start so. What is read of these tables is a matter of the maps, whatever grains
        and zones.
        """
        cut = {calendar for name in self._names if (calendar := self._graph.calendars[name]) is not None}
        here = {(calendar.grain, calendar.wall) for calendar in cut}
        read = dict.fromkeys(table for name in self._names for table in self._graph.reads[name])
        elsewhere = [table for table in read if table in self._graph.models and table not in self._task_of]
        sources = [table for table in read if table in self._graph.sources and self._graph.calendars[table] is not None]
        tables = elsewhere if any(self._graph.calendars[table] is not None for table in elsewhere) else sources
        why_not = ""
        if len(here) != 1:
            why_not = "its tables are cut differently" if here else "its tables have no partitions"
        elif not tables:
            why_not = "it reads no partitions of other DAGs or of sources"
        return {"tables": [str(table) for table in tables], "why_not": why_not}

    def _wait_id(self, table: TableName) -> str:
        """The task that waits for a table; empty if there is nothing to wait for: a file that is just there."""
        if table not in self._graph.models and self._graph.calendars.get(table) is None:
            return ""
        return f"wait.{str(table).replace('*', 'all')}"

    def _failures(self) -> Iterator[dict[str, Any]]:
        for name, message in self._broken.items():
            model = self._graph.project.models.get(name)
            yield {
                "id": str(name),
                "kind": "broken",
                "models": [str(name)],
                "upstream": [],
                "owner": model.owner if model is not None else self._graph.project.name,
                "message": message,
                "alerts": list(model.scheduling.alerts) if model is not None else [],
                "doc": f"`{name}` has mistakes, and is not built:\n\n```\n{message}\n```",
            }

    def _page(self, model: Model) -> str:
        """What people see of it in the scheduler."""
        cut = f", by {model.partition.grain} of `{model.partition.by}`" if model.partition else ""
        read = ", ".join(f"`{table}`" for table in self._graph.reads[model.name])
        return (
            f"### {model.name}\n{model.description}\n\n"
            f"A {model.kind}{cut}, in `{model.document.path}`, kept by {model.owner}. "
            f"Reads {read or 'nothing'}; `aggregator lineage {model.name}` shows more."
        )


def _schedule(schedule: str, zone: str) -> dict[str, str] | None:
    """The cron expression and its time zone."""
    words = schedule.split()
    if len(words) in (2, 6):
        zone = words.pop()
    return {"cron": _CRON.get(" ".join(words), " ".join(words)), "zone": zone} if words else None


def _start(models: Iterable[CompiledModel], graph: Graph) -> str:
    """When the first partition begins, in UTC; where there are none, that of the project's oldest table."""
    return min(_beginnings(models), default=min(_beginnings(graph.models.values()), default=_DEFAULT_START))


def _beginnings(models: Iterable[CompiledModel]) -> Iterator[str]:
    for model in models:
        if model.calendar is not None and model.model.partition is not None:
            start: datetime = model.calendar.instant(model.model.partition.start)
            yield start.isoformat()


def _reads_itself(model: CompiledModel) -> bool:
    return any(edge.table == model.name for edge in model.inputs)


def _is_whole(model: CompiledModel) -> bool:
    return model.model.kind is Kind.TABLE and model.calendar is None
