"""BigQuery's types, as its API gives them and as its SQL wants them, in the spelling that the project has for them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from aggregator.core.types import ALIASES, canonical_type

_NAMES = {**ALIASES, "FLOAT": "FLOAT64", "RECORD": "STRUCT"}
"""The names of the API that the SQL has other names for."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[<>,]|\([^)]*\)")


@dataclasses.dataclass(frozen=True)
class Type:
    """A type without the parameters of NUMERIC(10, 2) and its like, which no query depends on.

    ``element`` is what an ARRAY or RANGE has; ``fields`` are those of a STRUCT.
    """

    name: str
    element: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        """As the project writes it: ``ARRAY<STRUCT<a STRING, b INT64>>``."""
        return self._spelled("")

    def sql(self) -> str:
        """As a query must have it: fields may be called ``end`` or ``order``."""
        return self._spelled("`")

    def _spelled(self, quote: str) -> str:
        if self.element is not None:
            return f"{self.name}<{self.element._spelled(quote)}>"  # noqa: SLF001  (its own class)
        if self.fields:
            fields = (f"{quote}{name}{quote} {each._spelled(quote)}" for name, each in self.fields)  # noqa: SLF001
            return f"{self.name}<{', '.join(fields)}>"
        return self.name


def type_from(text: str) -> Type | None:
    """The type that a text names; None if BigQuery has no such type."""
    canonical = canonical_type(text)
    if canonical is None:
        return None
    type_, _ = _read([word for word in _WORD.findall(canonical) if not word.startswith("(")])
    return type_


def _read(words: list[str]) -> tuple[Type, list[str]]:
    """The type at the beginning of a canonical one's words, and the words behind it."""
    name, rest = words[0], words[1:]
    if name in ("ARRAY", "RANGE"):
        element, rest = _read(rest[1:])
        return Type(name, element), rest[1:]
    if name != "STRUCT":
        return Type(name), rest
    fields = []
    while rest[0] != ">":
        type_, behind = _read(rest[2:])
        fields.append((rest[1], type_))
        rest = behind
    return Type(name, fields=tuple(fields)), rest[1:]


def type_of_field(field: Mapping[str, Any]) -> Type:
    """The type of a field of a schema, as the API has it."""
    name = str(field["type"]).upper()
    name = _NAMES.get(name, name)
    type_ = Type(name)
    if name == "STRUCT":
        type_ = Type(name, fields=tuple((each["name"], type_of_field(each)) for each in field.get("fields", ())))
    elif name == "RANGE":
        type_ = Type(name, Type(str(field["rangeElementType"]["type"]).upper()))
    return Type("ARRAY", type_) if str(field.get("mode", "")).upper() == "REPEATED" else type_


def field_of(name: str, type_: Type) -> dict[str, Any]:
    """A column of a type, as the API wants it."""
    if type_.name == "ARRAY" and type_.element is not None:
        return {**field_of(name, type_.element), "mode": "REPEATED"}
    field: dict[str, Any] = {"name": name, "type": type_.name, "mode": "NULLABLE"}
    if type_.name == "RANGE" and type_.element is not None:
        field["rangeElementType"] = {"type": type_.element.name}
    if type_.fields:
        field["fields"] = [field_of(*each) for each in type_.fields]
    return field
