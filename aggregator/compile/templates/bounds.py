"""Limits of time and memory for what templates do."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from aggregator.compile.templates import traced

try:
    import resource
except ImportError:  # only POSIX has it; elsewhere memory is bounded by the machine
    resource = None  # type: ignore[assignment]

MAX_STEPS = 2_000_000
"""Lines of Python that rendering one template may take; some seconds, where a real template takes milliseconds."""

MAX_MEMORY = 128_000_000


class TooMuchError(Exception):
    """A template does not come to an end."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Within this context, Python stops with TooMuchError or MemoryError rather than go on without end."""
    steps = 0

    def count(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal steps
        steps += event == "line"
        if steps > MAX_STEPS:
            raise TooMuchError("it does not come to an end")
        # following the origin of text is our own doing, and short
        return None if event == "call" and frame.f_code.co_filename == traced.__file__ else count

    before = sys.gettrace()
    with bounded_memory():
        sys.settrace(count)
        try:
            yield
        finally:
            sys.settrace(before)


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """Within this context, the process may take some more memory than it has, and then gets a MemoryError."""
    used = _address_space()
    if resource is None or used is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MAX_MEMORY
    if any(limit != resource.RLIM_INFINITY and limit <= wanted for limit in (soft, hard)):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int | None:
    """How many bytes this process has mapped, where that can be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize() if resource else None
