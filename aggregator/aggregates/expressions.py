"""The author's expressions, which are put into generated SQL: each must be one, and nothing else."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError


def columns_in(text: str) -> list[str] | None:
    """The names of the columns in an expression; None if the text is not one expression, or holds a query."""
    try:
        statements = sqlglot.parse(f"SELECT ({text}\n)", read="bigquery")
    except (SqlglotError, RecursionError, TypeError, ValueError, AttributeError, IndexError):
        return None
    select = statements[0] if len(statements) == 1 else None
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or select.find(exp.Subquery, exp.From):
        return None
    (item,) = select.expressions
    if not isinstance(item, exp.Paren) or "--" in text or any(node.comments for node in item.walk()):
        return None
    return list(dict.fromkeys(column.name for column in item.find_all(exp.Column)))
