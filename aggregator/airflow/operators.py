"""The tasks: build partitions, wait for them, repair what is stale. Light to import; the work is imported when done."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

    from aggregator.airflow.asked import Asked
    from aggregator.airflow.work import Built
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.engines import Engine, Leaving

PINNED = "manifest"
"""The key under which a task tells those after it which manifest it was done by."""

DEFER_AFTER = 30.0
POKE_SECONDS = 60.0

_NAMED = 12
"""How many characters of the hash are in the name of a manifest."""


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A manifest as a DAG was loaded from it. ``root`` is what paths of the embedded engine are relative to."""

    manifest: str
    hash: str
    root: str

    @classmethod
    def beside(cls, file: str, manifest: str, root: str) -> Deployment:
        """One whose manifest lies beside a file, as ``aggregator airflow export`` writes both."""
        return cls(str(Path(file).resolve().with_name(manifest)), Path(manifest).stem.rpartition("-")[2], root)

    def of(self, hash_: str | None) -> Deployment | None:
        """The manifest with another hash that lies beside this one; None if it is not there any more."""
        if hash_ is None or hash_[:_NAMED] == self.hash[:_NAMED]:
            return self
        path = Path(self.manifest)
        other = path.with_name(path.name.replace(self.hash[:_NAMED], hash_[:_NAMED]))
        return Deployment(str(other), hash_, self.root) if other != path and other.is_file() else None


class _Task(BaseOperator):
    """What our tasks have in common: the manifest that they are done by, and which failures are worth another try."""

    ui_color = "#e8f1ec"

    deployment: Deployment

    def graph(self, context: Context) -> Graph:
        """The graph by which this run is done.

        It is the one that the tasks before were done by, even if there was a deployment since; a task that was cleared
        is done by the newest, which may have what mends it.
        """
        found = self._chosen(context)
        context["ti"].xcom_push(PINNED, found.hash)
        return self.read(found)

    def read(self, found: Deployment) -> Graph:
        """The graph of a manifest."""
        from aggregator.airflow.work import read_graph  # noqa: PLC0415
        from aggregator.export.manifest.file import ManifestError  # noqa: PLC0415

        try:
            return read_graph(found.manifest, found.root)
        except ManifestError as error:
            raise AirflowFailException(f"{error} ({error.advice})") from None

    def pinned(self, context: Context) -> Deployment:
        """The manifest that this task began by."""
        return self.deployment.of(context["ti"].xcom_pull(task_ids=self.task_id, key=PINNED)) or self.deployment

    def _chosen(self, context: Context) -> Deployment:
        instance, before = context["ti"], sorted(self.upstream_task_ids)
        if not before or is_cleared(context):
            return self.deployment
        told = instance.xcom_pull(task_ids=before, key=PINNED) or []
        hash_ = next((each for each in told if each), None)
        found = self.deployment.of(hash_)
        if found is None:
            self.log.warning(
                "the manifest %s, by which this run began, is gone; taking %s", hash_, self.deployment.hash
            )
        return found or self.deployment

    def asked(self, context: Context) -> Asked:
        """The partitions that this run is about."""
        from aggregator.airflow.asked import NotAMomentError, asked_by  # noqa: PLC0415

        run, params = context["dag_run"], dict(context["params"])
        interval = (run.data_interval_start, run.data_interval_end)
        try:
            return asked_by(params, interval, getattr(run, "partition_key", None), is_full=is_cleared(context))
        except NotAMomentError as error:
            raise AirflowFailException(str(error)) from None

    @contextlib.contextmanager
    def warehouse(self, graph: Graph, run_key: str = "", leaving: Leaving | None = None) -> Iterator[Engine]:
        """The warehouse, open. That it can't be reached is worth another try; a file that can't be loaded is not."""
        from aggregator.airflow.work import FailedError, at_work  # noqa: PLC0415
        from aggregator.engines import WarehouseError  # noqa: PLC0415

        try:
            with at_work(graph, self.log.info, run_key=run_key, leaving=leaving) as engine:
                yield engine
        except FailedError as error:
            raise AirflowFailException(str(error)) from None
        except WarehouseError as error:
            advice = f" ({error.advice})" if error.advice else ""
            raise AirflowException(f"{error}{advice}") from None

    def run_id(self, context: Context) -> str:
        """What the ledger calls this attempt: where to look for its log."""
        instance = context["ti"]
        return f"{instance.dag_id}/{instance.run_id}/{instance.task_id}/{instance.try_number}"


class BuildPartitions(_Task):
    """Builds the partitions of models that fall to the data interval, upstream first, and writes the ledger.

    Queries that take longer than ``defer_after`` seconds are left to the warehouse, where they can be (BigQuery), and
    the waiting to the triggerer. With None, they are waited for.
    """

    def __init__(
        self,
        *,
        deployment: Deployment,
        models: Sequence[str],
        defer_after: float | None = DEFER_AFTER,
        poke_seconds: float = POKE_SECONDS,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.models = list(models)
        self.defer_after = defer_after
        self.poke_seconds = poke_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Build, and leave what was done for others to see."""
        from aggregator.airflow.work import unbuilt  # noqa: PLC0415

        graph = self.graph(context)
        return self._build(context, graph, unbuilt(graph, map(_name, self.models)), ())

    def resume(
        self, context: Context, event: dict[str, Any], builts: list[dict[str, Any]], left: list[str]
    ) -> dict[str, Any]:
        """Go on with what the queries gave that were left running."""
        from aggregator.airflow.work import resumed  # noqa: PLC0415

        del event
        return self._build(context, self.read(self.pinned(context)), resumed(builts), left)

    def _build(
        self, context: Context, graph: Graph, builts: dict[TableName, Built], left: Sequence[str]
    ) -> dict[str, Any]:
        from aggregator.airflow.work import build, complaint  # noqa: PLC0415
        from aggregator.engines import Leaving, LeftRunningError  # noqa: PLC0415

        asked = self.asked(context)
        jobs: tuple[str, ...] = ()
        leaving = Leaving(self.defer_after, tuple(left)) if self.defer_after is not None else None
        with self.warehouse(graph, self._run_key(context), leaving) as engine:
            try:
                build(engine, graph, builts, asked, self.run_id(context), self.log.info)
            except LeftRunningError:
                jobs = engine.left()
        if jobs:
            self._defer(context, builts, jobs, left)
        self._tell(context, list(builts.values()))
        wrong = complaint(list(builts.values()))
        if wrong:
            raise AirflowFailException(wrong)
        return {built.model: built.json() for built in builts.values()}

    def _defer(
        self, context: Context, builts: dict[TableName, Built], jobs: Sequence[str], left: Sequence[str]
    ) -> NoReturn:
        from aggregator.airflow.trigger import JobsTrigger  # noqa: PLC0415
        from aggregator.airflow.work import kept  # noqa: PLC0415

        self.log.info("left to the warehouse, and to the triggerer to wait for: %s", ", ".join(jobs))
        found = self.pinned(context)
        self.defer(
            trigger=JobsTrigger(found.manifest, found.root, jobs, self.poke_seconds),
            method_name="resume",
            kwargs={"builts": kept(builts), "left": sorted({*left, *jobs})},
            timeout=self.execution_timeout,
        )

    def _run_key(self, context: Context) -> str:
        """What jobs are found by: the same in each attempt, so that a job whose task died is taken over."""
        instance = context["ti"]
        return f"{instance.dag_id}-{instance.task_id}-{instance.run_id}"

    def _tell(self, context: Context, builts: Sequence[Built]) -> None:
        """What Airflow keeps with the events of the assets."""
        for asset, built in zip(self.outlets, builts, strict=False):
            context["outlet_events"][asset].extra = built.json()


class WaitForPartitions(_Task):
    """Waits until those partitions of a table are there that models read for the data interval, by their maps.

    It takes no slot while it waits. When ``timeout`` seconds are over, it fails and names what is missing, and whose.
    """

    ui_color = "#f4efe0"

    def __init__(
        self,
        *,
        deployment: Deployment,
        table: str,
        models: Sequence[str],
        timeout: float,
        poke_seconds: float = POKE_SECONDS,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.table = table
        self.models = list(models)
        self.timeout = timeout
        self.poke_seconds = poke_seconds

    def execute(self, context: Context) -> None:
        """Look once, and if need be leave the waiting to the triggerer."""
        from aggregator.airflow.trigger import PartitionsTrigger  # noqa: PLC0415
        from aggregator.airflow.work import wanted  # noqa: PLC0415
        from aggregator.plan.scheduled import missing  # noqa: PLC0415

        graph, asked, table = self.graph(context), self.asked(context), _name(self.table)
        with self.warehouse(graph) as engine:
            snapshot = engine.snapshot()
        partitions = wanted(graph, [_name(each) for each in self.models], table, asked, snapshot)
        lacking = missing(graph, snapshot, table, partitions)
        if lacking is None:
            self.log.info("all %d partitions of %s are there", len(partitions), table)
            return
        self.log.info("waiting for at most %.0f s: %s", self.timeout, lacking)
        found = self.pinned(context)
        deadline = datetime.now(UTC) + timedelta(seconds=self.timeout)
        self.defer(
            trigger=PartitionsTrigger(
                found.manifest, found.root, self.table, partitions, deadline.isoformat(), self.poke_seconds
            ),
            method_name="resume",
        )

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """What the triggerer found."""
        del context
        if event["missing"]:
            raise AirflowFailException(f"waited {self.timeout:.0f} s in vain: {event['missing']}")
        self.log.info("all that is read of %s is there", self.table)


class BrokenModel(BaseOperator):
    """Stands for a model with mistakes, in its own DAG: fails, and says which."""

    ui_color = "#f6d8d5"

    def __init__(self, *, message: str, **options: Any) -> None:
        super().__init__(**options)
        self.message = message

    def execute(self, context: Context) -> None:
        """Fail."""
        del context
        raise AirflowFailException(f"{self.message}\nnext: mend it, compile and deploy; `aggregator lint` shows more")


class RepairStale(_Task):
    """Builds what ``aggregator plan`` calls stale, whatever the reason: late data, changed logic, touched rows."""

    def __init__(self, *, deployment: Deployment, partitions: int, **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.partitions = partitions

    def execute(self, context: Context) -> dict[str, Any]:
        """Build the first of them, upstream first, as far as the budget goes."""
        from aggregator.airflow.work import complaint, repair  # noqa: PLC0415

        graph = self.graph(context)
        most = int(context["params"].get("partitions") or self.partitions)
        with self.warehouse(graph) as engine:
            builts, left = repair(engine, graph, most, self.run_id(context), self.log.info)
        if left:
            self.log.info("%d stale partitions are left for the next run: the budget is %d", left, most)
        wrong = complaint(builts)
        if wrong:
            raise AirflowFailException(wrong)
        return {"left": left, "models": {built.model: built.json() for built in builts}}


def is_cleared(context: Context) -> bool:
    """Whether somebody cleared the task after it had ended: Airflow then allows as many tries again."""
    instance = context["ti"]
    return bool(instance.max_tries > (instance.task.retries or 0))


def _name(text: str) -> TableName:
    from aggregator.core.names import TableName  # noqa: PLC0415

    return TableName(*text.split("."))
