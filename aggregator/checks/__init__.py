"""Promises about rows, checked before they are published: one file per check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.checks.key import key_expectations
from aggregator.checks.not_null import NotNull
from aggregator.checks.protocol import BAD_ARGUMENTS, UNKNOWN_CHECK, BadArgumentsError, Check
from aggregator.checks.row_count import RowCountBetween
from aggregator.checks.values_between import ValuesBetween
from aggregator.core.diagnostics import Diagnostic, did_you_mean

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel
    from aggregator.core.project import CheckDeclaration
    from aggregator.core.writes import Expectation

CHECKS: dict[str, Check] = {check.name: check for check in (NotNull(), ValuesBetween(), RowCountBetween())}


def expectations(model: CompiledModel) -> tuple[list[Expectation], list[Diagnostic]]:
    """All that a model promises about each of its partitions, and what is wrong with the promises."""
    found, problems = list(key_expectations(model)), []
    for declared in model.model.checks:
        check = CHECKS.get(declared.name)
        if check is None:
            advice = did_you_mean(declared.name, CHECKS) or f"there are: {', '.join(CHECKS)}"
            problems.append(Diagnostic(declared.place, UNKNOWN_CHECK, f"there is no check {declared.name}", advice))
            continue
        try:
            found.extend(check.expectations(declared, model))
        except* BadArgumentsError as group:
            problems += [_problem(error, declared) for error in group.exceptions]
    return found, problems


def _problem(error: BaseException, declared: CheckDeclaration) -> Diagnostic:
    assert isinstance(error, BadArgumentsError)  # noqa: S101  (checks raise flat groups of nothing else)
    return Diagnostic(error.place or declared.place, BAD_ARGUMENTS, str(error), error.advice)


def check_declarations(model: CompiledModel) -> list[Diagnostic]:
    """What is wrong with the checks that a model declares."""
    return expectations(model)[1]
