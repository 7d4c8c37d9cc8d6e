"""The columns of a model before and after a change, side by side, and the key by which rows are found."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum

from aggregator.core.graph import CompiledModel, OutputColumn
from aggregator.core.names import is_identifier

FLOAT = "FLOAT64"
_EXACT_NUMBERS = frozenset({"INT64", "NUMERIC", "BIGNUMERIC"})
_SCALARS = frozenset({"STRING", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "TIME"})


class Equality(StrEnum):
    """When two values are equal."""

    EXACT = "exact"
    NEAR = "near"
    """Numbers with a point that differ by rounding are equal."""
    TEXT = "text"
    """By what TO_JSON_STRING says: arrays, structures, bytes, and values of different types."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """A column of both sides; its two names differ if it was renamed, or is spelt otherwise.

    ``is_state`` tells that it is only kept for roll-ups.
    """

    before: str
    after: str
    equality: Equality
    is_state: bool = False


@dataclasses.dataclass(frozen=True)
class Pairing:
    """``key`` finds a row of one side on the other, ``values`` are compared. Without a key, rows are compared whole."""

    key: tuple[Pair, ...] = ()
    values: tuple[Pair, ...] = ()

    @property
    def has_floats(self) -> bool:
        """Whether some values need not be equal to the last bit."""
        return any(each.equality is Equality.NEAR for each in self.values)


def pairing(
    before: CompiledModel, after: CompiledModel, renamed: Mapping[str, str], key: Sequence[str] = ()
) -> Pairing | str:
    """How two versions of a model are compared, or why they can't be.

    ``renamed`` has old names of columns with their new ones. The key is the one given, else that which the model has
    after the change, else that from before: the first whose columns are on both sides.
    """
    pairs = _pairs(before, after, {old.casefold(): new.casefold() for old, new in renamed.items()})
    if not pairs:
        return "it has no column that it had before"
    by_name = {each.after.casefold(): each for each in pairs} | {each.before.casefold(): each for each in pairs}
    missing = [name for name in key if name.casefold() not in by_name]
    if missing:
        return f"it has no column {missing[0]} on both sides"
    for wanted in (key, after.model.key, before.model.key):
        found = [by_name.get(str(name).casefold()) for name in wanted]
        chosen = tuple(dict.fromkeys(each for each in found if each is not None))
        if found and None not in found:
            return Pairing(chosen, tuple(each for each in pairs if each not in chosen))
    return Pairing((), tuple(pairs))


def _pairs(before: CompiledModel, after: CompiledModel, renamed: Mapping[str, str]) -> list[Pair]:
    """The columns of both sides, in the order in which they are after the change."""
    old = {renamed.get(each.name.casefold(), each.name.casefold()): each for each in before.columns}
    found = [(old[each.name.casefold()], each) for each in after.columns if each.name.casefold() in old]
    named = [(one, other) for one, other in found if is_identifier(one.name) and is_identifier(other.name)]
    return [Pair(one.name, other.name, _equality(one, other), bool(other.state_of)) for one, other in named]


def _equality(before: OutputColumn, after: OutputColumn) -> Equality:
    old, new = (each.type.partition("(")[0].upper() for each in (before, after))
    if {old, new} <= _EXACT_NUMBERS or (old == new and new in _SCALARS):
        return Equality.EXACT
    return Equality.NEAR if {old, new} <= _EXACT_NUMBERS | {FLOAT} else Equality.TEXT
