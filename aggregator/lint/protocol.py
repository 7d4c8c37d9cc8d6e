"""What a lint rule is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Code, Diagnostic
    from aggregator.core.graph import CompiledModel


class Rule(Protocol):
    """Looks at one compiled model; pure. The examples are run as tests and printed by ``aggregator explain``."""

    code: Code
    good: str
    bad: str

    def check(self, model: CompiledModel) -> Iterator[Diagnostic]:
        """What this rule finds."""
        ...
