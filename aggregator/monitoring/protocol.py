"""What all that listens, and all that delivers, has in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.monitoring.metrics import Measurement


class Listener(Protocol):
    """Somebody who takes measurements; ``name`` is for messages. Errors are OSError."""

    name: str

    def send(self, measurements: Iterable[Measurement]) -> None:
        """Take them."""

    def close(self) -> None:
        """There are no more."""


class NotDeliveredError(Exception):
    """A message did not arrive: why, without what is secret."""
