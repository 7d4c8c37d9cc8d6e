"""What a lint rule is, and what it looks at."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from aggregator.compile.subject import Subject
from aggregator.core.diagnostics import Edit
from aggregator.lint.relations import Relations

if TYPE_CHECKING:
    from aggregator.compile.analysis import Scope
    from aggregator.compile.nodes import E, Nodes
    from aggregator.core.diagnostics import Code, Diagnostic


@dataclasses.dataclass(frozen=True)
class Inspected(Subject):
    """A compiled model with its nodes at hand: ``subject.written.of(exp.Limit)``."""

    def edit(self, start: int, end: int, text: str) -> tuple[Edit, ...]:
        """New text for the characters ``[start, end)`` of the SELECT; none where a template makes the text."""
        span = self.query.verbatim(start, end)
        return () if span is None else (Edit(*span, text),)

    @functools.cached_property
    def written(self) -> Nodes:
        """The nodes of the SELECT as its author wrote it; what the compiler wrote around it is left out."""
        return self.query.nodes if self.model.implied is None else self.query.nodes.only(self._is_the_authors)

    @functools.cached_property
    def qualified(self) -> Nodes:
        """The same nodes in the qualified, typed copy; none where there is no such copy."""
        return self.analysis.nodes if self.model.implied is None else self.analysis.nodes.only(self._is_the_authors)

    def aggregates(self, *types: type[E]) -> Iterator[E]:
        """The aggregates over rows, in the qualified copy: those that the author wrote, and those declared as measures.

        What a roll-up is made of is right by construction.
        """
        return iter(()) if self.model.model.rollup is not None else self.analysis.nodes.of(*types)

    def selects(self) -> Iterator[Scope]:
        """The scopes of every SELECT that the author wrote, inner before outer."""
        return (scope for scope in self.relations.selects() if not self.is_generated(scope.expression))

    def is_generated(self, node: exp.Expr) -> bool:
        """Whether the compiler wrote a node, for the sake of a measure or a roll-up.

        Of what stands outside the author's own SELECT, his are expressions over a row, but for what is wrapped around
        them: a query or an aggregate is none.
        """
        if self.model.implied is None or (self.model.facts is not None and _stands_in_facts(node)):
            return False
        if isinstance(node, (exp.AggFunc, exp.Window, exp.Query, exp.CTE, exp.With)):
            return True
        first = next((part.meta for part in node.walk(bfs=False) if "start" in part.meta), None)
        if first is None:  # what the compiler writes by itself is made of columns
            return False
        start, end = first["start"], first["end"] + 1
        place, document = self.query.place(start, end), self.query.document
        written = document.offset(place.line, place.column) if place.path == document.path else None
        text = self.query.text[start:end]
        return written is None or document.text[written : written + len(text)] != text

    def _is_the_authors(self, node: exp.Expr) -> bool:
        return not self.is_generated(node)

    @functools.cached_property
    def relations(self) -> Relations:
        """What the columns of the qualified copy are made of."""
        return Relations(self)


def _stands_in_facts(node: exp.Expr) -> bool:
    """Whether a node stands in the first query in WITH at the top, which is the author's SELECT."""
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.CTE) and child.arg_key == "this":
            around = parent.parent
            top = around.parent if around is not None else None
            if top is not None and top.parent is None:
                return parent.index == 0
        child, parent = parent, parent.parent
    return False


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
