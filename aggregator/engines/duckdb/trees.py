"""Small parts of syntax trees that corrections of the SQL are put together from."""

from __future__ import annotations

from sqlglot import exp


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


def is_long(value: exp.Expr) -> bool:
    """Whether planning a query would suffer if a value stood in it several times: it calls a macro, or branches."""
    return value.find(exp.Anonymous, exp.Case, exp.If) is not None
