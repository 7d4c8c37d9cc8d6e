"""STRUCTs compared: NULL in a field makes the answer NULL, unless another differs; DuckDB takes it for a value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import Schemas, kind_of
from aggregator.engines.duckdb.trees import bound, call, lambda_
from aggregator.engines.protocol import QueryError

MACROS = (
    # typeof() is known when a query is planned, so that this costs nothing.
    (
        "_no_struct(x) AS CASE WHEN starts_with(typeof(x), 'STRUCT') OR starts_with(typeof(x), 'TUPLE') THEN"
        " error('the fields of a STRUCT could not be told; compare them one by one') ELSE x END"
    ),
    (
        "_any_of(answers) AS CASE WHEN list_contains(answers, TRUE) THEN TRUE"
        " WHEN len(answers) > list_count(answers) THEN NULL ELSE FALSE END"
    ),
)
"""Functions that the rewritten SQL calls."""

_WRITTEN = (exp.Tuple, exp.Struct)
_PATHS = (exp.Column, exp.Dot)
_STRUCT = exp.DataType.Type.STRUCT


@dataclasses.dataclass(frozen=True)
class _Side:
    """One of two STRUCTs, or one of two fields, and its type as far as it is known."""

    node: exp.Expr
    type: exp.DataType | None

    @property
    def fields(self) -> Sequence[exp.Expr]:
        """The fields as they are written, or else those of the type."""
        if isinstance(self.node, _WRITTEN):
            return self.node.expressions
        return self.type.expressions if self.type is not None and self.type.this is _STRUCT else ()

    @property
    def names(self) -> Sequence[str]:
        """The names of the fields, empty where one has none; DuckDB counts these."""
        return [_name(each) for each in self.fields]

    @property
    def kind(self) -> exp.DType | None:
        """The type without its parts."""
        return self.type.this if self.type is not None else None

    @property
    def may_be_struct(self) -> bool:
        """Whether this could be a STRUCT."""
        return self.kind in (None, _STRUCT, exp.DataType.Type.UNKNOWN)

    def field(self, place: int) -> _Side:
        """One of the fields."""
        if isinstance(self.node, _WRITTEN):
            field = self.node.expressions[place]
            return _side(field.expression if isinstance(field, exp.PropertyEQ) else field.unalias())
        declared = self.fields[place] if self.fields else None
        kind = declared.kind if isinstance(declared, exp.ColumnDef) else declared
        kind = kind if isinstance(kind, exp.DataType) else None
        value = call("struct_extract_at", self.node.copy(), exp.Literal.number(place + 1))
        value._type = kind  # noqa: SLF001  (the setter parses)
        return _Side(value, kind)


def _name(field: exp.Expr) -> str:
    if isinstance(field, (exp.PropertyEQ, exp.ColumnDef)):
        return str(field.this.name)
    return field.alias_or_name if isinstance(field, (exp.Alias, exp.Column, exp.Dot)) else ""


def compare_fields(nodes: Sequence[exp.Expr], schemas: Schemas) -> bool:
    """Let a tree, whose nodes know their types, compare STRUCTs field by field, and bring together by position.

    Tells whether nodes of it may be others now. Raises :class:`QueryError`.
    """
    types = {name: type_ for columns in schemas.values() for name, type_ in columns.items() if "STRUCT" in type_}
    if not types and not any(type(node) in _WRITTEN for node in nodes):
        return False
    _refuse_using(nodes[0], {name for name, type_ in types.items() if type_.startswith("STRUCT")})
    for node in reversed([each for each in nodes if type(each) in _HANDLED]):
        better = _HANDLED[type(node)](node)
        if better is not node:
            node.replace(better)
    return True


def _refuse_using(tree: exp.Expr, stored: Iterable[str]) -> None:
    joined = {name.name.casefold() for join in tree.find_all(exp.Join) for name in join.args.get("using") or ()}
    if not joined:
        return
    made = (
        each.alias
        for each in tree.find_all(exp.Alias)
        if isinstance(each.this, _WRITTEN) or kind_of(each.this) is _STRUCT
    )
    for name in (*stored, *made):
        if name.casefold() in joined:
            raise QueryError(f"{name} is a STRUCT, by which the embedded engine does not join with USING; ON can")


def _equal(node: exp.Expr) -> exp.Expr:
    one, other = _side(node.this), _side(node.expression)
    if not _guarded(one, other):
        return node
    same = _same(one, other)
    return exp.paren(exp.Not(this=same)) if isinstance(node, exp.NEQ) else same


def _among(node: exp.Expr) -> exp.Expr:
    if isinstance(node.parent, exp.Pivot):  # not a condition, but the columns that are made, or gone
        return node
    one, items, array = _side(node.this), [_side(each) for each in node.expressions], node.args.get("unnest")
    element = exp.column("_element")
    if items:
        return exp.paren(exp.or_(*(_same(one, each) for each in items))) if _guarded(one, *items) else node
    if array is not None:
        elements, item = array.expressions[0], _Side(element, _element_type(array.expressions[0]))
    else:
        query = node.args["query"].unnest()
        selected = query.selects[0] if len(query.selects) == 1 and not query.args.get("kind") else None
        elements, item = _collected(query), _Side(element, selected.type if selected is not None else None)
    if not _guarded(one, item):
        return node
    return call("_any_of", call("list_transform", elements, lambda_("_element", _same(one, item))))


def _collected(query: exp.Expr) -> exp.Expr:
    """The rows of a query as an array, which may be empty."""
    alias = exp.TableAlias(this=exp.to_identifier("_rows"), columns=[exp.to_identifier("_row")])
    every = exp.ArrayAgg(this=exp.column("_row"))
    return exp.select(every).from_(exp.Subquery(this=query, alias=alias)).subquery()


def _element_type(array: exp.Expr) -> exp.DataType | None:
    inner = array.type.expressions if isinstance(array.type, exp.DataType) else ()
    return inner[0] if inner else None


def _case(node: exp.Expr) -> exp.Expr:
    """``CASE x WHEN y``, by the conditions that it stands for."""
    subject, ifs = node.args.get("this"), node.args["ifs"]
    _name_alike([*(each.args["true"] for each in ifs), node.args.get("default")])
    if subject is None or not _guarded(_side(subject), *(_side(each.this) for each in ifs)):
        return node
    searched = [exp.If(this=_same(_side(subject), _side(each.this)), true=each.args["true"]) for each in ifs]
    return exp.Case(ifs=searched, default=node.args.get("default"))


def _null_if(node: exp.Expr) -> exp.Expr:
    one, other = _side(node.this), _side(node.expression)
    if not _guarded(one, other):
        return node
    return exp.Case(ifs=[exp.If(this=_same(one, other), true=exp.null())], default=node.this)


def _chosen(node: exp.Expr) -> exp.Expr:
    """One of several values."""
    args = ("true", "false") if isinstance(node, exp.If) else ("this", "expression")
    if not (isinstance(node, exp.If) and isinstance(node.parent, exp.Case)):
        _name_alike([*(node.args.get(each) for each in args), *node.expressions])
    return node


def _united(node: exp.Expr) -> exp.Expr:
    """The columns of several SELECTs."""
    assert isinstance(node, exp.SetOperation)  # noqa: S101
    for items in zip(node.left.selects, node.right.selects, strict=False):
        _name_alike([each.unalias() for each in items])
    return node


def _name_alike(values: Iterable[exp.Expr | None]) -> None:
    """STRUCTs of other names are of one type, that of the first; DuckDB brings fields together by their names."""
    sides = [_side(each) for each in values if each is not None]
    names = next((found for each in sides if (found := each.names)), ())
    for each in sides:
        if not names or not each.fields or [*map(str.casefold, each.names)] == [*map(str.casefold, names)]:
            continue
        if not isinstance(each.node, _WRITTEN) or len(each.fields) != len(names):
            raise QueryError("STRUCTs whose fields have other names are not brought together by the embedded engine")
        fields = [each.field(place).node.copy() for place in range(len(names))]
        named = [
            exp.PropertyEQ(this=exp.to_identifier(name), expression=field)
            for name, field in zip(names, fields, strict=True)
        ]
        each.node.replace(exp.Struct(expressions=named))


_HANDLED: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.EQ: _equal,
    exp.NEQ: _equal,
    exp.In: _among,
    exp.Case: _case,
    exp.Nullif: _null_if,
    **dict.fromkeys((exp.If, exp.Coalesce, exp.Array, exp.NullSafeEQ, exp.NullSafeNEQ), _chosen),
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _united),
}


def _side(node: exp.Expr) -> _Side:
    inner = node.unnest() if isinstance(node, exp.Paren) else node
    return _Side(inner, node.type if isinstance(node.type, exp.DataType) else None)


def _guarded(one: _Side, *others: _Side) -> bool:
    """Whether STRUCTs are compared; if that can't be told, they are not, and the first refuses to be one."""
    sides = (one, *others)
    if any(each.fields for each in sides):
        return True
    if all(each.may_be_struct for each in sides):
        one.node.replace(call("_no_struct", one.node.copy()))
    return False


def _same(one: _Side, other: _Side) -> exp.Expr:
    """Whether two are equal; what is more than a column is computed once."""
    long = [each for each in (one, other) if not isinstance(each.node, (*_PATHS, *_WRITTEN))]
    if not long:
        return _fields_equal(one, other)
    names = {id(each): f"_{place}" for place, each in enumerate(long)}
    pair = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(names[id(each)]), expression=each.node) for each in long]
    )
    kept = [
        _Side(exp.Dot(this=exp.column("_pair"), expression=exp.to_identifier(names[id(each)])), each.type)
        if id(each) in names
        else each
        for each in (one, other)
    ]
    return bound(pair, "_pair", _fields_equal(*kept))


def _fields_equal(one: _Side, other: _Side) -> exp.Expr:
    number = len(one.fields or other.fields)
    if not number:
        if exp.DataType.Type.ARRAY in (one.kind, other.kind):
            raise QueryError("STRUCTs with an ARRAY in them can't be compared")
        return exp.EQ(this=one.node.copy(), expression=other.node.copy())
    if one.fields and other.fields and len(other.fields) != number:
        raise QueryError("STRUCTs of different sizes can't be compared")
    pairs = (_fields_equal(one.field(place), other.field(place)) for place in range(number))
    return exp.paren(exp.and_(*pairs))
