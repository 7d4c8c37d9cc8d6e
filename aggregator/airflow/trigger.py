"""Waiting without a slot: the triggerer asks the warehouse again and again, for partitions or for the end of jobs."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from aggregator.core.graph import Graph
    from aggregator.engines import Engine

_BUSY_SECONDS = 1.0


class _Trigger(BaseTrigger):
    """What asks the warehouse of a manifest."""

    manifest: str
    root: str

    @functools.cached_property
    def _graph(self) -> Graph:
        from aggregator.airflow.work import read_graph  # noqa: PLC0415

        return read_graph(self.manifest, self.root)


class PartitionsTrigger(_Trigger):
    """Fires when all partitions are there, or when the deadline has passed, with what is still missing."""

    def __init__(
        self, manifest: str, root: str, table: str, partitions: Sequence[str], deadline: str, poke_seconds: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.manifest = manifest
        self.root = root
        self.table = table
        self.partitions = list(partitions)
        self.deadline = deadline
        self.poke_seconds = poke_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What another triggerer goes on from, if this one dies."""
        names = ("manifest", "root", "table", "partitions", "deadline", "poke_seconds")
        return "aggregator.airflow.trigger.PartitionsTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, sleep, look again."""
        deadline = datetime.fromisoformat(self.deadline)
        lacking = ""
        while True:
            found = await asyncio.to_thread(self._look)
            lacking = lacking if found is None else found
            if found == "":
                yield _event(missing="")
                return
            left = (deadline - datetime.now(UTC)).total_seconds()
            if left <= 0:
                yield _event(missing=lacking or f"{self.table}: the warehouse was never free to be asked")
                return
            await asyncio.sleep(min(self.poke_seconds, left))

    def _look(self) -> str | None:
        """What is missing, in words; empty if nothing is, None if the warehouse could not be asked."""
        from aggregator.airflow.work import FailedError, looked  # noqa: PLC0415
        from aggregator.core.names import TableName  # noqa: PLC0415
        from aggregator.engines import WarehouseError  # noqa: PLC0415

        table = TableName(*self.table.split("."))
        try:
            lacking = looked(self._graph, table, self.partitions, self.log.info, wait=_BUSY_SECONDS)
        except (WarehouseError, FailedError) as error:
            self.log.info("%s could not be asked for: %s", self.table, error)
            return None
        return str(lacking) if lacking is not None else ""


class JobsTrigger(_Trigger):
    """Fires when none of some jobs runs any more; how they ended is found by the task that began them.

    ``said`` is what that task has to know when it goes on: it is handed back.
    """

    def __init__(
        self, manifest: str, root: str, jobs: Sequence[str], said: Mapping[str, Any], poke_seconds: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.manifest = manifest
        self.root = root
        self.jobs = list(jobs)
        self.said = dict(said)
        self.poke_seconds = poke_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As above."""
        names = ("manifest", "root", "jobs", "said", "poke_seconds")
        return "aggregator.airflow.trigger.JobsTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, sleep, look again."""
        while True:
            if not await asyncio.to_thread(self._are_running):
                yield _event(**self.said)
                return
            await asyncio.sleep(self.poke_seconds)

    async def on_kill(self) -> None:
        """Somebody marked the task as failed, or cleared it: nobody will take the rows of its jobs."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        from aggregator.engines import WarehouseError  # noqa: PLC0415

        try:
            with self._engine() as engine:
                engine.end(self.jobs)
        except WarehouseError as error:
            self.log.warning("the jobs %s could not be stopped: %s", ", ".join(self.jobs), error)
        else:
            self.log.info("stopped, as the task was: %s", ", ".join(self.jobs))

    def _are_running(self) -> bool:
        from aggregator.engines import WarehouseError  # noqa: PLC0415

        try:
            with self._engine() as engine:
                return engine.is_running(self.jobs)
        except WarehouseError as error:
            self.log.info("the jobs could not be asked for: %s", error)
            return True

    @contextlib.contextmanager
    def _engine(self) -> Iterator[Engine]:
        from aggregator.engines import open_engine  # noqa: PLC0415

        engine = open_engine(self._graph, self.log.info)
        try:
            yield engine
        finally:
            engine.close()


def _event(**said: Any) -> TriggerEvent:
    return TriggerEvent(said)  # type: ignore[no-untyped-call]
