"""Names of outputs in GROUP BY, ORDER BY and QUALIFY, where BigQuery means the output and DuckDB something else."""

from __future__ import annotations

from sqlglot import exp


def spelt_out(node: exp.Expr) -> exp.Expr:
    """GROUP BY, ORDER BY and QUALIFY with what is meant in the place of names that DuckDB would read otherwise.

    In ``SELECT DATE_TRUNC(day, MONTH) AS day … GROUP BY day`` DuckDB groups by the column, as it does by any
    of that name. In SELECT AS STRUCT the outputs have no names of their own to DuckDB.
    """
    is_struct = node.args.get("kind") == "STRUCT"
    named = {each.alias.casefold(): each.this for each in node.expressions if isinstance(each, exp.Alias)}
    group, order = node.args.get("group"), node.args.get("order")
    for key in list(group.expressions) if group else ():
        meant = _meant(key, named)
        if meant is None or meant.find(exp.AggFunc):
            continue
        place = 0 if is_struct or _hides(meant, key.name) else _place(node.expressions, key.name)
        if is_struct or not (isinstance(meant, exp.Column) and meant.name.casefold() == key.name.casefold()):
            key.replace(exp.Literal.number(place) if place else meant.copy())
    qualify = node.args.get("qualify")
    if qualify and named:
        qualify.set("this", _spelt_out(qualify.this, named))
    for ordered in order.expressions if order and named else ():
        if is_struct or not isinstance(ordered.this, exp.Column):
            ordered.set("this", _spelt_out(ordered.this, named))
    return node


def joined_first(node: exp.Expr) -> exp.Expr:
    """A star is the columns of USING first, those of the last join before others; DuckDB leaves them in place."""
    names: dict[str, exp.Expr] = {}
    for join in node.args.get("joins") or ():
        latest = {each.name.casefold(): each for each in join.args.get("using") or ()}
        names = latest | {name: each for name, each in names.items() if name not in latest}
    if names:
        items = [better for each in node.expressions for better in _with_joined(each, names)]
        node.set("expressions", items)
    return node


def _with_joined(item: exp.Expr, names: dict[str, exp.Expr]) -> list[exp.Expr]:
    if not isinstance(item, exp.Star):
        return [item]
    replaced = {each.alias.casefold(): each for each in item.args.get("replace") or ()}
    left_out = {each.name.casefold() for each in item.args.get("except_") or ()}
    first = [replaced.get(name, exp.column(each.copy())) for name, each in names.items() if name not in left_out]
    others = [each for name, each in replaced.items() if name not in names]
    exceptions = [
        *(item.args.get("except_") or ()),
        *(exp.column(names[name].copy()) for name in names.keys() - left_out),
    ]
    return [*first, exp.Star(except_=exceptions, replace=others or None)]


def _spelt_out(value: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr:
    """An expression in which a name is that of an output first; DuckDB takes it for a column's, if there is one."""
    holder = exp.Paren(this=value)
    for column in list(holder.find_all(exp.Column)):
        meant = _meant(column, named)
        if meant is not None and not column.find_ancestor(exp.Query):
            column.replace(meant.copy() if column.parent is holder else exp.paren(meant.copy(), copy=False))
    found: exp.Expr = holder.this
    return found


def _meant(key: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr | None:
    return named.get(key.name.casefold()) if isinstance(key, exp.Column) and not key.table else None


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
