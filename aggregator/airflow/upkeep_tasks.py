"""The tasks beside building: rows are exported, promises looked at, stale partitions rebuilt, bad rows taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.airflow.releases import AirflowFailException, AirflowSkipException
from aggregator.airflow.task import Deployment, Task, name_of

if TYPE_CHECKING:
    from airflow.sdk import Context

_MADE_FROM = "made_from"
"""What an event of arrivals keeps: for each partition that was told of, what it would have been made from, in short."""

_REPAIRED = 1000
"""So many partitions are built at most by a repair in a DAG of somebody's own, whose runs have no parameters."""

_EVENTS_READ = 1000
"""So many of the last events are read to find out what was told: of a hundred partitions, the last of each."""


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
            self.remember(graph, engine, exported=written)
        if problems:
            raise AirflowFailException("\n".join([*problems, "next: mend the cause, then clear this task"]))
        return {str(name): len(partitions) for name, partitions in written.items()}


class _Announcing(Task):
    """Tells a DAG which of its partitions have all that they read by now, by partitions of its asset.

    The ledger says so, not what this run did: so it does not matter who built the rest, and when. It is skipped if
    there are none. The events keep what each partition would have been made from.
    """

    ui_color = "#e5e5f7"

    def __init__(self, *, deployment: Deployment, models: Sequence[str], tables: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.models = list(models)
        self.tables = list(tables)

    def tell(self, context: Context, found: Mapping[str, str]) -> list[str]:
        """Tell; gives the partitions."""
        if not found:
            raise AirflowSkipException("none of its partitions has all that it reads, and was not told of yet")
        self.log.info("complete by now: %s", ", ".join(found))
        event = context["outlet_events"][self.outlets[0]]
        event.extra = {_MADE_FROM: dict(found)}
        event.add_partitions(list(found))
        return list(found)


class AnnounceArrivals(_Announcing):
    """Tells it of those that read what this run built; again, if they come again."""

    def __init__(self, *, came: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.came = list(came)

    def execute(self, context: Context) -> list[str]:
        """Ask, and tell; gives the partitions."""
        from aggregator.airflow.upkeep import arrived  # noqa: PLC0415

        graph = self.graph(context)
        models, tables, came = ([name_of(each) for each in names] for names in (self.models, self.tables, self.came))
        with self.warehouse(graph) as engine:
            found = arrived(engine.snapshot(), graph, models, tables, {each: self.asked(context) for each in came})
        return self.tell(context, found)


class LookForArrivals(_Announcing):
    """Tells it of those that came in other ways: by ``aggregator run``, by the repair, in a source.

    Each is told of once for what is there, by Airflow's own events: if these are gone, a run finds all fresh.
    """

    def execute(self, context: Context) -> list[str]:
        """Ask, and tell; gives the partitions."""
        from aggregator.airflow.upkeep import overlooked  # noqa: PLC0415

        events = context["inlet_events"][self.inlets[0]].ascending(ascending=False).limit(_EVENTS_READ)
        graph = self.graph(context)
        models, tables = ([name_of(each) for each in names] for names in (self.models, self.tables))
        with self.warehouse(graph) as engine:
            found = overlooked(engine.snapshot(), graph, models, tables, _told(events))
        return self.tell(context, found)


def _told(events: Iterable[Any]) -> dict[str, str]:
    """What each partition would have been made from when it was told of last; the last events come first."""
    told: dict[str, str] = {}
    for event in events:  # those that people make on Airflow's pages keep nothing
        kept = (event.extra or {}).get(_MADE_FROM, {})
        told.setdefault(event.partition_key or "", kept.get(event.partition_key, ""))
    return told


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

    def __init__(self, *, deployment: Deployment, **options: Any) -> None:
        super().__init__(**options)
        self.deployment = deployment

    def execute(self, context: Context) -> dict[str, Any]:
        """Build the first of them, upstream first, as far as the budget goes that the run's parameters give."""
        from aggregator.airflow.repair import Budget, repair  # noqa: PLC0415
        from aggregator.airflow.work import complaint  # noqa: PLC0415

        graph, params = self.graph(context), context["params"]
        budget = Budget.of(graph, params.get("partitions") or _REPAIRED, params.get("bytes"), params.get("price"))
        with self.warehouse(graph) as engine:
            done = repair(engine, graph, budget, self.run_id(context), self.log.info)
            self.remember(graph, engine, builts=done.builts)
        wrong = complaint(graph, list(done.builts.values()))
        if wrong:
            raise AirflowFailException(wrong)
        left = {str(name): len(partitions) for name, partitions in done.left.items()}
        models = {built.model: built.json() for built in done.builts.values()}
        return {"left": sum(left.values()), "left_out": left, "bytes": done.bytes, "models": models}


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
