"""BigQuery's types as values: what they hold, and which type two of them have in common."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError

from aggregator.compile.parse import DIALECT

_NUMBERS = ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64")
"""Each can be turned into those after it."""

_FROM_TEXT = frozenset({"DATE", "DATETIME", "TIMESTAMP", "TIME"})
"""What a string literal is read as where such a type is wanted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Type:
    """A type of BigQuery; equal texts are equal types.

    ``name`` is the text without parameters and parts. ``element`` is what an ARRAY or RANGE holds, ``fields`` are those
    of a STRUCT; a field without a name has the empty one. ``data`` is sqlglot's own form.
    """

    text: str
    name: str = dataclasses.field(compare=False)
    data: exp.DataType = dataclasses.field(compare=False)
    element: Type | None = dataclasses.field(default=None, compare=False)
    fields: tuple[tuple[str, Type | None], ...] = dataclasses.field(default=(), compare=False)

    def field(self, name: str) -> Type | None:
        """The type of a field of a STRUCT, by its name in lower case."""
        return next((type_ for each, type_ in self.fields if each.casefold() == name), None)

    @property
    def plain(self) -> Type | None:
        """The type without parameters: no expression keeps those of ``NUMERIC(10, 2)``."""
        return self if self.name == self.text or self.element or self.fields else type_of(self.name)


@functools.lru_cache(maxsize=4096)
def type_of(text: str) -> Type | None:
    """The type with a name; None for what is no type of BigQuery."""
    if not text or text == "NULL":
        return NULL if text else None
    try:
        data = exp.DataType.build(text, dialect=DIALECT)
    except (SqlglotError, ValueError):
        return None
    name = text.partition("<")[0].partition("(")[0].strip()
    parts = data.expressions
    if name == "STRUCT":
        return Type(text, name, data, fields=tuple(_field(part) for part in parts))
    if name in ("ARRAY", "RANGE"):
        return Type(text, name, data, element=type_of(text_of(parts[0])) if parts else None)
    return Type(text, name, data)


def type_of_node(data: exp.DataType) -> Type | None:
    """The type that a CAST names."""
    return type_of(text_of(data))


def _field(part: exp.Expr) -> tuple[str, Type | None]:
    if isinstance(part, exp.ColumnDef):
        return part.name, type_of(text_of(part.args["kind"]))
    return "", type_of(text_of(part))


def text_of(data: exp.Expr) -> str:
    """A type as BigQuery calls it; sqlglot has several types that are one there."""
    kind = data.this
    if isinstance(kind, exp.DType) and not any(value for key, value in data.args.items() if key != "this"):
        return _name(kind)
    return data.sql(DIALECT)


@functools.cache
def _name(kind: exp.DType) -> str:
    return exp.DataType(this=kind).sql(DIALECT)


def array_of(element: Type | None) -> Type | None:
    """ARRAY of a known type."""
    return None if element is None or element == NULL else type_of(f"ARRAY<{element.text}>")


def struct_of(fields: Iterable[tuple[str, Type | None]]) -> Type | None:
    """STRUCT of known types; fields may be without names."""
    parts = []
    for name, type_ in fields:
        if type_ is None or type_ == NULL:
            return None
        parts.append(f"{name} {type_.text}".strip())
    return type_of(f"STRUCT<{', '.join(parts)}>") if parts else None


def common(types: Iterable[tuple[Type | None, bool]]) -> Type | None:
    """The type that several expressions are turned into where they meet, as in COALESCE or UNION ALL.

    Each comes with whether it is a literal, which gives way to what is not. None where it is not known.
    """
    found: list[tuple[Type, bool]] = []
    for type_, is_literal in types:
        if type_ is None:
            return None
        plain = type_.plain
        if type_ != NULL and plain is not None:
            found.append((plain, is_literal))
    if not found:
        return NULL
    first = found[0][0]
    if all(type_ is first for type_, _ in found):  # types are shared, so that this is the usual case
        return first
    if all(type_.name == "STRUCT" for type_, _ in found):
        return _struct_of_several([type_ for type_, _ in found])
    firm = {type_ for type_, is_literal in found if not is_literal} or {type_ for type_, _ in found}
    soft = {type_ for type_, is_literal in found if is_literal} - firm
    one = next(iter(firm)) if len(firm) == 1 else _widest(firm)
    return one if one is not None and all(_gives_way(literal, one) for literal in soft) else _widest(firm | soft)


def _struct_of_several(types: Sequence[Type]) -> Type | None:
    """STRUCTs meet field by field; the names are those of the first."""
    names = [name for name, _ in types[0].fields]
    if any(len(type_.fields) != len(names) for type_ in types):
        return None
    columns = zip(*([(each, False) for _, each in type_.fields] for type_ in types), strict=True)
    return struct_of(zip(names, map(common, columns), strict=True))


def reads_as(type_: Type, wanted: Type, is_literal: bool) -> bool:  # noqa: FBT001  (what is known of a value)
    """Whether a value is taken for another type where that is wanted, as by the argument of a function."""
    one, other = type_.plain or type_, wanted.plain or wanted
    if one in (NULL, other) or (one.text, other.text) == ("DATE", "DATETIME"):
        return True
    if is_literal and _gives_way(one, other):
        return True
    if one.text in _NUMBERS and other.text in _NUMBERS:
        return _NUMBERS.index(one.text) < _NUMBERS.index(other.text)
    return one.name == other.name and one.name in ("ARRAY", "STRUCT")


def _gives_way(literal: Type, wanted: Type) -> bool:
    """Whether a literal is read as the type that the others have."""
    if literal.text == "STRING":
        return wanted.text in _FROM_TEXT
    if literal.name == "ARRAY":  # it is empty, or it would be no literal
        return wanted.name == "ARRAY"
    return literal.text in _NUMBERS and wanted.text in _NUMBERS and wanted.text != "INT64"


def _widest(types: set[Type]) -> Type | None:
    if len(types) == 1:
        return next(iter(types))
    if all(type_.text in _NUMBERS for type_ in types):
        return max(types, key=lambda type_: _NUMBERS.index(type_.text))
    if types == {DATE, DATETIME}:
        return DATETIME
    return None


def is_number(type_: Type | None) -> bool:
    """Whether a type is one that can be added and averaged."""
    return type_ is not None and type_.name in _NUMBERS


def _null() -> Type:
    return Type("NULL", "NULL", exp.DataType.build("NULL"))


NULL = _null()
"""The type of NULL, which takes on the type of whatever it meets."""

UNKNOWN = exp.DataType.build("UNKNOWN")
"""What a node bears whose type is not known."""


def known_type(node: exp.Expr | None) -> Type | None:
    """The type of an expression, if it is known and not that of NULL."""
    data = node.type if node is not None else None
    type_ = type_of_node(data) if isinstance(data, exp.DataType) and data.this is not exp.DType.UNKNOWN else None
    return None if type_ is None or type_ == NULL else type_


def name_of_type(data: object) -> str:
    """The name of a type without its parts, quicker than the type itself; empty if it is not known, or that of NULL."""
    if not isinstance(data, exp.DataType) or data.this in _NAMELESS:
        return ""
    return _name(data.this)


_NAMELESS = frozenset({exp.DType.UNKNOWN, exp.DType.NULL})


def set_type(node: exp.Expr, type_: Type | None) -> None:
    """Tell a node its type."""
    node._type = UNKNOWN if type_ is None else type_.data  # noqa: SLF001  (the setter is slow)


def known(text: str) -> Type:
    """A type that certainly exists."""
    found = type_of(text)
    assert found is not None, text  # noqa: S101  (names of this code's own)
    return found


INT64, FLOAT64, NUMERIC, STRING, BYTES, BOOL = map(known, ("INT64", "FLOAT64", "NUMERIC", "STRING", "BYTES", "BOOL"))
DATE, DATETIME, TIMESTAMP, TIME, INTERVAL, JSON = map(
    known, ("DATE", "DATETIME", "TIMESTAMP", "TIME", "INTERVAL", "JSON")
)
