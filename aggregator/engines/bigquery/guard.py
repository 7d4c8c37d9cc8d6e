"""What no job may do, whatever else is wrong with us: every configuration of a job comes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.engines.bigquery.layout import LEASE, STAGING, TRIAL, Layout
from aggregator.engines.bigquery.places import Address

_OURS = ("ledger", "freshness")
_TRUNCATES = ("WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA")


def guarded(configuration: Mapping[str, Any], layout: Layout) -> Mapping[str, Any]:
    """The configuration of a job, if it may be sent.

    A job writes one partition, or a table that has none, or an empty table of ours, or adds to one of a trial:
    WRITE_TRUNCATE without a partition's decorator would empty all partitions of a table, without a word.
    """
    for kind in ("query", "copy", "load"):
        job = configuration.get(kind, {})
        target = job.get("destinationTable")
        if target is not None:
            _refuse(Address(target["projectId"], target["datasetId"], target["tableId"]), job, layout)
    return configuration


def _refuse(target: Address, job: Mapping[str, Any], layout: Layout) -> None:
    base, _, decorator = target.table.partition("$")
    table = Address(target.project, target.dataset, base)
    disposition = job.get("writeDisposition", "")
    must(may_write(table, layout), f"{table} is not a table of this environment")
    if layout.is_internal(table) and table.table.startswith(TRIAL):
        must(disposition == "WRITE_APPEND", f"{table} is added to, not {disposition}")
    elif table not in layout.targets:
        must(disposition == "WRITE_EMPTY", f"{table} is filled once, not {disposition}")
    elif layout.is_partitioned(table):
        must(bool(decorator), f"{disposition} of {table} without a partition would empty all of it")
        must(disposition == "WRITE_TRUNCATE", f"a partition of {table} is replaced, not {disposition}")
    else:
        must(not decorator, f"{table} has no partition {decorator}")
        must(disposition in _TRUNCATES, f"{table} is replaced, not {disposition}")


def may_write(table: Address, layout: Layout) -> bool:
    """Whether a table is a model's in this environment, or ours."""
    if layout.is_internal(table):
        return table.table in _OURS or table.table.startswith((STAGING, LEASE, TRIAL))
    return table in layout.targets


def must(holds: bool, otherwise: str) -> None:  # noqa: FBT001  (it is the only question)
    """Stop at a bug of ours before it reaches a table; unlike an ``assert`` in Python's optimised mode, too."""
    if not holds:
        raise AssertionError(otherwise)
