"""The DAGs beside those of models: what is stale is built, promises are looked at, bad rows are taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.airflow.alerts import Alert
from aggregator.airflow.arrivals import Announced
from aggregator.airflow.releases import DAG, Asset, CronDataIntervalTimetable, Param
from aggregator.airflow.task import Deployment
from aggregator.airflow.upkeep_tasks import CheckFreshness, LookForArrivals, RepairStale, RollBack

REPAIR, FRESHNESS, ROLLBACK = "aggregator_repair", "aggregator_freshness", "aggregator_rollback"
"""The DAG that builds what is stale, that which looks at promises, and that by which people take rows back."""

ARRIVALS = "aggregator_arrivals"
"""The DAG that looks for what came without a task of ours that would tell of it."""


@dataclasses.dataclass(frozen=True)
class RepairBudget:
    """What one run of the repair may take, unless its parameters say otherwise.

    ``partitions`` is how many are built, ``bytes`` how many may be billed, and ``price`` what these may cost, in the
    currency of ``price_per_tib``; None for no bound.
    """

    partitions: int = 1000
    bytes: int | None = None
    price: float | None = None

    def parameters(self) -> dict[str, Param]:
        """The same as parameters of the runs of a DAG."""
        most = "At most so many bytes are billed; what earlier builds took says what fits."
        return {
            "partitions": Param(
                self.partitions, type="integer", minimum=1, description="At most so many partitions are built."
            ),
            "bytes": Param(self.bytes, type=["null", "integer"], minimum=1, description=most),
            "price": Param(
                self.price, type=["null", "number"], exclusiveMinimum=0, description="The same, as what they cost."
            ),
        }


@dataclasses.dataclass(frozen=True)
class Upkeep:
    """Makes the DAGs that are there once for a project. ``retry`` is how long a task rests before its second try."""

    project: str
    deployment: Deployment
    prefix: str
    retry: timedelta

    def repair(self, cron: str, budget: RepairBudget) -> DAG:
        """The DAG that builds what is stale; paused until somebody wants it."""
        description = f"Builds what is stale in {self.project}: late data, changed logic, touched rows."
        with self._dag(REPAIR, cron, description, params=budget.parameters()) as dag:
            RepairStale(
                task_id="repair",
                deployment=self.deployment,
                owner=self.project,
                retries=2,
                retry_delay=self.retry,
            )
        return dag

    def freshness(self, cron: str, said: Sequence[Mapping[str, Any]]) -> DAG:
        """The DAG that looks at promises, with a task for each owner; paused until somebody wants it."""
        description = f"Fails when a table of {self.project} is late by its promise."
        with self._dag(FRESHNESS, cron, description, max_active_tasks=1) as dag:
            for number, each in enumerate(said):
                CheckFreshness(
                    task_id=f"owner_{number + 1}",
                    task_display_name=each["owner"],
                    deployment=self.deployment,
                    tables=each["tables"],
                    owner=each["owner"],
                    on_failure_callback=Alert(each["alerts"], each["owner"]) if each["alerts"] else None,
                    doc_md="\n".join(f"- `{table}`" for table in each["tables"]),
                )
        return dag

    def arrivals(self, cron: str, said: Mapping[str, Announced], asset_of: Callable[[str], Asset]) -> DAG:
        """The DAG that starts others when partitions came without a task of ours, with a task for each of them."""
        description = f"Starts DAGs of {self.project} when partitions have come by `aggregator run` or in sources."
        with self._dag(ARRIVALS, cron, description, max_active_tasks=1, is_paused=False) as dag:
            for name, announced in said.items():
                LookForArrivals(
                    task_id=name,
                    deployment=self.deployment,
                    models=announced.models,
                    tables=announced.tables,
                    inlets=[asset_of(name)],
                    outlets=[asset_of(name)],
                    owner=self.project,
                    retries=2,
                    retry_delay=self.retry,
                )
        return dag

    def rollback(self) -> DAG:
        """The DAG by which people bring back earlier rows: never paused, as what they start would wait for ever."""
        description = f"Brings back the rows that partitions of {self.project} had before their last build."
        with self._dag(ROLLBACK, None, description, params=_rollback_parameters(), is_paused=False) as dag:
            RollBack(
                task_id="roll_back", deployment=self.deployment, owner=self.project, retries=2, retry_delay=self.retry
            )
        return dag

    def _dag(self, name: str, cron: str | None, description: str, *, is_paused: bool = True, **options: Any) -> DAG:
        return DAG(
            self.prefix + name,
            description=description,
            schedule=CronDataIntervalTimetable(cron, timezone="UTC") if cron is not None else None,
            start_date=datetime(2020, 1, 1, tzinfo=UTC),
            catchup=False,
            max_active_runs=1,
            is_paused_upon_creation=is_paused,
            tags=[self.project],
            **options,
        )


def _rollback_parameters() -> dict[str, Param]:
    text: dict[str, Any] = {"type": ["null", "string"]}
    partitions = "Its partitions, such as 2013-02-08, one a line; none for a table without partitions."
    run = "Instead: all partitions whose rows this run wrote, by its id in the ledger; of the model, or of all."
    return {
        "model": Param(None, **text, description="The table to roll back, such as marts.daily_delays."),
        "partitions": Param(None, type=["null", "array"], description=partitions),
        "run": Param(None, **text, description=run),
    }
