"""Names of output columns in GROUP BY and ORDER BY, where BigQuery means the output and DuckDB something else."""

from __future__ import annotations

from sqlglot import exp


def spelt_out(node: exp.Expr) -> exp.Expr:
    """GROUP BY and ORDER BY with what is meant in the place of names that DuckDB would read otherwise.

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
    for ordered in order.expressions if order and is_struct else ():
        meant = _meant(ordered.this, named)
        if meant is not None:
            ordered.set("this", meant.copy())
    return node


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
