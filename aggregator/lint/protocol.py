"""What a lint rule is, and what it looks at."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from aggregator.compile.subject import Subject
from aggregator.core.diagnostics import Edit
from aggregator.lint.relations import Relations

if TYPE_CHECKING:
    from aggregator.compile.nodes import Nodes
    from aggregator.core.diagnostics import Code, Diagnostic


@dataclasses.dataclass(frozen=True)
class Inspected(Subject):
    """A compiled model with its nodes at hand: ``subject.written.of(exp.Limit)``."""

    def edit(self, start: int, end: int, text: str) -> tuple[Edit, ...]:
        """New text for the characters ``[start, end)`` of the SELECT; none where a template makes the text."""
        span = self.query.verbatim(start, end)
        return () if span is None else (Edit(*span, text),)

    @property
    def written(self) -> Nodes:
        """The nodes of the SELECT as its author wrote it."""
        return self.query.nodes

    @property
    def qualified(self) -> Nodes:
        """The nodes of the qualified, typed copy; none where there is no such copy."""
        return self.analysis.nodes

    @functools.cached_property
    def relations(self) -> Relations:
        """What the columns of the qualified copy are made of."""
        return Relations(self)


class Rule(Protocol):
    """Looks at one compiled model; pure. The examples are run as tests and printed by ``aggregator explain``.

    A finding may carry the edits that mend it, made by ``subject.edit``: ``aggregator lint --fix`` applies them. Offer
    them only where the SELECT keeps its meaning and its output columns.
    """

    code: Code
    good: str
    bad: str

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """What this rule finds."""
        ...
