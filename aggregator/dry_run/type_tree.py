"""BigQuery types as trees: how they nest, and how many bytes a value takes."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

from aggregator.core.types import ALIASES

ASSUMED_LENGTH = 20
"""Of a STRING or BYTES of which nothing is known."""

ASSUMED_JSON = 200
ASSUMED_ITEMS = 5
"""How many elements an array has, where nothing is known."""

_POINT = 16 + 24
_FIXED = {
    **dict.fromkeys(("INT64", "FLOAT64", "DATE", "DATETIME", "TIME", "TIMESTAMP"), 8),
    **dict.fromkeys(("NUMERIC", "INTERVAL", "RANGE"), 16),
    "BIGNUMERIC": 32,
    "BOOL": 1,
}
"""As BigQuery's documentation has them, for values that are not NULL; NULL takes none."""

_ASSUMED = {"STRING": 2 + ASSUMED_LENGTH, "BYTES": 2 + ASSUMED_LENGTH, "JSON": 2 + ASSUMED_JSON, "GEOGRAPHY": _POINT}
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|`[^`]*`|[0-9]+|[<>(),])")


@dataclasses.dataclass(frozen=True)
class TypeTree:
    """A type: ``name`` alone (``ARRAY``), parameters (``10, 2``), the fields of a STRUCT, the element of an ARRAY."""

    name: str
    parameters: tuple[int, ...] = ()
    fields: tuple[tuple[str, TypeTree], ...] = ()

    @property
    def element(self) -> TypeTree:
        """What an ARRAY or RANGE is of."""
        return self.fields[0][1]

    @property
    def is_fixed(self) -> bool:
        """Whether every value that is not NULL takes the same number of bytes."""
        if self.name == "STRUCT":
            return all(field.is_fixed for _, field in self.fields)
        return self.name in _FIXED

    @property
    def width(self) -> int:
        """The bytes of a value; an assumption where the type does not say it."""
        if self.name == "STRUCT":
            return sum(field.width for _, field in self.fields)
        if self.name == "ARRAY":
            return ASSUMED_ITEMS * self.element.width
        return _FIXED.get(self.name, _ASSUMED.get(self.name, 2 + ASSUMED_LENGTH))

    @property
    def depth(self) -> int:
        """How many STRUCTs are inside each other, at most."""
        inner = max((field.depth for _, field in self.fields), default=0)
        return inner + (self.name == "STRUCT")

    def at(self, path: str) -> TypeTree | None:
        """The type of a field, by a path such as ``address.city``; arrays are looked through. None if there is none."""
        if not path:
            return self
        if self.name == "ARRAY":
            return self.element.at(path)
        first, _, rest = path.partition(".")
        return next((field.at(rest) for name, field in self.fields if name.casefold() == first.casefold()), None)

    def share(self, path: str) -> float:
        """How much of a value a field takes, by the widths of types; all of it where that is not known."""
        field = self.at(path)
        items = ASSUMED_ITEMS if self.name == "ARRAY" else 1
        return min(1.0, items * field.width / self.width) if field is not None and self.width else 1.0

    def walk(self) -> Iterator[tuple[str, TypeTree]]:
        """Every field of every STRUCT inside, with its name; the fields of unnamed elements, too."""
        for name, field in self.fields:
            if self.name == "STRUCT":
                yield name, field
            yield from field.walk()


UNKNOWN = TypeTree("")


@functools.lru_cache(maxsize=4096)
def type_tree(text: str) -> TypeTree:
    """The tree of a type as BigQuery or an analyzer writes it; :data:`UNKNOWN` for text that is no type."""
    tokens = [match[1] for match in _TOKEN.finditer(text)]
    try:
        tree, rest = _type(tokens)
    except (IndexError, ValueError, RecursionError):
        return UNKNOWN
    return UNKNOWN if rest else tree


def _type(tokens: list[str]) -> tuple[TypeTree, list[str]]:
    name, rest = tokens[0].upper(), tokens[1:]
    name = ALIASES.get(name, name)
    if not rest or rest[0] not in "<(":
        return TypeTree(name), rest
    if rest[0] == "(":
        close = rest.index(")")
        numbers = tuple(int(token) for token in rest[1:close] if token.isdigit())
        return TypeTree(name, numbers), rest[close + 1 :]
    fields, rest = [], rest[1:]
    while rest[0] != ">":
        field, rest = _field(rest, named=name == "STRUCT")
        fields.append(field)
        if rest[0] == ",":
            rest = rest[1:]
    return TypeTree(name, (), tuple(fields)), rest[1:]


def _field(tokens: list[str], *, named: bool) -> tuple[tuple[str, TypeTree], list[str]]:
    """A field, whose name may be missing."""
    name = ""
    if named and tokens[1] not in (",", ">", "<", "("):
        name, tokens = tokens[0].strip("`"), tokens[1:]
    tree, rest = _type(tokens)
    return (name, tree), rest
