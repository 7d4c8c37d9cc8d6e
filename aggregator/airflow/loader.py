"""A manifest to DAGs. What they are was decided when the project was compiled; here they are only put together."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.airflow.alerts import Alert
from aggregator.airflow.arrivals import Arrivals, arrivals_of
from aggregator.airflow.operators import (
    DEFER_AFTER,
    POKE_SECONDS,
    BrokenModel,
    BuildPartitions,
    WaitForPartitions,
)
from aggregator.airflow.releases import (
    DAG,
    DOUBLING,
    HAS_SDK,
    Asset,
    BaseOperator,
    CronDataIntervalTimetable,
    Param,
    TaskGroup,
    by_partitions,
    get_parsing_context,
)
from aggregator.airflow.task import Deployment
from aggregator.airflow.upkeep_dags import ARRIVALS, FRESHNESS, REPAIR, ROLLBACK, RepairBudget, Upkeep
from aggregator.airflow.upkeep_tasks import AnnounceArrivals, ExportPartitions
from aggregator.export.manifest.file import Manifest, ManifestError, read_manifest

if TYPE_CHECKING:
    from airflow.sdk.bases.timetable import BaseTimetable

_LONGEST_DELAY = timedelta(minutes=30)


def load_dags(  # noqa: PLR0913  (all but the first are named where it is called)
    manifest: str | Path,
    *,
    project: str | Path | None = None,
    prefix: str = "",
    repair: str | None = "0 4 * * *",
    repair_budget: RepairBudget | None = None,
    freshness: str | None = "5 * * * *",
    rollback: bool = True,
    on_arrival: Collection[str] = (),
    arrivals: str = "*/10 * * * *",
    poke_seconds: float = POKE_SECONDS,
    defer_after: float | None = DEFER_AFTER,
    retry_seconds: float = 60,
) -> dict[str, DAG]:
    """Make the DAGs of a manifest, and register them with Airflow.

    ``manifest`` is relative to the file that calls this. ``project`` is the folder that paths of the embedded engine
    are relative to: that of the ``aggregator.yml`` above the manifest, if nothing is said. ``prefix`` tells the DAGs of
    several projects apart.

    ``repair`` is the cron expression of the DAG that builds what is stale, ``freshness`` that of the one that fails
    when a promise is broken, both in UTC; None for no such DAG. ``repair_budget`` is what a repair may take.
    ``rollback``: whether there is the DAG by which people bring back the rows that partitions had before.

    ``on_arrival`` names DAGs that start when the partitions have come that one of theirs reads, and not by the clock;
    one that can't do so keeps its schedule, and its page says why. ``arrivals`` is the cron expression of the DAG that
    looks for partitions that came in other ways than by tasks: of sources, and by ``aggregator run``.

    ``poke_seconds`` is how often the triggerer asks the warehouse for what is awaited. Queries that take longer than
    ``defer_after`` seconds are left to BigQuery and the triggerer; with None, tasks wait for them. ``retry_seconds`` is
    how long a task rests before its second try. Raises :class:`ManifestError`.
    """
    beside = Path(sys._getframe(1).f_globals.get("__file__", "")).parent  # noqa: SLF001
    path = (beside / manifest).resolve()
    found = read_manifest(path, is_whole=False)
    root = Path(project).resolve() if project is not None else _root_of(path)
    deployment = Deployment(str(path), found.hash, str(root))
    pauses = _Pauses(poke_seconds, defer_after, timedelta(seconds=retry_seconds))
    maker = _Maker(found, deployment, prefix, pauses, on_arrival)
    wanted = get_parsing_context().dag_id
    dags = {}
    with _without_collecting():
        for said in found.content["dags"]:
            if wanted in (None, prefix + said["id"]):
                dag = maker.dag(said)
                dags[dag.dag_id] = dag
    upkeep = Upkeep(found.content["project"], deployment, prefix, pauses.retry)
    if repair is not None and wanted in (None, prefix + REPAIR):
        dags[prefix + REPAIR] = upkeep.repair(repair, repair_budget or RepairBudget())
    if freshness is not None and found.content["freshness"] and wanted in (None, prefix + FRESHNESS):
        dags[prefix + FRESHNESS] = upkeep.freshness(freshness, found.content["freshness"])
    if maker.arrivals.dags and wanted in (None, prefix + ARRIVALS):
        dags[prefix + ARRIVALS] = upkeep.arrivals(arrivals, maker.arrivals.all(), maker.arrival)
    if rollback and wanted in (None, prefix + ROLLBACK):
        dags[prefix + ROLLBACK] = upkeep.rollback()
    return dags


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Make many objects that stay: to look through all of Airflow's for garbage meanwhile is a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _root_of(path: Path) -> Path:
    return next((folder for folder in path.parents if (folder / "aggregator.yml").is_file()), path.parent)


@dataclasses.dataclass(frozen=True)
class _Pauses:
    """How long tasks rest between two looks, how long they look themselves, and how long they rest before a retry."""

    poke_seconds: float
    defer_after: float | None
    retry: timedelta


class _Maker:
    """Makes the DAGs of one manifest."""

    def __init__(
        self, manifest: Manifest, deployment: Deployment, prefix: str, pauses: _Pauses, on_arrival: Collection[str]
    ) -> None:
        content = manifest.content
        self._deployment = deployment
        self._prefix = prefix
        self._pauses = pauses
        self._assets: dict[str, Asset] = {}
        self._project = content["project"]
        self.arrivals = arrivals_of(content["dags"], on_arrival, "" if HAS_SDK else "it takes Airflow 3")
        self._base = f"aggregator://{content['project']}/{content['environment']['name']}"

    def dag(self, said: Mapping[str, Any]) -> DAG:
        """A DAG; if it can't be made, one of the same name that shows why, so that no other is lost with it."""
        try:
            return self._made(said)
        except ManifestError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, it concerns this DAG alone)
            message = f"{type(error).__name__}: {error}"
            dag = DAG(self._prefix + said["id"], schedule=None, tags=[self._project, "broken"], doc_md=message)
            BrokenModel(task_id="broken", message=message, owner=self._project, dag=dag)
            return _registered(dag)

    def _made(self, said: Mapping[str, Any]) -> DAG:
        options: dict[str, Any] = {}
        if said["max_active_tasks"] is not None:
            options["max_active_tasks"] = said["max_active_tasks"]
        dag = DAG(
            self._prefix + said["id"],
            description=said["description"],
            schedule=self._timetable(said),
            start_date=datetime.fromisoformat(said["start"]).replace(tzinfo=UTC),
            catchup=False,
            max_active_runs=said["max_active_runs"],
            tags=said["tags"],
            doc_md=_page(said, self._deployment.hash, self.arrivals),
            **options,
        )
        tasks: dict[str, BaseOperator] = {}
        groups: dict[str, TaskGroup] = {}
        for each in said["tasks"]:
            folder, _, label = each["id"].partition(".")
            if folder not in groups:
                groups[folder] = TaskGroup(folder, dag=dag)
            tasks[each["id"]] = self._task(each, label, {"dag": dag, "task_group": groups[folder]})
        for each in said["tasks"]:
            task = tasks[each["id"]]
            for before in each["upstream"]:  # `set_upstream` looks for other DAGs each time
                task.upstream_task_ids.add(tasks[before].task_id)
                tasks[before].downstream_task_ids.add(task.task_id)
        self._announce(said, dag, tasks)
        dag.params.update(run_parameters())  # not before: each task would copy them
        return _registered(dag)

    def _timetable(self, said: Mapping[str, Any]) -> BaseTimetable | None:
        if said["id"] in self.arrivals.dags:
            return by_partitions(self.arrival(said["id"]))
        schedule = said["schedule"]
        return CronDataIntervalTimetable(schedule["cron"], timezone=schedule["zone"]) if schedule else None

    def _announce(self, said: Mapping[str, Any], dag: DAG, tasks: Mapping[str, BaseOperator]) -> None:
        """After what builds partitions that other DAGs start by, a task for each of these."""
        group = None
        for name, announced in self.arrivals.by(said).items():
            group = group or TaskGroup("arrive", dag=dag)
            task = AnnounceArrivals(
                task_id=name,
                task_group=group,
                dag=dag,
                owner=self._project,
                deployment=self._deployment,
                outlets=[self.arrival(name)],
                retries=2,
                retry_delay=self._pauses.retry,
                models=announced.models,
                tables=announced.tables,
                came=announced.came,
            )
            task.set_upstream([tasks[each] for each in announced.after])

    def arrival(self, name: str) -> Asset:
        """What stands for the partitions of a DAG that have all that they read."""
        return Asset(uri=f"{self._base}/_arrivals/{self._prefix}{name}", name=f"{self._project}/{self._prefix}{name}")

    def _task(self, said: Mapping[str, Any], label: str, where: Mapping[str, Any]) -> BaseOperator:
        options: dict[str, Any] = {**where, "task_id": label, "owner": said["owner"], "doc_md": said["doc"]}
        if said["alerts"]:
            options["on_failure_callback"] = Alert(said["alerts"], said["owner"])
        if said["kind"] == "broken":
            return BrokenModel(message=said["message"], **options)
        options |= {
            "deployment": self._deployment,
            "models": said["models"],
            "retries": said.get("retries", 2),
            "retry_delay": self._pauses.retry,
            "retry_exponential_backoff": DOUBLING,
            "max_retry_delay": _LONGEST_DELAY,
        }
        if said["kind"] == "wait":
            return WaitForPartitions(
                table=said["table"],
                timeout=said["timeout"],
                poke_seconds=self._pauses.poke_seconds,
                inlets=[self._asset(said["table"])],
                **options,
            )
        if said["kind"] == "export":
            return ExportPartitions(**options)
        if said["timeout"] is not None:
            options["execution_timeout"] = timedelta(seconds=said["timeout"])
        if said["pool"] is not None:
            options["pool"] = said["pool"]
        return BuildPartitions(
            outlets=[self._asset(each) for each in said["models"]],
            defer_after=self._pauses.defer_after,
            poke_seconds=self._pauses.poke_seconds,
            **options,
        )

    def _asset(self, table: str) -> Asset:
        if table not in self._assets:
            uri = f"{self._base}/{table.replace('.', '/')}"
            self._assets[table] = Asset(uri=uri, name=f"{self._project}.{table}")
        return self._assets[table]


def run_parameters() -> dict[str, Param]:
    """What a person may ask for when starting a run; each DAG has its own, as Airflow writes into them."""
    moment: dict[str, Any] = {"type": ["null", "string"]}
    return {
        "partition": Param(None, **moment, description="A partition to build instead, such as 2013-02-08 or 2013-02."),
        "from": Param(None, **moment, description="Build the partitions from this date on."),
        "to": Param(None, **moment, description="Build the partitions before this date."),
        "full": Param(default=False, type="boolean", description="Build them whatever their state."),
    }


def _registered(dag: DAG) -> DAG:
    """Let Airflow know of a DAG that is complete: leaving a ``with`` tells it, whatever happened within."""
    with dag:
        return dag


def _page(said: Mapping[str, Any], hash_: str, arrivals: Arrivals) -> str:
    """What people see of a DAG."""
    lines = [
        f"{said['description']}.",
        *arrivals.told(said),
        "",
        f"From the manifest `{hash_[:12]}`.",
        "",
        "| task | owner |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| `{each['id']}` | {each['owner']} |" for each in said["tasks"])])
