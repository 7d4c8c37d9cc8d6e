"""Tables as they stand in BigQuery, as its API tells of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.core.calendar import Grain
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.types import Type, type_of_field

_INGESTION_TIME = "_PARTITIONTIME"


@dataclasses.dataclass(frozen=True)
class DeployedColumn:
    """A column of a table that is there."""

    name: str
    type: Type
    description: str = ""


@dataclasses.dataclass(frozen=True)
class Deployed:
    """A table that is there. ``rows`` and ``bytes`` are 0 for what stores nothing, such as a view.

    ``partition_column`` is ``_PARTITIONTIME`` where rows are cut by the time of their arrival.
    """

    address: Address
    stores_rows: bool
    columns: tuple[DeployedColumn, ...]
    rows: int
    bytes: int
    modified: datetime | None
    partition_column: str = ""
    grain: Grain | None = None
    clustering: tuple[str, ...] = ()
    requires_partition_filter: bool = False


def deployed_table(address: Address, resource: Mapping[str, Any]) -> Deployed:
    """A table from what ``tables.get`` says of it."""
    time = resource.get("timePartitioning") or {}
    modified = resource.get("lastModifiedTime")
    fields = (resource.get("schema") or {}).get("fields", ())
    return Deployed(
        address=address,
        stores_rows=resource.get("type", "TABLE") in ("TABLE", "SNAPSHOT", "MATERIALIZED_VIEW"),
        columns=tuple(
            DeployedColumn(each["name"], type_of_field(each), each.get("description", "")) for each in fields
        ),
        rows=int(resource.get("numRows") or 0),
        bytes=int(resource.get("numBytes") or 0),
        modified=moment(int(modified)) if modified else None,
        partition_column=time.get("field") or (_INGESTION_TIME if time else ""),
        grain=Grain(time["type"].lower()) if time else None,
        clustering=tuple((resource.get("clustering") or {}).get("fields", ())),
        requires_partition_filter=bool(resource.get("requirePartitionFilter") or time.get("requirePartitionFilter")),
    )


def moment(milliseconds: int) -> datetime:
    """A time of BigQuery's API, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)


def partition_id(text: str, grain: Grain) -> str | None:
    """The project's name of a partition that BigQuery calls ``20130101``; None for those that are no stretch of time.

    ``__NULL__`` has the rows without a value, ``__UNPARTITIONED__`` what was streamed and is not sorted in yet.
    """
    if not text.isdigit() or len(text) != _LENGTHS[grain]:
        return None
    parts = [text[:4], *(text[start : start + 2] for start in range(4, len(text), 2))]
    date, hour = "-".join(parts[:3]), parts[3:]
    return f"{date}T{hour[0]}" if hour else date


def stored_start(id_: str) -> tuple[datetime, Grain]:
    """When a partition begins that BigQuery calls ``20130101``, and how long it is."""
    grain = next(grain for grain, length in _LENGTHS.items() if length == len(id_))
    return datetime.strptime(id_, _FORMATS[grain]), grain  # noqa: DTZ007  (a wall clock)


def stored_id(start: datetime, grain: Grain) -> str:
    """What BigQuery calls the partition of a grain that begins at a moment of the table's wall clock."""
    return start.strftime(_FORMATS[grain])


_FORMATS = {Grain.HOUR: "%Y%m%d%H", Grain.DAY: "%Y%m%d", Grain.MONTH: "%Y%m", Grain.YEAR: "%Y"}
"""How BigQuery makes the ids of partitions from dates. Years have four digits: tables begin in 0001, and ours later."""

_LENGTHS = {Grain.HOUR: 10, Grain.DAY: 8, Grain.MONTH: 6, Grain.YEAR: 4}
"""How long BigQuery's ids of partitions are."""
