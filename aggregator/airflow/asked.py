"""What a run of a DAG is asked to build: its data interval, or what a person said when starting it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.core.calendar import Grain
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.plan.due import Horizon
from aggregator.plan.plan import within
from aggregator.plan.scheduled import fallen_due


class NotAMomentError(ValueError):
    """A parameter that names neither a partition nor a date."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """Either ``instants``, in UTC, or ``moments`` on the tables' own clocks; without both, the newest partition.

    ``is_full``: to be built whatever its state.
    """

    instants: tuple[datetime, datetime] | None = None
    moments: tuple[datetime | None, datetime | None] | None = None
    is_full: bool = False

    def partitions(self, graph: Graph, name: TableName, now: datetime) -> tuple[str, ...]:
        """The partitions of a model that are meant, oldest first; none if nothing falls to the interval."""
        if self.instants is not None:
            return fallen_due(graph, name, self.instants, now)
        horizon = Horizon(graph, now)
        if self.moments is not None:
            return tuple(within(graph.models[name], horizon.partitions(name), self.moments))
        newest = horizon.newest(name)
        return (newest,) if newest is not None else ()


def asked_by(
    params: Mapping[str, Any],
    interval: tuple[datetime | None, datetime | None],
    partition_key: str | None = None,
    *,
    is_full: bool = False,
) -> Asked:
    """What parameters, a data interval and a key of an asset's partition ask for; parameters go before the interval."""
    is_full = is_full or bool(params.get("full"))
    partition = params.get("partition") or partition_key
    if partition:
        return Asked(moments=_stretch(str(partition)), is_full=is_full)
    if params.get("from") or params.get("to"):
        return Asked(moments=(_moment(params.get("from")), _moment(params.get("to"))), is_full=is_full)
    start, end = interval
    if start is None or end is None or start == end:
        return Asked(is_full=is_full)
    return Asked(instants=(_utc(start), _utc(end)), is_full=is_full)


def taken_back_by(params: Mapping[str, Any]) -> tuple[list[str], str]:
    """What parameters ask to be rolled back: partitions, as ``MODEL@PARTITION``, and the run that wrote the rows."""
    model, partitions = params.get("model") or "", params.get("partitions") or []
    listed = [partitions] if isinstance(partitions, str) else partitions
    wanted = [f"{model}@{each}" for each in listed] or [model]
    return [each for each in wanted if model], str(params.get("run") or "")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _moment(text: object) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        raise NotAMomentError(f"{text!r} is not a date such as 2013-01-31, or an hour such as 2013-01-31T05") from None


def _stretch(partition: str) -> tuple[datetime, datetime]:
    """From where to where a partition of this name is: of a week, its first day, which is enough to find it."""
    grain = next((each for each in _NAMED if each.id_length == len(partition)), None)
    try:
        start = datetime.fromisoformat(partition + "0001-01-01"[len(partition) :])
    except ValueError:
        grain = None
    if grain is None:
        message = f"{partition!r} names no partition; they are called 2013, 2013-02, 2013-02-08 or 2013-02-08T05"
        raise NotAMomentError(message)
    return start, grain.shift(start, 1)


_NAMED = (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.YEAR)
"""Grains that differ by how long their names are."""
