"""What a warehouse holds and what was written down about it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from aggregator.core.names import TableName

WHOLE = ""
"""The partition id of a table that has no partitions."""

NULL_PARTITION = "__NULL__"
"""The partition id of rows whose partition column is NULL, as BigQuery calls it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """The state of one partition: changes whenever its rows do.

    ``token`` is opaque and engine-specific: a digest of the content where the engine can afford one, otherwise the
    time of the last modification and the size.

    Clocks are coarse: until ``settles_at``, the rows may change and the token stay. Whoever reads them before that
    can't tell later whether they are still those that were read. It is None where a token can't lie, and ``NEVER``
    while there are rows that the token does not count, as those in a streaming buffer.
    """

    rows: int
    token: str
    settles_at: datetime | None = None


NEVER = datetime.max.replace(tzinfo=UTC)
"""A moment that does not come."""

ABSENT = Version(0, "")
"""The version of a partition that has no rows."""

Versions: TypeAlias = dict[TableName, dict[str, Version]]
"""By table and partition id. A partition without rows is not in it, a table that does not exist neither.

A view has one version, that of its SQL.
"""


def whole_version(partitions: Mapping[str, Version]) -> Version:
    """The version of a table as a whole."""
    if len(partitions) == 1 and WHOLE in partitions:
        return partitions[WHOLE]
    digest = hashlib.sha256()
    for partition in sorted(partitions):
        digest.update(f"{partition}={partitions[partition].token};".encode())
    rows = sum(version.rows for version in partitions.values())
    return Version(rows, digest.hexdigest()[:16], whole_settles_at(partitions))


def whole_settles_at(partitions: Mapping[str, Version]) -> datetime | None:
    """When the last of the partitions settles; None if all of them always were."""
    settle = (version.settles_at for version in partitions.values())
    return max((each for each in settle if each is not None), default=None)


class Outcome(StrEnum):
    """How an attempt to build a partition ended."""

    BUILT = "built"
    UNCHANGED = "unchanged"
    """Built, and equal to what was there: nothing was written, so that what is downstream stays fresh."""
    ACCEPTED = "accepted"
    """Not built: its author accepts the rows that other logic gave. All but the fingerprint is that of their build."""
    ROLLED_BACK = "rolled_back"
    """Not built: the rows that were there before are back. Fingerprint and inputs are those of the rows taken away, as
    building it from them would give these again."""
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class LedgerRow:
    """One attempt to build one partition. The ledger is append-only; the latest row of a partition counts.

    ``inputs`` is a JSON array of ``{table, partition, rows, version}``: what the query could see, read before it ran.
    ``version`` and ``checksum`` are those of the rows written; ``seconds`` is the time of the whole batch.
    ``checks`` is a JSON object: ``results`` of promises that were not kept, in Great Expectations' form, and ``values``
    to compare later partitions with; empty if there are none.
    """

    model: TableName
    partition: str
    run_id: str
    outcome: Outcome
    fingerprint: str
    inputs: str
    read_at: datetime
    written_at: datetime
    rows: int = 0
    version: str = ""
    checksum: str = ""
    bytes: int | None = None
    job_id: str = ""
    seconds: float = 0.0
    message: str = ""
    checks: str = ""


@dataclasses.dataclass(frozen=True)
class Ledger:
    """The latest rows: of each partition the last that was built, and the failure after it, if there is one."""

    built: Mapping[TableName, Mapping[str, LedgerRow]] = dataclasses.field(default_factory=dict)
    failed: Mapping[TableName, Mapping[str, LedgerRow]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """All that planning needs to know about a warehouse, read at one time (UTC).

    ``most_at_once`` is how many partitions one query may write, as the warehouse stores them; None where there is no
    such limit. ``columns`` are those of the tables that are there, with their types on BigQuery, empty where the
    warehouse has none that it can tell.
    """

    versions: Versions
    ledger: Ledger
    now: datetime
    most_at_once: int | None = None
    columns: Mapping[TableName, Mapping[str, str]] = dataclasses.field(default_factory=dict)
