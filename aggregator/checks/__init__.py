"""Promises about rows, checked before they are published: one file per check in ``kinds/``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aggregator.checks.codes import BAD_ARGUMENTS, ELSEWHERE, UNKNOWN_CHECK
from aggregator.checks.elsewhere import ONLY_ELSEWHERE
from aggregator.checks.key import key_promises
from aggregator.checks.kinds import KINDS
from aggregator.checks.protocol import Asked, BadArgumentsError, Check, Promise
from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import CompiledModel

if TYPE_CHECKING:
    from aggregator.core.plain import Plain
    from aggregator.core.project import CheckDeclaration

CHECKS: dict[str, Check] = {name: check for check in KINDS for name in (*check.short, check.name)}
"""By each of their names."""


@dataclasses.dataclass(frozen=True)
class Promised:
    """What a model promises about each of its partitions, and what is wrong with its promises.

    ``elsewhere`` are declarations that only Great Expectations itself can judge.
    """

    promises: tuple[Promise, ...]
    problems: tuple[Diagnostic, ...]
    elsewhere: tuple[CheckDeclaration, ...]


@dataclasses.dataclass(frozen=True)
class PromisingModel(CompiledModel):
    """A model with the promises that its checks were compiled to, so that nobody has to do it again."""

    promises: tuple[Promise, ...] = ()


def promises_of(model: CompiledModel) -> tuple[Promise, ...]:
    """What a model promises that has been checked already."""
    return model.promises if isinstance(model, PromisingModel) else promised(model).promises


def promised(model: CompiledModel) -> Promised:
    """All that a model promises: its key, and its checks in the order in which they are written."""
    found, elsewhere = list(key_promises(model)), []
    problems: list[Diagnostic] = []
    for declared in model.model.checks:
        check = CHECKS.get(declared.name)
        if check is not None:
            said = list(_promises(check, declared, model))
            found += (each for each in said if isinstance(each, Promise))
            problems += (each for each in said if isinstance(each, Diagnostic))
        elif declared.name in ONLY_ELSEWHERE:
            elsewhere.append(declared)
            message = f"{declared.name} is not asked before rows are published"
            advice = "`aggregator check --gx` asks it of published partitions"
            problems.append(Diagnostic(declared.place, ELSEWHERE, message, advice))
        else:
            advice = did_you_mean(declared.name, [*CHECKS, *ONLY_ELSEWHERE]) or "docs/checks.md lists them"
            problems.append(Diagnostic(declared.place, UNKNOWN_CHECK, f"there is no check {declared.name}", advice))
    return Promised(tuple(found), tuple(problems), tuple(elsewhere))


def _promises(check: Check, declared: CheckDeclaration, model: CompiledModel) -> Iterator[Promise | Diagnostic]:
    for arguments in _named(check, declared.arguments):
        problems: list[BadArgumentsError] = []
        asked = _asked(check, arguments, declared, model, problems)
        if not problems:
            try:
                promise = check.promise(asked)
            except BadArgumentsError as error:
                problems.append(error)
            else:
                yield from [promise] if promise is not None else []
        for each in problems:
            message, code = str(each).replace(check.name, declared.name), each.code or BAD_ARGUMENTS
            advice = each.advice or f"for example `{declared.name}: {check.example}`"
            yield Diagnostic(each.place or declared.place, code, message, advice)


def _named(check: Check, arguments: Plain) -> Iterator[Plain]:
    """The arguments with their names; a list without a name stands for several checks."""
    if isinstance(arguments, dict) or not check.bare:
        yield arguments
    elif isinstance(arguments, list) and check.bare == "column" and arguments:
        yield from ({check.bare: each} for each in arguments)
    elif arguments is None or arguments == []:
        yield {}
    else:
        yield {check.bare: arguments}


def _asked(
    check: Check, arguments: Plain, declared: CheckDeclaration, model: CompiledModel, problems: list[BadArgumentsError]
) -> Asked:
    """The arguments as their readers understand them; ``problems`` is added to."""
    known = {each.name: each for each in check.takes}
    given: dict[str, Any] = {}
    if arguments is None and not any(each.is_required for each in check.takes):
        arguments = {}
    if not isinstance(arguments, dict):
        problems.append(BadArgumentsError(f"{declared.name} takes named arguments"))
        return Asked(check.name, declared.place, {}, {}, model)
    for name in arguments:
        if name not in known:
            advice = did_you_mean(name, known) or f"known: {', '.join(known)}"
            problems.append(BadArgumentsError(f"{declared.name} has no argument {name}", advice, at=name))
    keys = {str(name): name for name in arguments}
    for name, argument in known.items():
        value = arguments.get(name)
        if value is None:
            if argument.is_required:
                problems.append(BadArgumentsError(f"{declared.name} needs {name}:"))
            continue
        try:
            given[name] = argument.read(value, name, given, model)
        except BadArgumentsError as error:
            error.place = error.place or getattr(keys[name], "place", None)
            problems.append(error)
    place = given["column"].place if getattr(given.get("column"), "place", None) else declared.place
    return Asked(check.name, place, given, arguments, model)


__all__ = [
    "CHECKS",
    "KINDS",
    "Check",
    "Promise",
    "Promised",
    "PromisingModel",
    "promised",
    "promises_of",
]
