"""FLOAT64: NaN, which DuckDB takes for the greatest number and equal to itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import Schemas, kind_of
from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import call, is_pivoted, lambda_

_SAID = "'NaN is the least of numbers to BigQuery, and not to the embedded engine: filter it out'"

MACROS = (
    "_equal(x, y) AS x = y AND NOT (isnan(x) AND isnan(y))",
    "_unequal(x, y) AS x <> y OR (isnan(x) AND isnan(y))",
    "_less(x, y) AS x < y AND NOT (isnan(y) AND x IS NOT NULL)",
    "_at_most(x, y) AS x <= y AND NOT (isnan(y) AND x IS NOT NULL)",
    f"_no_nan(x) AS CASE WHEN isnan(x) THEN {failing(_SAID, 'DOUBLE')} ELSE x END",
    "_but_nan(x) AS CASE WHEN NOT isnan(x) THEN x END",
    # What is joined by: its type is known when a query is planned, so that this costs nothing where it is another.
    "_is_nan(x) AS typeof(x) = 'DOUBLE' AND coalesce(isnan(TRY_CAST(x AS DOUBLE)), FALSE)",
    f"_is_never_nan(x) AS CASE WHEN _is_nan(x) THEN {failing(_SAID, 'BOOLEAN')} ELSE TRUE END",
    "_sign(x) AS CASE WHEN isnan(x) THEN x ELSE sign(x) END",
)
"""Functions that the rewritten SQL calls."""

_FLOAT = exp.DataType.Type.DOUBLE
_COMPARED: dict[type[exp.Expr], tuple[str, bool]] = {
    exp.EQ: ("_equal", False),
    exp.NEQ: ("_unequal", False),
    exp.LT: ("_less", False),
    exp.LTE: ("_at_most", False),
    exp.GT: ("_less", True),
    exp.GTE: ("_at_most", True),
}
"""By operator: the macro, and whether the sides are turned."""


def compared(node: exp.Expr) -> exp.Expr:
    """NaN is neither equal to, less nor greater than anything. What is no float, or written out, is none."""
    name, is_turned = _COMPARED[type(node)]
    one, other = (node.expression, node.this) if is_turned else (node.this, node.expression)
    asked = other if name in ("_less", "_at_most") else one  # DuckDB finds NaN greater than all others
    both = name in ("_equal", "_unequal")
    if not may_be_nan(asked) or (both and not may_be_nan(other)):
        return node
    return exp.paren(call(name, one, other))


def may_be_nan(node: exp.Expr) -> bool:
    """Whether a value is a FLOAT64 that is not written out."""
    inner = node.unnest() if isinstance(node, exp.Paren) else node
    inner = inner.this if isinstance(inner, (exp.Neg, exp.Cast)) else inner
    return kind_of(node) is _FLOAT and not isinstance(inner, exp.Literal)


def without_nan(node: exp.Expr) -> exp.Expr:
    """A value that must not be NaN, as what BigQuery makes of that is not known, or not made here."""
    return call("_no_nan", node) if may_be_nan(node) else node


def bucket(node: exp.Expr) -> exp.Expr:
    """By the macro _range_bucket; NaN is in none."""
    value, bounds = node.this, node.expression
    return call("_range_bucket", call("_but_nan", value) if may_be_nan(value) else value, bounds)


def join_using(nodes: Sequence[exp.Expr], schemas: Schemas) -> bool:
    """Let no row whose FLOAT64 is NaN be joined with USING; tells whether nodes of the tree are others now.

    Where rows are kept that no other matches, NaN is a failure.
    """
    joins = [node for node in nodes if type(node) is exp.Join and node.args.get("using")]
    if not joins:
        return False
    stored = {name for columns in schemas.values() for name, type_ in columns.items() if type_ == "FLOAT64"}
    made = {node.alias for node in nodes if type(node) is exp.Alias and kind_of(node.this) is _FLOAT}
    names = {each.casefold() for each in stored | made}
    changed = False
    for join in joins:
        is_kept = join.side in ("RIGHT", "FULL")
        for name in join.args["using"]:
            if name.name.casefold() in names:
                column = exp.column(name.name)
                kept = call("_is_never_nan", column) if is_kept else exp.Not(this=call("_is_nan", column))
                join.set("this", exp.select("*").from_(join.this.copy()).where(kept).subquery(join.alias_or_name))
                changed = True
    return changed


def among(node: exp.Expr) -> exp.Expr:
    """NaN is not among values, of which one may be NaN; nor among those of a query or an array."""
    query, array = node.args.get("query"), node.args.get("unnest")
    if not may_be_nan(node.this):
        return node
    if query is not None and query.selects and may_be_nan(query.selects[0].unalias()):
        node.set("query", _without_nan(query))
    elif array is not None and _is_array(array.expressions[0]):
        kept = exp.Not(this=exp.Is(this=call("isnan", exp.column("_one")), expression=exp.true()))
        array.set("expressions", [call("list_filter", array.expressions[0], lambda_("_one", kept))])
    elif any(map(may_be_nan, node.expressions)):
        return exp.paren(exp.or_(*(_same(node.this, each) for each in node.expressions)))
    return node


def _without_nan(query: exp.Expr) -> exp.Expr:
    """The rows of a query of one column, but those that are NaN; what is NULL stays."""
    alias = exp.TableAlias(this=exp.to_identifier("_rows"), columns=[exp.to_identifier("_one")])
    kept = exp.Not(this=exp.Is(this=call("isnan", exp.column("_one")), expression=exp.true()))
    rows = exp.Subquery(this=query.unnest(), alias=alias)
    return exp.select("_one").from_(rows).where(kept).subquery()


def _is_array(node: exp.Expr) -> bool:
    data = node.type
    return isinstance(data, exp.DataType) and any(
        each.this is _FLOAT for each in data.expressions if isinstance(each, exp.DataType)
    )


def between(node: exp.Expr) -> exp.Expr:
    """``x BETWEEN y AND z`` where z may be NaN, which DuckDB finds greater than all others."""
    if not may_be_nan(node.args["high"]):
        return node
    sides = exp.GTE(this=node.this, expression=node.args["low"]), exp.LTE(this=node.this, expression=node.args["high"])
    return exp.paren(exp.and_(*(compared(each.copy()) for each in sides)))


def case(node: exp.Expr) -> exp.Expr:
    """``CASE x WHEN y`` of NaN."""
    subject, ifs = node.args.get("this"), node.args["ifs"]
    if subject is None or not may_be_nan(subject) or not any(may_be_nan(each.this) for each in ifs):
        return node
    searched = [exp.If(this=_same(subject, each.this), true=each.args["true"]) for each in ifs]
    return exp.Case(ifs=searched, default=node.args.get("default"))


def null_if(node: exp.Expr) -> exp.Expr:
    """NULLIF of NaN and NaN is NaN."""
    if not may_be_nan(node.this) or not may_be_nan(node.expression):
        return node
    return exp.Case(ifs=[exp.If(this=_same(node.this, node.expression), true=exp.null())], default=node.this)


def sign(node: exp.Expr) -> exp.Expr:
    """SIGN of NaN is NaN."""
    return call("_sign", node.this) if kind_of(node.this) is _FLOAT else node


def _same(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return compared(exp.EQ(this=one.copy(), expression=other.copy()))


def least(node: exp.Expr) -> exp.Expr:
    """LEAST of NaN and others is NaN, as GREATEST is."""
    items = [node.this, *node.expressions]
    if not any(may_be_nan(each) for each in items):
        return node
    greatest = exp.Greatest(this=node.this.copy(), expressions=[each.copy() for each in node.expressions])
    return _unless_nan(greatest, node.copy())


def minimum(node: exp.Expr) -> exp.Expr:
    """MIN of NaN and others is NaN, as MAX is."""
    if kind_of(node.this) is not _FLOAT or isinstance(node.parent, (exp.Window, exp.Filter)):
        return node
    if is_pivoted(node):
        node.set("this", without_nan(node.this))
        return node
    return _unless_nan(exp.Max(this=node.this.copy()), node.copy())


def windowed_minimum(node: exp.Expr) -> exp.Expr:
    """MIN over a window."""
    if not isinstance(node.this, exp.Min) or kind_of(node.this.this) is not _FLOAT:
        return node
    greatest = node.copy()
    greatest.set("this", exp.Max(this=node.this.this.copy()))
    return _unless_nan(greatest, node.copy())


def _unless_nan(greatest: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=call("isnan", greatest), true=greatest.copy())], default=otherwise)
