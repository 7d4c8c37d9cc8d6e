"""Names of outputs in the clauses behind the SELECT list, where BigQuery means the output and DuckDB something else."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

_CONTAINERS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)


def spelt_out(node: exp.Expr) -> exp.Expr:
    """GROUP BY, HAVING, QUALIFY and ORDER BY with what is meant in the place of names that DuckDB would read otherwise.

    In ``SELECT DATE_TRUNC(day, MONTH) AS day … GROUP BY day`` DuckDB groups by the column, as it does by any
    of that name. In SELECT AS STRUCT the outputs have no names of their own to DuckDB.
    """
    is_struct = node.args.get("kind") == "STRUCT"
    named = {each.alias.casefold(): each.this for each in node.expressions if isinstance(each, exp.Alias)}
    group, order = node.args.get("group"), node.args.get("order")
    for key in list(_keys(group)) if group else ():
        meant = _meant(key, named)
        if meant is None or meant.find(exp.AggFunc):
            continue
        place = 0 if is_struct or _hides(meant, key.name) else _place(node.expressions, key.name)
        if is_struct or not (isinstance(meant, exp.Column) and meant.name.casefold() == key.name.casefold()):
            key.replace(exp.Literal.number(place) if place else meant.copy())
    having, qualify = node.args.get("having"), node.args.get("qualify")
    if having and named:
        having.set("this", _spelt_out(having.this, named, is_having=True))
    if qualify and named:
        qualify.set("this", _spelt_out(qualify.this, named))
    for ordered in order.expressions if order and named else ():
        if is_struct or not isinstance(ordered.this, exp.Column) or ordered.this.table:
            ordered.set("this", _spelt_out(ordered.this, named))
    return node


def _keys(group: exp.Expr) -> Iterator[exp.Expr]:
    """What rows are grouped by, also in ROLLUP and its kin."""
    for key in group.expressions or [group.this]:
        yield from _keys(key) if isinstance(key, _CONTAINERS) and (key.expressions or key.this) else (key,)


def joined_first(node: exp.Expr) -> exp.Expr:
    """A star is the columns of USING first, those of the last join before others; DuckDB leaves them in place."""
    names: dict[str, exp.Expr] = {}
    for join in node.args.get("joins") or ():
        latest = {each.name.casefold(): each for each in join.args.get("using") or ()}
        names = latest | {name: each for name, each in names.items() if name not in latest}
    if any(isinstance(each, exp.Star) for each in node.expressions) and _joins_inside(node):
        raise QueryError("a star over joins in parentheses by USING is not translated for the embedded engine")
    if names:
        items = [better for each in node.expressions for better in _with_joined(each, names)]
        node.set("expressions", items)
    return node


def _joins_inside(select: exp.Expr) -> bool:
    """Whether an item of FROM is itself a join by USING, in parentheses."""
    joins = select.args.get("joins") or ()
    items = [each.this for each in (select.args.get("from_"), *joins) if each is not None]
    inside = [join for item in items for join in item.find_all(exp.Join) if join.args.get("using")]
    return any(join.find_ancestor(exp.Select) is select for join in inside)


def _with_joined(item: exp.Expr, names: dict[str, exp.Expr]) -> list[exp.Expr]:
    if not isinstance(item, exp.Star):
        return [item]
    replaced = {each.alias.casefold(): each for each in item.args.get("replace") or ()}
    left_out = {each.name.casefold() for each in item.args.get("except_") or ()}
    renamed = {each.this.name.casefold(): each for each in item.args.get("rename") or ()}
    changed = replaced | renamed
    first = [changed.get(name, exp.column(each.copy())) for name, each in names.items() if name not in left_out]
    others, still = ([each for name, each in all_.items() if name not in names] for all_ in (replaced, renamed))
    exceptions = [
        *(item.args.get("except_") or ()),
        *(exp.column(names[name].copy()) for name in names.keys() - left_out),
    ]
    return [*first, exp.Star(except_=exceptions, replace=others or None, rename=still or None)]


def _spelt_out(value: exp.Expr, named: dict[str, exp.Expr], *, is_having: bool = False) -> exp.Expr:
    """An expression in which a name is that of an output first; DuckDB takes it for a column's, if there is one.

    In HAVING that is one by which rows are grouped, and an output's, too, where it stands in what was put there.
    """
    holder = exp.Paren(this=value)
    for column in list(holder.find_all(exp.Column)):
        meant = _meant(column, named)
        if meant is not None and is_having and _hides(meant, column.name) and not column.find_ancestor(exp.AggFunc):
            continue
        if meant is not None and not column.find_ancestor(exp.Query):
            column.replace(meant.copy() if column.parent is holder else exp.paren(meant.copy(), copy=False))
    found: exp.Expr = holder.this
    return found


def _meant(key: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr | None:
    if not isinstance(key, exp.Column):
        return None
    first, *fields = key.parts
    meant = named.get(first.name.casefold())
    if meant is None or (fields and kind_of(meant) is not exp.DType.STRUCT):
        return None
    for field in fields:
        meant = call("struct_extract", meant.copy(), exp.Literal.string(field.name))
    return meant


def _place(items: list[exp.Expr], name: str) -> int:
    """Where an output with a name is, from 1; 0 where a star stands before it."""
    for place, each in enumerate(items, start=1):
        if each.is_star:
            return 0
        if isinstance(each, exp.Alias) and each.alias.casefold() == name.casefold():
            return place
    return 0


def _hides(meant: exp.Expr, name: str) -> bool:
    """Whether an output is called like a column that it is made from."""
    if isinstance(meant, exp.Column):
        return False
    return any(column.name.casefold() == name.casefold() for column in meant.find_all(exp.Column))
