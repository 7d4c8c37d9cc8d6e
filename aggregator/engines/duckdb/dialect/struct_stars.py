"""Stars over STRUCTs, and STRUCTs of stars: DuckDB spreads columns alone, and makes no STRUCT of what is not named."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

_ROW = "_row"


def spread(select: exp.Expr) -> exp.Expr:
    """The fields of ``value.*`` as columns, but for a column's, which DuckDB knows."""
    if any(_star_of(each) for each in select.expressions):
        is_once = select.args.get("distinct") is not None  # DuckDB looks for what is there twice before it unnests
        items = [better for each in select.expressions for better in _spread(each, is_once=is_once)]
        select.set("expressions", items)
    return select


def of_rows(select: exp.Expr) -> exp.Expr:
    """SELECT AS STRUCT with a star: the rows of a query that gives the same columns; these are all that FROM takes."""
    if select.args.get("kind") != "STRUCT":
        return select
    holder = select.parent
    while isinstance(holder, (exp.SetOperation, exp.Subquery)):
        holder = holder.parent
    if isinstance(holder, (exp.CTE, exp.From, exp.Join)):
        select.set("kind", None)
        return select
    if not any(each.is_star for each in select.expressions):
        return select
    select.set("kind", None)
    return exp.select(exp.column(_ROW)).from_(exp.Subquery(this=select, alias=exp.TableAlias(this=_ROW)))


def _star_of(item: exp.Expr) -> exp.Star | None:
    if isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
        return item.expression
    return item.this if isinstance(item, exp.Column) and item.args.get("db") and item.is_star else None


def _parts(column: exp.Expr) -> list[exp.Expr]:
    assert isinstance(column, exp.Column)  # noqa: S101
    return [*column.parts[:-1]]


def _spread(item: exp.Expr, *, is_once: bool) -> list[exp.Expr]:
    star = _star_of(item)
    if star is None:
        return [item]
    value = item.this if isinstance(item, exp.Dot) else exp.Dot.build(_parts(item))
    names = [each.name for each in value.type.expressions] if isinstance(value.type, exp.DataType) else []
    is_changed = bool(star.args.get("except_") or star.args.get("replace"))
    if not is_changed and not is_once and not isinstance(value, exp.Subquery):
        return [call("unnest", value)]
    if not all(names) or not names:
        raise QueryError("the fields of this .* could not be told; name them one by one")
    left_out = {each.name.casefold() for each in star.args.get("except_") or ()}
    replaced = {each.alias.casefold(): each for each in star.args.get("replace") or ()}
    return [
        replaced.get(name.casefold())
        or exp.alias_(call("struct_extract", value.copy(), exp.Literal.string(name)), name)
        for name in names
        if name.casefold() not in left_out
    ]
