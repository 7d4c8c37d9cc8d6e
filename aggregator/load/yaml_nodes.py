"""YAML as text with places: a tree of nodes. To have them does not load the parser."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, TypeAlias

from aggregator.core.diagnostics import Place


class Scalar(NamedTuple):
    """A single value, as text; ``plain`` when it was written without quotes."""

    text: str
    plain: bool
    place: Place


@dataclasses.dataclass(frozen=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclasses.dataclass(frozen=True)
class Mapping:
    """Keys and values, in the order written; keys are unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key, if it is there."""
        return next((value for name, value in self.entries if name.text == key), None)


@dataclasses.dataclass(frozen=True)
class Refused:
    """An alias, in place of what it stands for; already reported, so whoever reads it says nothing more."""

    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping | Refused
