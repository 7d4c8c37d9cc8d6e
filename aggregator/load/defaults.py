"""The checks that ``aggregator.yml`` declares for many models at once."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from aggregator.cache import key_of
from aggregator.core.project import Kind

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Word
    from aggregator.core.names import TableName
    from aggregator.core.project import CheckDeclaration, Model

Checks: TypeAlias = "tuple[CheckDeclaration, ...]"


def checks_of(declared: Mapping[Word, Checks], name: TableName) -> Checks:
    """Those whose pattern, such as ``marts.*``, is met by the name of a model."""
    return tuple(
        check for pattern, checks in declared.items() if fnmatch.fnmatchcase(str(name), pattern) for check in checks
    )


def with_checks(read: Callable[[], Model], checks: Checks) -> Callable[[], Model]:
    """A model with the checks of the project, too. Its own checks of the same name stand instead of them.

    A view can't be checked, and has none.
    """
    return functools.partial(_merged, read, checks) if checks else read


def _merged(read: Callable[[], Model], checks: Checks) -> Model:
    model = read()
    own = {check.name for check in model.checks}
    if model.kind is Kind.VIEW:
        return model
    return dataclasses.replace(model, checks=(*model.checks, *(each for each in checks if each.name not in own)))


def digest_with(digest: str, checks: Iterable[CheckDeclaration]) -> str:
    """The identity of a model and of the checks that it has from the project, and where those stand."""
    said = [f"{each.name} {each.arguments!r} {each.place!r}" for each in checks]
    return key_of(digest, *said) if said else digest
