"""Style and safety of compiled models: one file per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.lint.rules.clock import Clock
from aggregator.lint.rules.select_star import SelectStar
from aggregator.lint.rules.unordered_limit import UnorderedLimit

if TYPE_CHECKING:
    from aggregator.compile import Subject
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.lint.protocol import Rule

RULES: tuple[Rule, ...] = (Clock(), UnorderedLimit(), SelectStar())


def lint(subject: Subject) -> tuple[Diagnostic, ...]:
    """What every rule says about a model, by place."""
    found = (finding for rule in RULES for finding in rule.check(subject))
    return tuple(sorted(found, key=lambda finding: (finding.place, finding.code.id)))
