"""Runs `aggregator` in children that meet their fate at a chosen statement. A process of its own, because it forks.

Reads a JSON object from standard input: ``template`` (a project, copied for each child), ``work`` (where the copies
go), ``arguments`` of the command, ``fate`` (what happens: see ``FATES``) and ``moments`` (before which statements,
counted from 0; one child for each). Writes a JSON list: for each child its exit code (negative: the signal that ended
it) and the statements that it began. With ``episodes`` in their place, all is done in the template itself, one child
after the other: each has the ``files`` to write before, the time of its clock (``now``) and its ``moment``.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator.cli import main
from aggregator.engines.duckdb import connection
from aggregator.engines.duckdb.engine import DuckDbEngine


class Watched:
    """A DuckDB connection that tells what it is about to do."""

    def __init__(self, db: Any, about_to: Callable[[str], None]) -> None:
        self._db = db
        self._about_to = about_to

    def execute(self, sql: Any, *parameters: Any) -> Any:
        self._about_to(getattr(sql, "query", sql))  # a text, or a statement that was parsed before
        return self._db.execute(sql, *parameters)

    def appender(self, table: str) -> Any:
        self._about_to(f"INSERT INTO {table}")
        return self._db.appender(table)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def watch(about_to: Callable[[str], None]) -> None:
    """Let every connection of the engine, and the birth of a database file, be watched."""
    begin, link = connection.Connection.__init__, os.link

    def watched(self: Any, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        self.db = Watched(self.db, about_to)

    def watched_link(*arguments: Any) -> None:
        about_to("LINK")
        link(*arguments)

    connection.Connection.__init__ = watched
    os.link = watched_link


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def hold() -> None:
    """Tell the parent that the moment has come, and wait for it to close our standard input."""
    os.write(3, b"held")
    os.read(4, 1)


FEW = 2
"""So many children are done sooner than what they import is found out."""

FATES = {"kill": kill, "interrupt": interrupt, "nothing": lambda: None}


def child(root: Path, arguments: list[str], fate: Callable[[], None], moment: int) -> int:
    """Run the command; gives its exit code unless the fate is death."""
    with (root / "statements").open("w", buffering=1) as log:
        count = 0

        def about_to(sql: str) -> None:
            nonlocal count
            if count == moment:
                fate()
            log.write(json.dumps(sql) + "\n")
            count += 1

        watch(about_to)
        return main([arguments[0], "--project", str(root), *arguments[1:]])


def forked(run: Callable[[], int], output: Path) -> int:
    """Run in a child of its own; what it prints goes into a file."""
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 70
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        code = run()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def outcome(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def import_all(task: dict[str, Any]) -> None:
    """Import what a child imports that nothing happens to: a third of the time of each would go into that."""
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(task["template"], Path(folder, "project"))
        names = root / "names"

        def run() -> int:
            if "episodes" in task:  # at another time there is much more to do
                now = datetime.fromisoformat(task["episodes"][0]["now"])
                DuckDbEngine.now = lambda _: now  # type: ignore[method-assign]
            code = child(root, task["arguments"], FATES["nothing"], -1)
            names.write_text("\n".join(sys.modules))
            return code

        outcome(forked(run, root / "output"))
        for name in names.read_text().split():
            if name.partition(".")[0] in ("aggregator", "sqlglot", "duckdb", "jinja2", "yaml"):
                importlib.import_module(name)


def each_moment(task: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for moment in task["moments"]:
        root = Path(task["work"], str(moment))
        shutil.copytree(task["template"], root)
        fate = FATES[task["fate"]]
        pid = forked(
            lambda root=root, fate=fate, moment=moment: child(root, task["arguments"], fate, moment), root / "output"
        )
        code = outcome(pid)
        statements = [json.loads(line) for line in (root / "statements").read_text().splitlines()]
        found.append(
            {"moment": moment, "exit": code, "statements": statements, "output": (root / "output").read_text()}
        )
    return found


def each_delay(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Killed from outside after so many seconds, wherever that is."""
    found = []
    for number, delay in enumerate(task["delays"]):
        root = Path(task["work"], str(number))
        shutil.copytree(task["template"], root)
        pid = forked(lambda root=root: child(root, task["arguments"], FATES["nothing"], -1), root / "output")
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
        found.append({"moment": number, "exit": outcome(pid)})
    return found


def each_episode(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Run again and again in one place, at the times that are given; what happens is the fate."""
    root, found = Path(task["template"]), []
    for episode in task["episodes"]:
        for path, text in episode["files"].items():
            (root / path).write_text(text)
        now, moment = datetime.fromisoformat(episode["now"]), episode["moment"]

        def run(now: datetime = now, moment: int = moment) -> int:
            DuckDbEngine.now = lambda _: now  # type: ignore[method-assign]
            return child(root, task["arguments"], FATES[task["fate"]], moment)

        (root / "output").unlink(missing_ok=True)
        code = outcome(forked(run, root / "output"))
        found.append({"exit": code, "output": (root / "output").read_text()})
    return found


if __name__ == "__main__":
    given = json.load(sys.stdin)
    ways = {"delays": each_delay, "episodes": each_episode}
    if max(len(given.get(key, ())) for key in ("moments", "delays", "episodes")) > FEW:
        import_all(given)
    way = next((ways[key] for key in ways if key in given), each_moment)
    json.dump(way(given), sys.stdout)
