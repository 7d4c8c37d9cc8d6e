"""Jinja with bounds: templates compute SQL from plain data, and nothing else.

The sandbox keeps a template from reaching Python; the bounds keep it from running for ever or filling the memory.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

try:
    import resource
except ImportError:  # only POSIX has it; elsewhere memory is bounded by the machine
    resource = None  # type: ignore[assignment]

MAX_STEPS = 2_000_000
"""Lines of Python that rendering one template may take; some seconds, where a real template takes milliseconds."""

MAX_MEMORY = 128_000_000
MAX_EXPONENT = 64


class TooMuchError(Exception):
    """A template does not come to an end."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Renders the same text whenever it is asked: there is no chance, no clock and no file."""

    intercepted_binops = frozenset({"**"})

    def __init__(self) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=_writable)
        del self.globals["lipsum"], self.filters["random"]

    def load(self, source: str, path: str, names: Mapping[str, Any]) -> jinja2.Template:
        """A template that knows its file, so that a traceback tells it."""
        with _bounded_memory():  # constants are worked out here already
            code = self.compile(source, filename=path)
        return jinja2.Template.from_code(self, code, self.make_globals(dict(names)))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``vars.keys`` is the variable of that name, not a method."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """A power of powers would keep the machine busy in a single step."""
        if abs(right) > MAX_EXPONENT or abs(left) > 2**MAX_EXPONENT:
            raise TooMuchError("the power is too large")
        return super().call_binop(context, operator, left, right)


def _writable(value: Any) -> Any:
    """What ``{{ }}`` may write into SQL."""
    if isinstance(value, (str, int, float, jinja2.Undefined)):
        return value
    names = {type(None): "null", list: "a list", dict: "a mapping"}
    raise TypeError(f"{names.get(type(value), 'a function')} can't be written into SQL")


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Within this context, Python stops with TooMuchError or MemoryError rather than go on without end."""
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal steps
        steps += event == "line"
        if steps > MAX_STEPS:
            raise TooMuchError("it does not come to an end")
        return count

    before = sys.gettrace()
    with _bounded_memory():
        sys.settrace(count)
        try:
            yield
        finally:
            sys.settrace(before)


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
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
