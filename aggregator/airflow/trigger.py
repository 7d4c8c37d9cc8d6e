"""Waiting without a slot: asks the warehouse again and again, in the triggerer, until partitions are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

_BUSY_SECONDS = 1.0


class PartitionsTrigger(BaseTrigger):
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
                yield _event("")
                return
            left = (deadline - datetime.now(UTC)).total_seconds()
            if left <= 0:
                yield _event(lacking or f"{self.table}: the warehouse was never free to be asked")
                return
            await asyncio.sleep(min(self.poke_seconds, left))

    def _look(self) -> str | None:
        """What is missing, in words; empty if nothing is, None if the warehouse could not be asked."""
        from aggregator.airflow.work import FailedError, looked, read_graph  # noqa: PLC0415
        from aggregator.core.names import TableName  # noqa: PLC0415
        from aggregator.engines import WarehouseError  # noqa: PLC0415

        table = TableName(*self.table.split("."))
        try:
            lacking = looked(
                read_graph(self.manifest, self.root), table, self.partitions, self.log.info, wait=_BUSY_SECONDS
            )
        except (WarehouseError, FailedError) as error:
            self.log.info("%s could not be asked for: %s", self.table, error)
            return None
        return str(lacking) if lacking is not None else ""


def _event(lacking: str) -> TriggerEvent:
    return TriggerEvent({"missing": lacking})  # type: ignore[no-untyped-call]
