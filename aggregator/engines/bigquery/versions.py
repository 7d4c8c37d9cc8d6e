"""The versions of a project's partitions, from the states of tables: the time of the last change, rows and bytes."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.core.calendar import Calendar
from aggregator.core.warehouse import NEVER, NULL_PARTITION, WHOLE, Version
from aggregator.engines.bigquery.states import STREAMED, Piece, State
from aggregator.engines.bigquery.tables import stored_start

if TYPE_CHECKING:
    from aggregator.core.project import Partitioning

BUFFERED = timedelta(hours=2)
"""Rows that are streamed are sorted into partitions within 90 minutes. While some are not, any partition that was
changed so lately may have more of them than its version says."""


def versions_of(
    state: State, calendar: Calendar | None, declared: Partitioning | None, now: datetime
) -> dict[str, Version]:
    """The versions of all partitions that have rows.

    BigQuery's partitions may be shorter than the project's, which then consist of several; or longer, as those of a
    source may be: then a change of one is a change of all that lie in it.
    """
    if state.definition:
        return {WHOLE: view_version(state.definition)}
    return versions_of_pieces(state.pieces, calendar, declared, now)


def view_version(definition: str) -> Version:
    """The version of a view, which has no rows of its own: what can change is its SQL."""
    return Version(0, hashlib.sha256(" ".join(definition.split()).encode()).hexdigest()[:16])


def versions_of_pieces(
    pieces: Mapping[str, Piece], calendar: Calendar | None, declared: Partitioning | None, now: datetime
) -> dict[str, Version]:
    """The versions of the partitions that BigQuery's own ones make up."""
    groups: dict[str, list[Piece]] = {}
    for id_, piece in pieces.items():
        if piece.rows and id_ != STREAMED:
            for partition in _partitions(id_, calendar, declared, now):
                groups.setdefault(partition, []).append(piece)
    versions = {partition: _version(group) for partition, group in groups.items()}
    if pieces.get(STREAMED, _NOTHING).rows:
        since = int((now - BUFFERED).timestamp() * 1_000_000)
        for partition in (each for each, group in groups.items() if max(piece.modified for piece in group) >= since):
            versions[partition] = dataclasses.replace(versions[partition], settles_at=NEVER)
    return versions


_NOTHING = Piece(0, 0, 0)


def _version(pieces: list[Piece]) -> Version:
    rows, size = (sum(getattr(each, name) for each in pieces) for name in ("rows", "bytes"))
    return Version(rows, f"{max(each.modified for each in pieces)}-{rows}-{size}")


def _partitions(id_: str, calendar: Calendar | None, declared: Partitioning | None, now: datetime) -> Iterator[str]:
    """Which partitions of the project hold rows of one of BigQuery's."""
    if calendar is None:
        yield WHOLE
    elif id_ == NULL_PARTITION:
        yield NULL_PARTITION
    elif id_:
        start, grain = stored_start(id_)
        if grain.divides(calendar.grain) or grain is calendar.grain:
            yield calendar.id(calendar.grain.floor(start))
        else:
            yield from map(calendar.id, calendar.grain.range(calendar.grain.floor(start), grain.shift(start, 1)))
    elif declared is not None:
        end = min(declared.end or now.replace(tzinfo=None), now.replace(tzinfo=None))
        yield from map(calendar.id, calendar.grain.range(declared.start, end))
