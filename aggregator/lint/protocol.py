"""What a lint rule is, and what it looks at."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlglot import exp

from aggregator.compile.subject import Subject
from aggregator.core.diagnostics import Edit
from aggregator.lint.relations import Relations

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Code, Diagnostic

E = TypeVar("E", bound=exp.Expr)
_LEAVES = frozenset({exp.Identifier, exp.Literal, exp.Var, exp.Boolean, exp.Null})


class Nodes:
    """The nodes of a tree by type: the tree is walked once for all rules, not once for each."""

    def __init__(self, tree: exp.Expr | None) -> None:
        by_type: dict[type[exp.Expr], list[exp.Expr]] = collections.defaultdict(list)
        waiting = [tree] if tree is not None else []
        while waiting:  # by hand, as this is where lint spends its time: a third faster than tree.walk()
            node = waiting.pop()
            kind = type(node)
            by_type[kind].append(node)
            if kind not in _LEAVES:
                for value in node.args.values():
                    if isinstance(value, exp.Expr):
                        waiting.append(value)
                    elif type(value) is list:
                        waiting.extend(item for item in value if isinstance(item, exp.Expr))
        self._by_type = dict(by_type)
        self._kinds: dict[type[exp.Expr], tuple[type[exp.Expr], ...]] = {}

    def of(self, *types: type[E]) -> Iterator[E]:
        """The nodes of these types and of the types below them; of each type, parents before children."""
        for wanted in types:
            kinds = self._kinds.get(wanted)
            if kinds is None:
                kinds = tuple(kind for kind in self._by_type if issubclass(kind, wanted))
                self._kinds[wanted] = kinds
            for kind in kinds:
                yield from self._by_type[kind]  # type: ignore[misc]  # (all of them are of a type below E)


@dataclasses.dataclass(frozen=True)
class Inspected(Subject):
    """A compiled model with its nodes at hand: ``subject.written.of(exp.Limit)``."""

    def edit(self, start: int, end: int, text: str) -> tuple[Edit, ...]:
        """New text for the characters ``[start, end)`` of the SELECT; none where a template makes the text."""
        span = self.query.verbatim(start, end)
        return () if span is None else (Edit(*span, text),)

    @functools.cached_property
    def written(self) -> Nodes:
        """The nodes of the SELECT as its author wrote it."""
        return Nodes(self.query.tree)

    @functools.cached_property
    def qualified(self) -> Nodes:
        """The nodes of the qualified, typed copy; none where there is no such copy."""
        return Nodes(self.analysis.root.expression if self.analysis.root else None)

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
