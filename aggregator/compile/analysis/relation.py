"""The columns that a query gives, and those of two queries put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from sqlglot import exp

from aggregator.compile.analysis.functions import type_of_choice
from aggregator.compile.analysis.lineage import Field, Value, field_of, merged
from aggregator.core.graph import Measure, Origin

_TOTALS = frozenset({Measure.COUNT, Measure.SUM})
_OWN = "\0"
"""In place of a table: a column of the recursive query that is being read."""


@dataclasses.dataclass(frozen=True)
class Relation:
    """What a query gives. ``is_open``: its columns are not all known. ``is_struct``: each row is one STRUCT."""

    fields: tuple[Field, ...]
    is_open: bool = False
    is_struct: bool = False

    def renamed(self, names: list[str]) -> Relation:
        """With other names for the first columns."""
        renamed = [Field(name, field.value) for name, field in zip(names, self.fields, strict=False)]
        return dataclasses.replace(self, fields=(*renamed, *self.fields[len(renamed) :]))

    def by_name(self) -> dict[str, Field]:
        """The columns by their names in lower case."""
        return {field.name.casefold(): field for field in self.fields}


_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile)


def is_cut(select: exp.Expr) -> bool:
    """Whether a SELECT keeps only its first rows: LIMIT, or QUALIFY by rank."""
    qualify = select.args.get("qualify")
    return select.args.get("limit") is not None or (qualify is not None and qualify.find(*_RANKS) is not None)


def cut(relation: Relation) -> Relation:
    """The first rows of a relation: totals in it are those of some groups, and do not add up to that of all."""
    fields = (
        Field(name, value._replace(measure=Measure.TOP) if value.measure in _TOTALS else value)
        for name, value in relation.fields
    )
    return dataclasses.replace(relation, fields=tuple(fields))


UNKNOWN_COLUMNS = Relation((), is_open=True)


def spread(relation: Relation) -> Relation:
    """SELECT AS VALUE: the fields of the only column become the columns."""
    if len(relation.fields) != 1:
        return UNKNOWN_COLUMNS
    value = relation.fields[0].value
    names = [name for name, _ in value.type.fields] if value.type is not None else []
    return Relation(tuple(Field(name, field_of(value, name)) for name in names)) if names else UNKNOWN_COLUMNS


def united(node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    """The columns of a UNION, EXCEPT or INTERSECT."""
    if left.is_open or right.is_open:
        return UNKNOWN_COLUMNS
    columns = paired(node, left, right)
    if columns is None:
        return left
    return Relation(tuple(Field(fields[0].name, _merged(fields)) for fields in columns), is_struct=left.is_struct)


def paired(node: exp.SetOperation, left: Relation, right: Relation) -> list[list[Field]] | None:
    """The columns of both sides that become one; None where they don't fit. A column may be on one side only."""
    if node.args.get("by_name") or node.side or node.kind:
        pairs = list(_paired(node, left, right))
    elif len(left.fields) == len(right.fields):
        pairs = list(zip(left.fields, right.fields, strict=True))
    else:
        return None
    return [[field for field in pair if field is not None] for pair in pairs]


def _merged(fields: list[Field]) -> Value:
    values = [field.value for field in fields]
    return merged(values, type_of_choice(values))


def _paired(node: exp.SetOperation, left: Relation, right: Relation) -> Iterator[tuple[Field | None, Field | None]]:
    """The columns of both sides that have one name."""
    lefts, rights = left.by_name(), right.by_name()
    if node.args.get("on"):
        names = [column.name.casefold() for column in node.args["on"]]
    elif node.side == "FULL":
        names = list(lefts | rights)
    elif node.kind == "INNER":
        names = [name for name in lefts if name in rights]
    else:
        names = list(lefts)
    return ((lefts.get(name), rights.get(name)) for name in names if name in lefts or name in rights)


def as_anchor(anchor: Relation) -> Relation:
    """What the second side of WITH RECURSIVE sees: the columns of the first, which stand for those of both."""
    fields = []
    for field in anchor.fields:
        origins = field.value.origins | {Origin(_OWN, field.name.casefold())}
        fields.append(Field(field.name, field.value._replace(origins=origins, is_literal=False, is_path=False)))
    return Relation(tuple(fields), anchor.is_open)


def closed(both: Relation) -> Relation:
    """WITH RECURSIVE as a whole: what a column is made from by way of another one of it is looked up."""
    made_of = {field.name.casefold(): field.value.origins for field in both.fields}
    return Relation(
        tuple(Field(name, value._replace(origins=_closure(value.origins, made_of))) for name, value in both.fields),
        both.is_open,
    )


def _closure(origins: frozenset[Origin], made_of: Mapping[str, frozenset[Origin]]) -> frozenset[Origin]:
    found: set[Origin] = set()
    waiting = list(origins)
    while waiting:
        origin = waiting.pop()
        if origin not in found:
            found.add(origin)
            waiting += made_of.get(origin.column, ()) if origin.table == _OWN else ()
    return frozenset(origin for origin in found if origin.table != _OWN)
