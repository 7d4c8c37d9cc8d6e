"""What writing and reading a manifest share: how places, partitions and calendars look in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.diagnostics import Place, Word
from aggregator.core.project import Partitioning


def write_place(place: Place) -> list[int]:
    """Line, column and the end, which is exclusive; the file is that of the model."""
    return [place.line, place.column, place.end_line, place.end_column]


def write_partition(declared: Partitioning | None) -> dict[str, Any] | None:
    """What the author declared; ``from`` and ``to`` are on the table's own wall clock."""
    if declared is None:
        return None
    return {
        "by": str(declared.by),
        "grain": str(declared.grain),
        "zone": declared.zone,
        "from": declared.start.isoformat(),
        "to": declared.end.isoformat() if declared.end is not None else None,
        "require_filter": declared.requires_filter,
        "suffix": declared.suffix,
        "expire": declared.expire,
        "at": write_place(declared.by.place),
    }


def read_partition(said: Mapping[str, Any] | None, path: str) -> Partitioning | None:
    """The declaration of :func:`write_partition`."""
    if said is None:
        return None
    place = Place(path, *said["at"])
    return Partitioning(
        by=Word(said["by"], place),
        grain=Grain(said["grain"]),
        zone=said["zone"],
        place=place,
        start=datetime.fromisoformat(said["from"]),
        end=datetime.fromisoformat(said["to"]) if said["to"] is not None else None,
        requires_filter=said["require_filter"],
        suffix=said["suffix"],
        expire=said.get("expire"),
    )


def write_calendar(calendar: Calendar | None) -> dict[str, str] | None:
    """How the table is cut; None where it is not."""
    if calendar is None:
        return None
    return {
        "column": calendar.column,
        "type": str(calendar.type),
        "grain": str(calendar.grain),
        "zone": calendar.zone,
        "suffix": calendar.suffix,
    }


def read_calendar(said: Mapping[str, str] | None) -> Calendar | None:
    """The calendar of :func:`write_calendar`."""
    if said is None:
        return None
    return Calendar(said["column"], ColumnType(said["type"]), Grain(said["grain"]), said["zone"], said["suffix"])
