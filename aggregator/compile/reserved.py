"""Names that are words of the language: BigQuery takes them in backticks only, and sqlglot takes them anyway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.query import Query

_WORDS = """
ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT
DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM
FULL GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE
LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY
RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION
UNNEST USING WHEN WHERE WINDOW WITH WITHIN
"""
RESERVED = frozenset(_WORDS.split())
"""As BigQuery's documentation lists them."""


def reserved_problems(query: Query) -> Iterator[Diagnostic]:
    """Aliases that need backticks."""
    for node in query.nodes.of(exp.Alias, exp.TableAlias, exp.PivotAlias):
        alias = node.this if isinstance(node, exp.TableAlias) else node.args.get("alias")
        if isinstance(alias, exp.Identifier) and not alias.args.get("quoted") and alias.name.upper() in RESERVED:
            message = f"{alias.name} is a word of the language, and no name"
            yield Diagnostic(query.place_of(alias), codes.SYNTAX, message, f"write `{alias.name}`, or another name")
