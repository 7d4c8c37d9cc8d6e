"""The other side of :mod:`worker`: starts such a process, asks it, and lets it go."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any


class LostError(Exception):
    """The process ended, or had to be ended, before it answered; the message says which."""


class LateError(LostError):
    """The process had not answered in time."""


class Process:
    """A process with an analyzer in it. For one thread at a time."""

    def __init__(self, compiled: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-P", "-m", "aggregator.analyzers.googlesql.worker", str(compiled)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, method: str, argument: Any, seconds: float) -> Any:
        """The answer. Raises :class:`LostError`, and what the process could not do without (``NotAvailableError``)."""
        assert self._process.stdin is not None  # noqa: S101  (asked for above)
        assert self._process.stdout is not None  # noqa: S101
        too_late = threading.Timer(seconds, self._process.kill)
        too_late.daemon = True
        too_late.start()
        try:
            pickle.dump((method, argument), self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)  # noqa: S301  (from our own process)
        except (OSError, EOFError, pickle.UnpicklingError):
            is_late = not too_late.is_alive()
            self.close()
            if is_late:
                raise LateError(f"no answer within {seconds:g} s") from None
            raise LostError("the analyzer broke down") from None
        finally:
            too_late.cancel()
        if isinstance(answer, Exception):
            self.close()
            raise answer
        return answer

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what is still to be sent to a process that is gone
                    stream.close()
