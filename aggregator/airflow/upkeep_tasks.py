"""The tasks beside building: rows are exported, promises looked at, stale partitions rebuilt, bad rows taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from aggregator.airflow.task import Deployment, Task, name_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExportPartitions(Task):
    """Writes to files what was published of models and is not in storage as it is in the warehouse."""

    def __init__(self, *, deployment: Deployment, models: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.models = list(models)

    def execute(self, context: Context) -> dict[str, int]:
        """Write; gives how many partitions of each model."""
        from aggregator.airflow.upkeep import export  # noqa: PLC0415

        graph = self.graph(context)
        with self.warehouse(graph) as engine:
            written, problems = export(engine, graph, [name_of(each) for each in self.models], self.log.info)
        if problems:
            raise AirflowFailException("\n".join([*problems, "next: mend the cause, then clear this task"]))
        return written


class AnnounceArrivals(Task):
    """Tells a DAG, by the partitions of its asset, which of its partitions have all that they read by now.

    The ledger says so, not what this run did: so it does not matter who built the rest, and when. It is skipped if
    there are none.
    """

    ui_color = "#e5e5f7"

    def __init__(
        self,
        *,
        deployment: Deployment,
        models: Sequence[str],
        tables: Sequence[str],
        came: Sequence[str],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.models = list(models)
        self.tables = list(tables)
        self.came = list(came)

    def execute(self, context: Context) -> list[str]:
        """Ask, and tell; gives the partitions."""
        from aggregator.airflow.upkeep import arrived  # noqa: PLC0415

        graph = self.graph(context)
        models, tables, came = ([name_of(each) for each in names] for names in (self.models, self.tables, self.came))
        with self.warehouse(graph) as engine:
            keys = arrived(engine.snapshot(), graph, models, tables, {each: self.asked(context) for each in came})
        if not keys:
            raise AirflowSkipException("none of its partitions has all that it reads yet")
        self.log.info("complete by now: %s", ", ".join(keys))
        context["outlet_events"][self.outlets[0]].add_partitions(keys)
        return keys


class CheckFreshness(Task):
    """Fails if one of an owner's tables is late by its promise, and says which partitions are missing."""

    def __init__(self, *, deployment: Deployment, tables: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.tables = list(tables)

    def execute(self, context: Context) -> dict[str, str]:
        """Look, leave it in the warehouse for dashboards, and judge; gives the state of each table."""
        from aggregator.airflow.upkeep import look  # noqa: PLC0415

        graph = self.graph(context)
        with self.warehouse(graph) as engine:
            states, late = look(engine, graph, [name_of(each) for each in self.tables], self.log.info)
        if late:
            raise AirflowFailException("\n".join([*late, "next: see why with `aggregator status` and `explain`"]))
        return states


class RepairStale(Task):
    """Builds what ``aggregator plan`` calls stale, whatever the reason: late data, changed logic, touched rows."""

    def __init__(self, *, deployment: Deployment, partitions: int, **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.partitions = partitions

    def execute(self, context: Context) -> dict[str, Any]:
        """Build the first of them, upstream first, as far as the budget goes."""
        from aggregator.airflow.upkeep import repair  # noqa: PLC0415
        from aggregator.airflow.work import complaint  # noqa: PLC0415

        graph = self.graph(context)
        most = int(context["params"].get("partitions") or self.partitions)
        with self.warehouse(graph) as engine:
            builts, left = repair(engine, graph, most, self.run_id(context), self.log.info)
        if left:
            self.log.info("%d stale partitions are left for the next run: the budget is %d", left, most)
        wrong = complaint(graph, builts)
        if wrong:
            raise AirflowFailException(wrong)
        return {"left": left, "models": {built.model: built.json() for built in builts}}


class RollBack(Task):
    """Brings back the rows that partitions had before their last build, as the run's parameters say which.

    The same as ``aggregator rollback``. An attempt after one that died goes no build further back.
    """

    def __init__(self, *, deployment: Deployment, **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment

    def execute(self, context: Context) -> dict[str, str]:
        """Take back; gives for each partition from which rows it went to which."""
        from aggregator.airflow.asked import taken_back_by  # noqa: PLC0415
        from aggregator.airflow.upkeep import take_back  # noqa: PLC0415

        wanted, run = taken_back_by(context["params"])
        if not wanted and not run:
            raise AirflowFailException("say what to roll back: `model` and `partitions`, or `run`")
        graph = self.graph(context)
        with self.warehouse(graph) as engine:
            done, problems = take_back(engine, graph, wanted, run, self.run_id(context), self.log.info)
        if problems:
            raise AirflowFailException("\n".join(problems))
        self.log.info("next: mend the cause; what reads these rows is stale, and the DAG of the repair builds it")
        return done
