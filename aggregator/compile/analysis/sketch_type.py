"""What BYTES are a sketch of: a family, the type of what was counted, and a precision; as text, ``hll(STRING, 15)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_UNKNOWN = "?"


class SketchType(NamedTuple):
    """``type`` is empty and ``precision`` 0 where they are not known."""

    family: str
    type: str = ""
    precision: int = 0

    def __str__(self) -> str:
        return f"{self.family}({self.type or _UNKNOWN}, {self.precision or _UNKNOWN})"


def sketch_type(text: str) -> SketchType | None:
    """The sketch that a text names; None for the empty one."""
    family, _, rest = text.rstrip(")").partition("(")
    if not rest:
        return None
    type_, _, precision = rest.partition(", ")
    return SketchType(family, type_.replace(_UNKNOWN, ""), int(precision.replace(_UNKNOWN, "0")))


def common_sketch(texts: Sequence[str]) -> str:
    """What several values are a sketch of; merged, they have the lowest precision."""
    if len(set(texts)) == 1:
        return texts[0]
    found = [each for each in map(sketch_type, texts) if each is not None]
    families, types = {each.family for each in found}, {each.type for each in found}
    if len(found) < len(texts) or len(families) != 1:
        return ""
    precision = min(each.precision for each in found)
    return str(SketchType(families.pop(), types.pop() if len(types) == 1 else "", precision))
