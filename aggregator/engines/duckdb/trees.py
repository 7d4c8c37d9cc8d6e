"""Small parts of syntax trees that corrections of the SQL are put together from."""

from __future__ import annotations

from sqlglot import exp


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of a function of DuckDB, or of a macro of ours."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def one() -> exp.Expr:
    """The number 1."""
    return exp.Literal.number(1)
