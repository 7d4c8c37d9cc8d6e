"""Rows in one SQLite file: shared by processes that run at once, whole after a crash, and safe to delete.

A row is found by the hash of everything that it was made from, so it is never out of date, only unused; what was not
used for two weeks goes. Where the file can't be had or is damaged, there is nothing in it and nothing is kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

_FORMAT = 2
_KEEP_DAYS = 14
_WAIT_SECONDS = 5.0
_SECONDS_A_DAY = 86_400
_ASKED_AT_ONCE = 500
"""Keys in one question; SQLite of any age takes 999."""
FILE = Path(".aggregator", "cache.sqlite")
"""Where a project's rows are; safe to delete."""

_TABLES = """
CREATE TABLE IF NOT EXISTS heads (key TEXT PRIMARY KEY, day INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bodies (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
"""Without that, rows this long go where their hashes belong: that takes twice the time, and a quarter more room."""


@dataclasses.dataclass(frozen=True)
class Row:
    """What is kept under a key: a part that every command looks at, and a large one that is only read if wanted."""

    head: str
    body: str = ""


class Cache:
    """The rows of one file, or none to begin with.

    New ones are kept for as long as this object lives, and in the file unless it is only read (``writes`` is false).
    It may be used by several threads, one at a time.
    """

    def __init__(self, path: Path | None, *, writes: bool = True) -> None:
        self._new: dict[str, Row] = {}
        self._used: list[str] = []
        self._writes = writes
        self._today = int(time.time() // _SECONDS_A_DAY)
        self._db = _open(path) if path is not None and (writes or path.exists()) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def heads(self, keys: Iterable[str]) -> dict[str, str]:
        """The heads of those keys that there are."""
        wanted = list(keys)
        found = {key: self._new[key].head for key in wanted if key in self._new}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            marks = ", ".join("?" * len(some))
            for key, day, value in self._ask(f"SELECT key, day, value FROM heads WHERE key IN ({marks})", some):
                found[key] = value
                if day < self._today:
                    self._used.append(key)
        return found

    def head(self, key: str) -> str | None:
        """The head of one key, if it is there."""
        return self.heads([key]).get(key)

    def body(self, key: str) -> str | None:
        """The body of a row; None if another process has just thrown it away."""
        if key in self._new:
            return self._new[key].body
        return next((value for (value,) in self._ask("SELECT value FROM bodies WHERE key = ?", [key])), None)

    def put(self, key: str, row: Row) -> None:
        """Keep a row, from the next :meth:`save` on for other processes too."""
        self._new[key] = row

    def save(self) -> None:
        """Write what is new, all or nothing."""
        if self._db is None or not self._writes or not (self._new or self._used):
            return
        heads = [(key, self._today, row.head) for key, row in self._new.items()]
        bodies = [(key, row.body) for key, row in self._new.items() if row.body]
        with contextlib.suppress(sqlite3.Error), self._db:
            self._db.executemany("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", heads)
            self._db.executemany("INSERT OR REPLACE INTO bodies VALUES (?, ?)", bodies)
            self._db.executemany("UPDATE heads SET day = ? WHERE key = ?", [(self._today, key) for key in self._used])
            if self._db.execute("DELETE FROM heads WHERE day < ?", [self._today - _KEEP_DAYS]).rowcount:
                self._db.execute("DELETE FROM bodies WHERE key NOT IN (SELECT key FROM heads)")
            self._new, self._used = {}, []

    def close(self) -> None:
        """Write what is new, and let go of the file."""
        self.save()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _ask(self, sql: str, keys: list[str]) -> Iterator[tuple[Any, ...]]:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                yield from self._db.execute(sql, keys)


def _open(path: Path) -> sqlite3.Connection | None:
    with contextlib.suppress(sqlite3.Error, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path)
        except sqlite3.OperationalError:  # locked, read-only, no space
            raise
        except sqlite3.DatabaseError:  # not a database, or damaged: it holds nothing that can't be made again
            path.unlink()
            return _connect(path)
    return None


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if db.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
            with db:
                db.executescript(f"DROP TABLE IF EXISTS heads; DROP TABLE IF EXISTS bodies; {_TABLES}")
                db.execute(f"PRAGMA user_version = {_FORMAT}")
    except BaseException:
        db.close()
        raise
    return db
