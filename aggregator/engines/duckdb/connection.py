"""Opening the database file, and saying clearly why it can't be."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path

import duckdb
from duckdb.func import FunctionNullHandling

from aggregator.core.project import Function
from aggregator.engines.duckdb.called import macros_in
from aggregator.engines.duckdb.dialect import type_to_duckdb
from aggregator.engines.duckdb.dialect.marks import IN_JAVASCRIPT, MARK
from aggregator.engines.duckdb.remembered import Stamp, settled, stamp_of
from aggregator.engines.protocol import QueryError, WarehouseError

_MAGIC = b"DUCK"
_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")
_POLL_SECONDS = 0.1

_held: dict[Path, threading.Lock] = {}
_held_guard = threading.Lock()


class Connection:
    """The only connection to a database file, for as long as it is open.

    DuckDB itself keeps other processes out; within this process a lock does. Two transactions that each fill the same
    empty partition would otherwise both commit, and its rows would be there twice.
    """

    def __init__(self, path: Path, *, wait: float, say: Callable[[str], None]) -> None:
        self.path = path
        self.found: Stamp | None = None
        self._lock = _lock_of(path)
        self._parsed: dict[str, duckdb.Statement] = {}
        self._made: set[str] = set()
        self._has_python = False  # making functions takes a tenth of a second, and few queries need them
        self._functions: set[Function] = set()
        self._told: Mapping[str, str] = {}
        self._worker = futures.ThreadPoolExecutor(max_workers=1)
        deadline = time.monotonic() + wait
        if not self._lock.acquire(blocking=False):
            say(f"waiting for {path.name}: another run in this process holds it")
            if not self._lock.acquire(timeout=wait):
                raise _busy(path, "another run in this process", wait)
        try:
            self._worker.submit(lambda: None).result()  # a thread whose start Ctrl-C cuts off would not be counted
            self.db, self.found = _open(path, deadline, wait, say)
        except BaseException:
            self._worker.shutdown()
            self._lock.release()
            raise

    def execute(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement. Parsing is a third of the cost of a small one, so a text is parsed only once."""
        if not self._has_python and MARK in sql:
            self._has_python = True
            with_python(self.db)
        if sql not in self._parsed:
            if IN_JAVASCRIPT in sql:
                self._make_javascript(sql)
            self._make(macros_in(sql, self._told))
            (self._parsed[sql],) = self.db.extract_statements(sql)
        statement = self._parsed[sql]
        if sql == "ROLLBACK":  # what was made since the transaction began is gone with it
            self._parsed.clear()
            self._made.clear()
        return self.db.execute(statement, parameters)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within, or nothing."""
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error, RuntimeError):  # the error that led here is the one to tell
                self.execute("ROLLBACK")
            raise

    def know(self, functions: Iterable[Function], told: Mapping[str, str] | None = None) -> None:
        """Let queries call the functions in JavaScript that a project declares, and those that a manifest tells of."""
        self._functions.update(functions)
        self._told = told or {}

    def _make_javascript(self, sql: str) -> None:
        """Make the functions that a query calls."""
        from aggregator.compile.routines import routines_of  # noqa: PLC0415  (sqlglot: few projects have any)
        from aggregator.engines.duckdb.dialect import javascript  # noqa: PLC0415  (as above)

        for function in self._functions:
            routine = routines_of([function])[function.name]
            name = javascript.name_of(routine)
            if not routine.code or name not in sql or name in self._made:
                continue
            if javascript.is_missing():
                raise QueryError(f"{routine.name} is written in JavaScript; install aggregator[{javascript.EXTRA}]")
            takes = [duckdb.sqltype(type_to_duckdb(each.type)) for each in routine.parameters]
            gives = duckdb.sqltype(type_to_duckdb(routine.returns))
            _finish_results(self.db)
            special = FunctionNullHandling.SPECIAL  # NULL is a value to them
            self.db.create_function(name, javascript.function_of(routine), [*takes], gives, null_handling=special)
            self._made.add(name)

    def _make(self, macros: Iterable[str]) -> None:
        """Let queries call functions of ours."""
        new = [macro for macro in macros if macro not in self._made]
        if new:
            self.db.execute("".join(f"CREATE OR REPLACE TEMP MACRO {macro};" for macro in new))
            self._made.update(new)

    def compute(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> None:
        """Run a statement that may take long, so that Ctrl-C ends it.

        While DuckDB fills a table it does not look for signals; it does look whether another thread wants it to stop.
        """
        try:
            self._worker.submit(self.execute, sql, parameters).result()
        except KeyboardInterrupt:
            idle = self._worker.submit(lambda: None)  # its turn comes when the statement has ended
            while not idle.done():  # DuckDB forgets a wish that comes before the statement has begun
                self.db.interrupt()
                futures.wait([idle], timeout=_POLL_SECONDS)
            raise

    def appender(self, table: str) -> duckdb.Appender:
        """For many rows at once."""
        return self.db.appender(table)

    def close(self) -> Stamp | None:
        """Close the file and let the next one in; tells how it was left, if that can be told."""
        self._worker.shutdown()
        try:
            with contextlib.suppress(duckdb.Error):  # closing does it, too
                self.db.execute("CHECKPOINT")
            left = settled(self.path)
            self.db.close()
            return left if left == stamp_of(self.path) else None
        finally:
            self._lock.release()


def _lock_of(path: Path) -> threading.Lock:
    with _held_guard:
        return _held.setdefault(path.resolve(), threading.Lock())


def _open(
    path: Path, deadline: float, wait: float, say: Callable[[str], None]
) -> tuple[duckdb.DuckDBPyConnection, Stamp | None]:
    """The database, and how it was found, if nobody else had it in the meantime."""
    told = False
    while True:
        try:
            _create(path)
            _refuse_foreign(path)
            stamp = stamp_of(path)
            db = in_utc(duckdb.connect(str(path)))
            return db, stamp if stamp == stamp_of(path) else None
        except duckdb.Error as error:
            holder = _HOLDER.search(str(error))
            if holder is None:
                raise _unusable(path, error) from None
            who = f"process {holder[2]} ({Path(holder[1]).name})"
        if time.monotonic() > deadline:
            raise _busy(path, who, wait)
        if not told:
            say(f"waiting for {path.name}: {who} holds it")
            told = True
        time.sleep(_POLL_SECONDS)


def _create(path: Path) -> None:
    """A new database appears whole: whoever dies or runs out of space here leaves no file that can't be opened."""
    with _reachable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        if path.exists():
            return
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        duckdb.connect(str(draft)).close()
        with _reachable(path), contextlib.suppress(FileExistsError):  # someone else was faster
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Remove the drafts of processes that are no more."""
    for draft in path.parent.glob(f"{path.name}.*.new"):
        pid = draft.suffixes[-2].removeprefix(".")
        if pid.isdigit() and not _is_alive(int(pid)):
            draft.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # someone else's
        return True
    return True


def _refuse_foreign(path: Path) -> None:
    """DuckDB guesses other formats and tries to download a reader for them, so look first."""
    with _reachable(path), path.open("rb") as file:
        head = file.read(12)
    if head[8:12] != _MAGIC:
        message = f"{path} is not a DuckDB database; it was left as it is"
        raise WarehouseError(message, "move it away, or choose another `path:` in aggregator.yml")


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise WarehouseError(f"{path.parent} is a file, not a folder", "choose another `path:`") from None
    except OSError as error:
        reason = f"{path} can't be opened: {error.strerror}"
        raise WarehouseError(reason, "check the path and its permissions") from None


def in_utc(db: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """DATE of a TIMESTAMP must not depend on where the laptop is."""
    db.execute("SET TimeZone = 'UTC'")
    return db


def _finish_results(db: duckdb.DuckDBPyConnection) -> None:
    """No function is made while rows of an earlier result were not fetched."""
    db.execute("SELECT 1").fetchall()


def with_python(db: duckdb.DuckDBPyConnection) -> None:
    """Let queries call the functions that are in Python."""
    from aggregator.engines.duckdb.dialect.python import PYTHON  # noqa: PLC0415  (sqlglot; the query was translated)

    _finish_results(db)
    for name, (function, takes, gives) in PYTHON.items():
        db.create_function(name, function, list(takes), gives)


def _unusable(path: Path, error: duckdb.Error) -> WarehouseError:
    reason = str(error).splitlines()[0]
    if "Permission denied" in reason or "Read-only" in reason or "read-only" in reason:
        return WarehouseError(f"{path} can't be written: {reason}", "make the file and its folder writable")
    if "No space left" in reason:
        return WarehouseError(f"{path} can't be opened: the disk is full", "make room; nothing was lost")
    advice = "restore the file, or delete it: `aggregator run` then rebuilds everything from the sources"
    return WarehouseError(f"{path} is damaged or of another version of DuckDB: {reason}", advice)


def _busy(path: Path, who: str, wait: float) -> WarehouseError:
    message = f"{path.name} is held by {who}; waited {wait:.0f} s"
    return WarehouseError(message, "wait until it is done, or stop it; `--wait SECONDS` waits longer")
