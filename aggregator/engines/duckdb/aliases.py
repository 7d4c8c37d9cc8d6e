"""Names of output columns in GROUP BY and ORDER BY, where BigQuery means the output and DuckDB something else."""

from __future__ import annotations

from sqlglot import exp


def spelt_out(node: exp.Expr) -> exp.Expr:
    """GROUP BY and ORDER BY with what is meant in the place of names that DuckDB would read otherwise.

    In ``SELECT DATE_TRUNC(day, MONTH) AS day … GROUP BY day`` DuckDB groups by the column. In SELECT AS STRUCT the
    outputs have no names of their own to DuckDB.
    """
    is_struct = node.args.get("kind") == "STRUCT"
    named = {each.alias.casefold(): each.this for each in node.expressions if isinstance(each, exp.Alias)}
    group, order = node.args.get("group"), node.args.get("order")
    for key in list(group.expressions) if group else ():
        meant = _meant(key, named)
        if meant is not None and not meant.find(exp.AggFunc) and (is_struct or _hides(meant, key.name)):
            key.replace(meant.copy())
    for ordered in order.expressions if order and is_struct else ():
        meant = _meant(ordered.this, named)
        if meant is not None:
            ordered.set("this", meant.copy())
    return node


def _meant(key: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr | None:
    return named.get(key.name.casefold()) if isinstance(key, exp.Column) and not key.table else None


def _hides(meant: exp.Expr, name: str) -> bool:
    """Whether an output is called like a column that it is made from."""
    if isinstance(meant, exp.Column):
        return False
    return any(column.name.casefold() == name.casefold() for column in meant.find_all(exp.Column))
