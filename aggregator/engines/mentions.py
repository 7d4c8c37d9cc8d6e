"""Where a query mentions tables, so that their addresses can be put there."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.core.graph import Mention


@functools.lru_cache(maxsize=4096)
def mentions(sql: str) -> tuple[Mention, ...]:
    """Where a query mentions tables by dataset and name, in order.

    A compiled query mentions nothing else by two names: there are no projects in it, and the names that WITH gives have
    no dataset.
    """
    from sqlglot import exp  # noqa: PLC0415  (a manifest tells it of the queries of models: workers need not parse)

    from aggregator.compile.pipes import tree_of  # noqa: PLC0415  (as above)

    found = set()
    for node in tree_of(sql).find_all(exp.Table):
        if node.catalog or not node.db or not isinstance(node.this, exp.Identifier):
            continue
        places = [part.meta for part in (node.args["db"], node.this)]
        start, end = min(each["start"] for each in places), max(each["end"] for each in places) + 1
        found.add((start, end, TableName(node.db, node.name)))
    return tuple(sorted(found))
