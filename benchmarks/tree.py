"""What a command costs together with all processes that it starts.

The operating system adds up the CPU of a process and of those that it waited for, but not their memory. That is looked
at every few milliseconds here, as PSS: a page that several processes share counts once.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from benchmarks.measure import ChildError, Cost, cpu_seconds

_EVERY = 0.02
"""Seconds between two looks at the memory. What comes and goes faster is not seen."""


def run_tree(command: Sequence[object], folder: Path, variables: Mapping[str, str] | None = None) -> tuple[Cost, str]:
    """Run a command in a folder; gives the cost of all its processes, and what it printed, errors included."""
    found = watch_tree(command, folder, variables)
    return found.cost, found.printed


@dataclasses.dataclass(frozen=True)
class Tree:
    """A command that ended: the cost of all its processes, what it printed, and the peaks of each of them."""

    cost: Cost
    printed: str
    peaks: Mapping[str, int]
    """In bytes, by command line; the largest where several processes have the same."""

    def peak_of(self, part: str) -> int:
        """The largest peak of the processes that have something in their command lines; of the first, if empty."""
        if not part:
            return next(iter(self.peaks.values()), 0)
        return max((peak for line, peak in self.peaks.items() if part in line), default=0)


def watch_tree(command: Sequence[object], folder: Path, variables: Mapping[str, str] | None = None) -> Tree:
    """Run a command in a folder, and look at its processes one by one, too."""
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  (our own commands)
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | dict(variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        with _Watch(process.pid) as watch:
            assert process.stdout is not None
            printed = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        last = "\n".join(printed.splitlines()[-15:])
        raise ChildError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{last}")
    return Tree(Cost(cpu_seconds(usage), wall, watch.peak), printed, watch.peaks)


class _Watch:
    """Looks at the memory of a process and its descendants until it is left. ``peak`` is in bytes.

    ``peaks`` are those of single processes, by command line, the first process first.
    """

    def __init__(self, root: int) -> None:
        self.peak = 0
        self.peaks: dict[str, int] = {}
        self._root = root
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(_EVERY):
            held = {process: _memory(process) for process in _family(self._root)}
            self.peak = max(self.peak, sum(held.values()))
            for process, memory in held.items():
                if memory:
                    line = _command_line(process)
                    self.peaks[line] = max(self.peaks.get(line, 0), memory)


def _family(process: int) -> Iterator[int]:
    """A process and all its descendants; Linux only."""
    yield process
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:  # it has ended meanwhile
        return
    for child in children:
        yield from _family(child)


def _memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except OSError:
        return ""
