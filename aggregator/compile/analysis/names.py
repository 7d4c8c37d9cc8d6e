"""What a name in a SELECT stands for: FROM items with their columns, one level for each SELECT, and what is nowhere.

Where the columns of something are not known (a function's table, an array of unknown type), nothing is said: a wrong
finding in a sound SELECT is worse than a mistake that the next layer finds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.lineage import NOTHING, Field, Value, merged, origins_of
from aggregator.compile.analysis.types import struct_of, type_of
from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import Derivation, Origin, OutputColumn
from aggregator.core.pseudo import DECLARATIONS, is_pseudo

if TYPE_CHECKING:
    from aggregator.compile.query import Query

FILE_NAME = "_file_name"
"""What BigQuery gives to tables that are files, which nobody can declare."""

_HOLDERS = frozenset({"JSON", "NULL"})
"""Types with fields that nobody declares."""

_KEYWORDS = frozenset(
    {"NFC", "NFD", "NFKC", "NFKD", "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"}
    | {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
)
"""Words that some functions take, and sqlglot takes for columns."""


_COPY = Derivation.COPY


class Source:
    """A FROM item: its columns by their names in lower case.

    The columns of a table are looked at when they are asked for; no star stands for its pseudo-columns. ``is_open``:
    there may be others. ``element`` is the name, in lower case, of what a row of UNNEST is: it hides columns of other
    items that are called so. A star stands for the fields of an element that ``has_fields``, not for it.
    """

    __slots__ = ("_declared", "_fields", "_table", "alias", "element", "has_fields", "is_open")

    def __init__(
        self, alias: str, fields: Iterable[Field], *, is_open: bool = False, element: str = "", has_fields: bool = False
    ) -> None:
        self.alias = alias
        self.is_open = is_open
        self.element = element
        self.has_fields = has_fields
        self._fields = {field.name.casefold(): field for field in fields if field.name}
        self._declared: Mapping[str, OutputColumn] = {}
        self._table = ""

    @classmethod
    def of_table(cls, alias: str, table: str, columns: tuple[OutputColumn, ...]) -> Source:
        """A table; nothing is known of one without columns."""
        source = cls(alias, (), is_open=not columns)
        source._declared = {column.name.casefold(): column for column in columns}
        source._table = table
        return source

    def get(self, name: str) -> Field | None:
        """The column with a name in lower case."""
        field = self._fields.get(name)
        if field is None and name in self._declared:
            column = self._declared[name]
            origins = frozenset((Origin(self._table, column.name),))
            value = Value(type_of(column.type), origins, _COPY, column.measure, is_path=True, sketch=column.sketch)
            field = self._fields[name] = Field(column.name, value)
        return field

    @property
    def names(self) -> list[str]:
        """The names of the columns in lower case, in order."""
        return [name for name in self._declared if not is_pseudo(name)] if self._declared else list(self._fields)

    @property
    def fields(self) -> list[Field]:
        """The columns that a star stands for, in order."""
        return [field for name in self.names if not self._is_spread(name) and (field := self.get(name)) is not None]

    @property
    def rows(self) -> list[Field]:
        """The columns that a step of a pipe hands on, in order: an element by itself, and not its fields."""
        element = self._fields.get(self.element) if self.has_fields else None
        if element is None or element.value.type is None:
            return self.fields
        spread = {name.casefold() for name, _ in element.value.type.fields}
        return [field for name, field in self._fields.items() if name not in spread or name == self.element]

    def _is_spread(self, name: str) -> bool:
        return self.has_fields and name == self.element


class Found(NamedTuple):
    """A column that a name stands for; ``source`` is the alias of the FROM item, empty where it is not known.

    ``sides`` are the aliases of those that USING made one column of. ``used`` is how many parts of the name it took.
    """

    source: str
    value: Value
    used: int = 1
    sides: tuple[str, ...] = ()
    is_row: bool = False


@dataclasses.dataclass
class Level:
    """The names that one SELECT can use: its FROM items, and those of the SELECT around it.

    ``joined`` are the columns that USING made one, with the FROM items that have them. ``aliases`` are the output
    columns, in clauses that may use them; ``replaces_aliases`` says that what they stand for is written instead.
    ``columns_first`` says that columns of the FROM items are meant where both have a name; ``aggregates`` is how many
    aggregates are around the expression that is being read.
    """

    outer: Level | None = None
    sources: dict[str, Source] = dataclasses.field(default_factory=dict)
    joined: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    aliases: Mapping[str, tuple[exp.Expr, Value]] = dataclasses.field(default_factory=dict)
    windows: dict[str, Value] = dataclasses.field(default_factory=dict)
    replaces_aliases: bool = False
    columns_first: bool = False
    aggregates: int = 0

    @property
    def is_known(self) -> bool:
        """Whether every column that could be meant is known."""
        return not any(source.is_open for source in self.sources.values()) and (
            self.outer is None or self.outer.is_known
        )

    def find(self, parts: list[str]) -> Found | None:
        """What a name, in lower case, stands for; None where that is nothing or not known."""
        found = self._qualified(parts) if len(parts) > 1 else None
        if found is not None:
            return found
        name = parts[0]
        if name in self.sources and len(parts) == 1:  # the name of a FROM item hides columns that are called so
            return Found(name, _row(self.sources[name]), is_row=True)
        holders = [
            (source.alias, field.value) for source in self.sources.values() if (field := source.get(name)) is not None
        ]
        if len(holders) > 1:
            elements = [each for each in holders if self.sources[each[0]].element == name]
            holders = elements or holders
        if len(holders) == 1:
            return Found(*holders[0])
        if holders:
            return self.joint(name) if name in self.joined else None
        opened = [source for source in self.sources.values() if source.is_open]
        if opened:
            return Found(opened[0].alias, NOTHING) if len(self.sources) == 1 and self.outer is None else None
        return self.outer.find(parts) if self.outer is not None else None

    def joint(self, name: str) -> Found:
        """A column that USING made of those of several FROM items."""
        sides = self.joined[name]
        values = [_value(self.sources[alias], name) for alias in sides]
        return Found(sides[0], merged(values, values[0].type), sides=sides)

    def _qualified(self, parts: list[str]) -> Found | None:
        source = self.sources.get(parts[0])
        if source is None:
            return None
        field = source.get(parts[1])
        if field is not None:
            return Found(source.alias, field.value, 2)
        return Found(source.alias, NOTHING, 2) if source.is_open else None

    def around(self) -> list[Level]:
        """This level and those around it."""
        return [self, *(self.outer.around() if self.outer is not None else ())]


def _value(source: Source, name: str) -> Value:
    field = source.get(name)
    return field.value if field is not None else NOTHING


def _row(source: Source) -> Value:
    """A whole row as a STRUCT."""
    fields = source.fields
    type_ = None if source.is_open else struct_of((field.name, field.value.type) for field in fields)
    by_name = None if source.is_open else {field.name.casefold(): field.value for field in fields}
    return Value(type_, origins_of(field.value for field in fields), fields=by_name)


def unknown_names(query: Query, level: Level, column: exp.Column) -> Iterator[Diagnostic]:
    """What to say of a column that stands for nothing; nothing where something could be meant."""
    first, *more = column.parts
    levels = level.around()
    name = first.name.casefold()
    if more:
        holder = next((each.sources[name] for each in levels if name in each.sources), None)
        if holder is not None and not holder.is_open:
            yield _no_column(query, more[0], f"{holder.alias} has no column", holder.names)
        elif holder is None and level.is_known:
            yield no_table(query, first, first.name, level)
    elif level.is_known and not _is_keyword(column):
        holders = [alias for alias, source in level.sources.items() if source.get(name) is not None]
        known = (name for each in levels for source in each.sources.values() for name in source.names)
        if holders:
            yield _ambiguous(query, column, holders)
        else:
            yield _no_column(query, column.this, "no table here has a column", known)


def _is_keyword(column: exp.Column) -> bool:
    """Whether a name is one of the words that some functions take, and sqlglot takes for a column."""
    is_argument = isinstance(column.parent, (exp.Anonymous, exp.Normalize))
    return is_argument and column.name.upper() in _KEYWORDS


def _ambiguous(query: Query, column: exp.Column, holders: list[str]) -> Diagnostic:
    name = _written(query, column.this)
    message = f"{name} is a column of {' and of '.join(holders)}"
    advice = f"say which: {' or '.join(f'{alias}.{name}' for alias in holders)}"
    return Diagnostic(query.place_of(column), codes.UNKNOWN_COLUMN, message, advice)


def _no_column(query: Query, node: exp.Expr, message: str, names: Iterable[str]) -> Diagnostic:
    name = _written(query, node)
    advice = DECLARATIONS.get(name.upper()) or did_you_mean(name, frozenset(names))
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, f"{message} {name}", advice)


def unknown_field(query: Query, node: exp.Expr, value: Value) -> Iterator[Diagnostic]:
    """What to say of a field that its holder can't have; ``node`` is its name."""
    type_ = value.type
    if type_ is None or type_.name in _HOLDERS or (value.fields and node.name.casefold() in value.fields):
        return
    name = _written(query, node)
    if type_.name == "ARRAY":
        message, advice = f"an ARRAY has no field {name}", "UNNEST it, or take one element: [OFFSET(0)]"
    elif type_.name != "STRUCT":
        message, advice = f"a value of type {type_.text} has no field {name}", ""
    elif type_.fields and type_.field(node.name.casefold()) is None:
        message = f"the STRUCT has no field {name}"
        advice = did_you_mean(name, [each for each, _ in type_.fields if each])
    else:
        return
    yield Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, message, advice)


def no_elements(query: Query, node: exp.Expr, holder: Value) -> Iterator[Diagnostic]:
    """What to say of an element of what is no array."""
    if holder.type is not None and holder.type.name not in _HOLDERS | {"ARRAY", "STRUCT"}:
        message = f"a value of type {holder.type.text} has no elements"
        yield Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, message)


def no_such_column(query: Query, node: exp.Expr, names: Iterable[str], *, is_written: bool) -> Diagnostic:
    """A star leaves out or replaces a column that it does not stand for; in a pipe, it is not written."""
    return _no_column(query, node, "the star has no column" if is_written else "there is no column", names)


def aggregated_before(query: Query, node: exp.Expr, where: str) -> Diagnostic:
    """A name is that of an output column, which is an aggregate, where there may be none."""
    message = f"{node.name} is an output column here, an aggregate, which can't stand {where}"
    return Diagnostic(
        query.place_of(node), codes.MISPLACED, message, "for the column, write its table's name before it"
    )


def nothing_left(query: Query, node: exp.Expr) -> Diagnostic:
    """A star leaves out all that it stands for; ``node`` is the last."""
    message, advice = "no column is left", "a table has one column at least"
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, message, advice)


def no_table(query: Query, node: exp.Expr, name: str, level: Level) -> Diagnostic:
    """No FROM item has the name that a column or star is taken from."""
    aliases = [alias for each in level.around() for alias in each.sources if not alias.startswith("_")]
    advice = did_you_mean(name, aliases) or f"there are: {', '.join(aliases)}"
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, f"no table here is called {name}", advice)


def no_output_column(query: Query, number: exp.Expr) -> Diagnostic:
    """GROUP BY or ORDER BY counts further than there are columns."""
    message = f"there is no output column number {number.name}"
    return Diagnostic(query.place_of(number), codes.UNKNOWN_COLUMN, message)


def named_twice(query: Query, node: exp.Expr, name: str) -> Diagnostic:
    """Two FROM items have one name."""
    advice = "give each an alias of its own"
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, f"two tables here are called {name}", advice)


def not_on_both_sides(query: Query, node: exp.Expr) -> Diagnostic:
    """USING names a column that one of the two tables does not have."""
    message = f"{node.name} is not a column of both sides of the join"
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, message)


def _written(query: Query, node: exp.Expr) -> str:
    """The name as its author wrote it."""
    start = node.meta.get("start")
    return node.name if start is None else query.text[start : node.meta["end"] + 1].strip("`")
