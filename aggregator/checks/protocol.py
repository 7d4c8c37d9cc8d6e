"""What a check is: a promise about rows, compiled to expectations that one aggregate query answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.core.diagnostics import Code, Layer, did_you_mean
from aggregator.core.names import is_identifier

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place
    from aggregator.core.graph import CompiledModel
    from aggregator.core.plain import Plain
    from aggregator.core.project import CheckDeclaration
    from aggregator.core.writes import Expectation

UNKNOWN_CHECK = Code(
    "A301",
    "unknown-check",
    """There is no check of this name.

`key:` and `not_null` are short names; the others are called and configured as in Great Expectations.""",
    Layer.COMPILE,
)
BAD_ARGUMENTS = Code(
    "A302",
    "bad-check",
    """A check can't be asked like this: an argument is missing, unknown, of the wrong type, or names no column.""",
    Layer.COMPILE,
)


class BadArgumentsError(Exception):
    """The declaration of a check makes no sense. Turned into a diagnostic by :func:`aggregator.checks.expectations`."""

    def __init__(self, message: str, advice: str = "", *, at: Plain = None) -> None:
        """``at`` is the word to point at, if it knows where it stands; otherwise the name of the check is."""
        super().__init__(message)
        self.advice = advice
        self.place: Place | None = getattr(at, "place", None)


class Check(Protocol):
    """One kind of check. ``name`` is what authors write under ``checks:``."""

    name: str

    def expectations(self, declared: CheckDeclaration, model: CompiledModel) -> tuple[Expectation, ...]:
        """The numbers to ask for. Raises :class:`BadArgumentsError`, or a group of several."""
        ...


def known_column(name: Plain, model: CompiledModel) -> str:
    """The output column of that name, as SQL."""
    names = [column.name for column in model.columns]
    if not isinstance(name, str) or not is_identifier(name):
        raise BadArgumentsError(f"{written(name)} is not the name of a column", at=name)
    for column in names:
        if column.casefold() == name.casefold():
            return f"`{column}`"
    if names:
        raise BadArgumentsError(f"there is no output column {name}", did_you_mean(name, names), at=name)
    return f"`{name}`"


def named_arguments(declared: CheckDeclaration, known: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Plain]:
    """The arguments of a check that takes them by name."""
    if not isinstance(declared.arguments, dict):
        raise BadArgumentsError(f"{declared.name} takes named arguments", f"known: {', '.join(known)}")
    for name in declared.arguments:
        if name not in known:
            advice = did_you_mean(name, known) or f"known: {', '.join(known)}"
            raise BadArgumentsError(f"{declared.name} has no argument {name}", advice, at=name)
    for name in required:
        if name not in declared.arguments:
            raise BadArgumentsError(f"{declared.name} needs {name}:")
    return declared.arguments


def number(value: Plain, name: str) -> float | int | None:
    """A bound, or None where there is none."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise BadArgumentsError(f"{name} must be a number, not {written(value)}", at=value)


def flag(value: Plain, name: str) -> bool:
    """A choice between two ways; false where nothing is said."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise BadArgumentsError(f"{name} must be true or false, not {written(value)}", at=value)


def written(value: Plain) -> str:
    """A value for messages."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:37]}...")  # noqa: PLR2004
