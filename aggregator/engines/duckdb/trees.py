"""Small parts of syntax trees that corrections of the SQL are put together from."""

from __future__ import annotations

import functools

from sqlglot import exp

from aggregator.compile.nodes import LEAVES


def walked(tree: exp.Expr) -> list[exp.Expr]:
    """The nodes of a tree, each before those in it.

    The loop is written out, as each translation goes through its tree several times: half the time of ``tree.walk()``.
    """
    found = [tree]
    for node in found:
        if type(node) in LEAVES:
            continue
        for value in node.args.values():
            if type(value) is list:
                found += [item for item in value if isinstance(item, exp.Expr)]
            elif isinstance(value, exp.Expr):
                found.append(value)
    return found


def cast(node: exp.Expr, type_: str) -> exp.Expr:
    """A node, which is not copied, as a type of DuckDB; it is not cast twice to one type.

    Sqlglot would read the type each time, which takes longer than the whole of a correction.
    """
    data = _data_type(type_)
    if isinstance(node, exp.Cast):
        return exp.cast(node, data, copy=False, dialect="duckdb")
    made = exp.Cast(this=node, to=exp.DataType(**data.args))
    made._type = data  # noqa: SLF001  (the setter parses)
    return made


@functools.cache
def _data_type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of a function of DuckDB, or of a macro of ours."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def one() -> exp.Expr:
    """The number 1."""
    return exp.Literal.number(1)


def lambda_(parameter: str, body: exp.Expr) -> exp.Expr:
    """A function of one parameter."""
    return exp.Lambda(this=body, expressions=[exp.to_identifier(parameter)])


def bound(value: exp.Expr, name: str, body: exp.Expr) -> exp.Expr:
    """A body in which a name stands for a value, which is computed once."""
    items = call("list_transform", exp.Array(expressions=[value]), lambda_(name, body))
    return call("list_extract", items, one())


def is_pivoted(aggregate: exp.Expr) -> bool:
    """Whether this is the aggregate of a PIVOT, in whose place no expression can stand."""
    parent = aggregate.parent
    return isinstance(parent.parent if isinstance(parent, exp.Alias) else parent, exp.Pivot)


def is_long(value: exp.Expr) -> bool:
    """Whether planning a query would suffer if a value stood in it several times: it calls a macro, or branches."""
    return value.find(exp.Anonymous, exp.Case, exp.If) is not None
