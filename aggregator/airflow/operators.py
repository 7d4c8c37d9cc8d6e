"""The tasks of a DAG of models: partitions are built, and awaited. Light to import, as all that Airflow parses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from aggregator.airflow.releases import AirflowFailException, BaseOperator
from aggregator.airflow.task import Deployment, Task, name_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from aggregator.airflow.work import Built
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName

DEFER_AFTER = 30.0
POKE_SECONDS = 60.0


class BuildPartitions(Task):
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
        return self._build(context, graph, unbuilt(graph, map(name_of, self.models)), ())

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on with what the queries gave that were left running."""
        from aggregator.airflow.work import resumed  # noqa: PLC0415

        return self._build(context, self.read(self.pinned(context)), resumed(event["builts"]), event["left"])

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
            self.remember(graph, engine, builts=builts)
        if jobs:
            self._defer(context, builts, jobs, left)
        self._tell(context, list(builts.values()))
        wrong = complaint(graph, list(builts.values()))
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
        said = {"builts": kept(builts), "left": sorted({*left, *jobs})}
        self.defer(
            trigger=JobsTrigger(found.manifest, found.root, jobs, said, self.poke_seconds),
            method_name="resume",
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


class WaitForPartitions(Task):
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

        graph, asked, table = self.graph(context), self.asked(context), name_of(self.table)
        with self.warehouse(graph) as engine:
            snapshot = engine.snapshot()
        partitions = wanted(graph, [name_of(each) for each in self.models], table, asked, snapshot)
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
