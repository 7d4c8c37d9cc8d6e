"""What another type does to those who read a column."""

from __future__ import annotations

from aggregator.core.change import Effect
from aggregator.dry_run.type_tree import UNKNOWN, TypeTree

_WIDER = {
    "INT64": ("NUMERIC", "BIGNUMERIC", "FLOAT64"),
    "NUMERIC": ("BIGNUMERIC", "FLOAT64"),
    "BIGNUMERIC": ("FLOAT64",),
}
"""The types that ALTER COLUMN … SET DATA TYPE takes a column to, without looking at its rows."""

_ORDER = list(Effect)


def retyping(old: TypeTree, new: TypeTree) -> tuple[Effect | None, bool]:
    """The effect of a new type, and whether it only narrows the old one; (None, False) where nothing changes.

    Nothing is said of a type that is not known. More fields of a STRUCT are additive, fewer are breaking.
    """
    if UNKNOWN in (old, new):
        return None, False
    effect = _effect(old, new)
    return effect, effect is Effect.BREAKING and _effect(new, old) is Effect.WIDENING


def _effect(old: TypeTree, new: TypeTree) -> Effect | None:
    if old.name != new.name:
        wider = new.name in _WIDER.get(old.name, ()) and not new.parameters
        return Effect.WIDENING if wider else Effect.BREAKING
    if old.name == "STRUCT":
        return _of_fields(old, new)
    if old.fields and new.fields:
        return _effect(old.element, new.element)
    if old.parameters == new.parameters:
        return None
    return Effect.WIDENING if _holds(old.parameters, new.parameters) else Effect.BREAKING


def _of_fields(old: TypeTree, new: TypeTree) -> Effect | None:
    before = {name.casefold(): field for name, field in old.fields}
    after = {name.casefold(): field for name, field in new.fields}
    if before.keys() - after.keys():
        return Effect.BREAKING
    effects = [_effect(field, after[name]) for name, field in before.items()]
    effects += [Effect.ADDITIVE for _ in after.keys() - before.keys()]
    return max((each for each in effects if each is not None), key=_ORDER.index, default=None)


def _holds(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether the new parameters admit every old value: lengths, or digits before and after the point."""
    if not new:
        return True
    if not old:
        return False
    digits = [(each[0] - (each[1:] or (0,))[0], (each[1:] or (0,))[0]) for each in (old, new)]
    return digits[0][0] <= digits[1][0] and digits[0][1] <= digits[1][1]
