"""What work costs: CPU, wall time and peak memory, of a function or of a whole process.

Only the standard library is imported here and by whoever starts the measured processes: on Linux the peak of a new
process begins with the memory of the one that started it, so a heavy parent would hide what a light child needs.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class ChildError(Exception):
    """A measured process failed, so there is nothing to say about its cost."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds of CPU (user and system, all threads) and of wall time, and the peak of the process in bytes."""

    cpu: float
    wall: float
    peak: int


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each number by itself."""
    cpu, wall, peak = zip(*(dataclasses.astuple(cost) for cost in costs), strict=True)
    return Cost(statistics.median(cpu), statistics.median(wall), statistics.median_low(peak))


def cost_of(work: Callable[[], T]) -> tuple[Cost, T]:
    """Do some work in this process. The peak is that of the process so far."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return Cost(cpu_seconds(after) - cpu_seconds(before), wall, after.ru_maxrss * PEAK_UNIT), result


def run_module(module: str, *arguments: object, folder: Path) -> tuple[Cost, str]:
    """Run ``python -m module`` in a folder; gives its cost, its own children's included, and what it printed."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", module, *map(str, arguments)]
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  (our own modules)
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)  # unlike wait(), tells what this child used
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise ChildError(f"{' '.join(command[1:])} ended with {process.returncode}")
    return Cost(cpu_seconds(usage), wall, usage.ru_maxrss * PEAK_UNIT), printed


def ask_module(module: str, *arguments: object, folder: Path) -> Any:
    """Run a module that answers in JSON, as :func:`answer` prints it."""
    return json.loads(run_module(module, *arguments, folder=folder)[1])


def answer(value: object) -> None:
    """Print an answer to :func:`ask_module`."""
    print(json.dumps(value, default=dataclasses.asdict))


def cpu_seconds(usage: resource.struct_rusage) -> float:
    """The CPU of a process, its own work and the system's for it."""
    return usage.ru_utime + usage.ru_stime
