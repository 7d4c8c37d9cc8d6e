"""Versions of a file that nobody wrote since they were read: to read all rows is a quarter of a run without work.

A file is known by its times, its size and its number, and only where nothing waits beside it to be written into it.
They are kept in ``.aggregator``, which may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from aggregator.cache import FILE, key_of, software
from aggregator.core.names import TableName
from aggregator.core.warehouse import Version, Versions

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar

_TICK_SECONDS = 0.02
"""Longer than the clocks of file systems stand still, and than nobody can open a database and write to it."""

_COARSE = 1_000_000
"""Times that are whole milliseconds are those of a file system that knows no shorter ones, if not by chance."""


@dataclasses.dataclass(frozen=True)
class Stamp:
    """A file as it was left; another one is another state of it."""

    written_at: int
    changed_at: int
    """Unlike the other time, nobody can set this one."""
    size: int
    number: int


def stamp_of(path: Path) -> Stamp | None:
    """The state of a database file; None where that can't be told: its log is not in it yet, or its time is coarse."""
    try:
        status = path.stat()
    except OSError:
        return None
    log = path.with_name(f"{path.name}.wal")
    if log.exists() or status.st_ctime_ns % _COARSE == 0:
        return None
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def settled(path: Path) -> Stamp | None:
    """The state of a file that this process holds, once the clock has gone on: whoever writes later leaves another."""
    stamp = stamp_of(path)
    if stamp is not None:
        time.sleep(max(0.0, min(_TICK_SECONDS, stamp.changed_at / 1e9 + _TICK_SECONDS - time.time())))
    return stamp


class Remembered:
    """The versions of the tables of one database file, as its project cuts them into partitions."""

    def __init__(self, root: Path, database: Path, calendars: Mapping[TableName, Calendar | None]) -> None:
        self._path = root / FILE.parent / f"versions-{key_of(str(database.resolve()))[:8]}.json"
        self._found: Stamp | None = None
        self._cuts = key_of(
            duckdb.__version__, software(), *sorted(f"{name} {each}" for name, each in calendars.items())
        )

    def find(self, stamp: Stamp | None) -> Versions | None:
        """What the file held in this state; None if that is not known."""
        if stamp is None:
            return None
        try:
            kept = json.loads(self._path.read_text())
            if kept["key"] != self._key(stamp):
                return None
            versions = {
                TableName(*name.split(".")): {partition: Version(*each) for partition, each in partitions.items()}
                for name, partitions in kept["versions"].items()
            }
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # not there, or not as we write it
            return None
        self._found = stamp
        return versions

    def keep(self, stamp: Stamp, versions: Versions) -> None:
        """What the file holds in this state. Where that can't be written, all rows are read again."""
        if stamp == self._found:
            return
        said = {
            str(name): {partition: (each.rows, each.token) for partition, each in partitions.items()}
            for name, partitions in versions.items()
        }
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"key": self._key(stamp), "versions": said}))
            draft.replace(self._path)

    def _key(self, stamp: Stamp) -> str:
        return key_of(self._cuts, *map(str, dataclasses.astuple(stamp)))
