"""A query with views in the place of their names, as BigQuery itself reads it; for reasoning only."""

from __future__ import annotations

import functools
from typing import TypeAlias

from sqlglot import exp

from aggregator.compile.pipes import tree_of

Views: TypeAlias = frozenset[tuple[str, str]]
"""Names of views, as ``dataset.table`` in lower case, each with its SQL."""

_KEPT = ("pivots", "sample", "joins", "laterals")
"""What may stand behind the name of a table, and then belongs to the query in its place."""


@functools.lru_cache(maxsize=1024)
def with_views(sql: str, views: Views) -> str:
    """A query in which views are spelt out, and those in their own SQL, too."""
    if not views:
        return sql
    texts, tree = dict(views), tree_of(sql)
    for table in list(tree.find_all(exp.Table)):
        name = f"{table.db}.{table.name}".casefold()
        if name in texts:
            query = tree_of(with_views(texts[name], views - {(name, texts[name])}))
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name))
            table.replace(exp.Subquery(this=query, alias=alias, **{key: table.args.get(key) for key in _KEPT}))
    return tree.sql("bigquery")
