"""Whether a query filters by a column: what may let BigQuery pass over partitions."""

from __future__ import annotations

import functools

from sqlglot import exp

from aggregator.compile.pipes import tree_of


@functools.lru_cache(maxsize=4096)
def is_tested(sql: str, table: str, *columns: str) -> bool:
    """Whether WHERE, or the condition of a join, names one of the columns of a table, or something made from it.

    Columns go by their names alone, so that the answer may be yes where another table is meant; but not where a SELECT
    reads nothing else, as the partition filters of other inputs do.
    """
    tree = tree_of(sql)
    names = {column.casefold() for column in columns}
    aliases = [(each.alias.casefold(), _names(each)) for each in tree.find_all(exp.Alias)]
    growing = True
    while growing:
        found = {alias for alias, made_from in aliases if made_from & names} - names
        names |= found
        growing = bool(found)
    conditions: list[exp.Expr] = [each for each in tree.find_all(exp.Where) if not _is_of_another(each, table)]
    conditions += [join.args["on"] for join in tree.find_all(exp.Join) if join.args.get("on") is not None]
    shared = {each.name.casefold() for join in tree.find_all(exp.Join) for each in join.args.get("using") or ()}
    return bool(shared & names) or any(_names(condition) & names for condition in conditions)


def _is_of_another(where: exp.Where, table: str) -> bool:
    """Whether a condition is on the rows of one table alone, and that is another one."""
    select = where.parent
    if not isinstance(select, exp.Select) or select.args.get("joins") or where.find(exp.Query) is not None:
        return False
    source = select.args.get("from_")
    read = source.this if source is not None else None
    return isinstance(read, exp.Table) and bool(read.db) and f"{read.db}.{read.name}".casefold() != table.casefold()


def _names(node: exp.Expr) -> frozenset[str]:
    return frozenset(column.name.casefold() for column in node.find_all(exp.Column))
