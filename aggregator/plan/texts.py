"""The versions of input partitions in the words of the ledger.

A plan compares the words of hundreds of thousands of partitions with those that were recorded, so each is said once:
for all models that read it, and without building what JSON would have to take apart again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import TypeAlias

from aggregator.core.names import TableName
from aggregator.core.warehouse import ABSENT, WHOLE, Version, Versions, whole_settles_at, whole_version

Say: TypeAlias = Callable[[str], str]
"""What the ledger would say of a partition of a table, by its id: a JSON object."""


class Texts:
    """What is to be said of the partitions of a warehouse, as it is now."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._tables: dict[TableName, Say] = {}
        self._settle: dict[TableName, datetime | None] = {}

    def of(self, table: TableName) -> Say:
        """The words for a table. What was said of a partition is said again, even if it changed since."""
        if table not in self._tables:
            self._tables[table] = _Remembered(table, self._versions.get(table, {})).__getitem__
        return self._tables[table]

    def live(self, table: TableName) -> Say:
        """The words for a table that changes in the meantime: always those of now."""
        return lambda partition: _Remembered(table, self._versions.get(table, {}))[partition]

    def version(self, table: TableName, partition: str) -> Version:
        """The version of an input partition as it is now."""
        versions = self._versions.get(table, {})
        return versions.get(partition, ABSENT) if partition != WHOLE else whole_version(versions)

    def may_be_unsettled(self, table: TableName) -> bool:
        """Whether the versions of a table are of the kind that may lie for a while."""
        if table not in self._settle:
            self._settle[table] = whole_settles_at(self._versions.get(table, {}))
        return self._settle[table] is not None

    def settles_at(self, table: TableName, partition: str) -> datetime | None:
        """From when on the version of an input partition is not to change unnoticed; None if it never was."""
        if partition == WHOLE:
            return self._settle[table] if self.may_be_unsettled(table) else None
        return self._versions.get(table, {}).get(partition, ABSENT).settles_at


class _Remembered(dict[str, str]):
    """The words for a table, by partition id."""

    def __init__(self, table: TableName, versions: Mapping[str, Version]) -> None:
        super().__init__()
        self._head = f'{{"table": {quoted(str(table))}, "partition": '
        self._versions = versions

    def __missing__(self, partition: str) -> str:
        version = self._versions.get(partition, ABSENT) if partition != WHOLE else whole_version(self._versions)
        text = f'{self._head}{quoted(partition)}, "rows": {version.rows}, "version": {quoted(version.token)}}}'
        self[partition] = text
        return text
