"""What a lint rule is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.compile import Subject
    from aggregator.core.diagnostics import Code, Diagnostic


class Rule(Protocol):
    """Looks at one compiled model; pure. The examples are run as tests and printed by ``aggregator explain``."""

    code: Code
    good: str
    bad: str

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """What this rule finds."""
        ...
