"""Style and safety of compiled models: one file per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.lint.rules.clock import Clock
from aggregator.lint.rules.select_star import SelectStar
from aggregator.lint.rules.unordered_limit import UnorderedLimit

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import Graph
    from aggregator.lint.protocol import Rule

RULES: tuple[Rule, ...] = (Clock(), UnorderedLimit(), SelectStar())


def lint(graph: Graph) -> tuple[Diagnostic, ...]:
    """What every rule says about every model, by place."""
    found = (finding for model in graph.models.values() for rule in RULES for finding in rule.check(model))
    return tuple(sorted(found, key=lambda finding: (finding.place, finding.code.id)))
