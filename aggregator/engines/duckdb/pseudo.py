"""Pseudo-columns: in DuckDB, ordinary columns of a source's table, which the stars of queries leave out."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.project import Source
from aggregator.core.pseudo import PARTITION_DATE, PARTITION_TIME

if TYPE_CHECKING:
    from sqlglot import exp

Hidden = tuple[tuple[TableName, tuple[str, ...]], ...]
"""Tables with the pseudo-columns that they have."""


def as_in_file(source: Source) -> Source:
    """With all columns that its file has: also a pseudo-column, where one tells the partition of a row."""
    partition, named = source.partition, source.pseudo_columns
    told = [each for each in named if partition is not None and each.name.casefold() == partition.by.casefold()]
    return dataclasses.replace(source, columns=(*source.columns, *told))


def with_arrival(query: str, source: Source) -> str:
    """What a file holds with both of the times of arrival, each the beginning of its partition."""
    names = [str(each.name) for each in source.pseudo_columns]
    if source.partition is None or PARTITION_TIME not in names:
        return query
    if source.partition.by.upper() == PARTITION_DATE:
        return f'SELECT *, CAST("{PARTITION_DATE}" AS TIMESTAMPTZ) AS "{PARTITION_TIME}" FROM ({query})'
    begin = f"date_trunc('{source.partition.grain.stored}', \"{PARTITION_TIME}\")"
    day = f', CAST({begin} AS DATE) AS "{PARTITION_DATE}"' if PARTITION_DATE in names else ""
    return f'SELECT * REPLACE ({begin} AS "{PARTITION_TIME}"){day} FROM ({query})'


@functools.lru_cache(maxsize=1024)
def without_pseudo(sql: str, hidden: Hidden) -> str:
    """A query, in BigQuery's SQL, whose stars leave out the pseudo-columns of the tables over which they stand."""
    from sqlglot import exp  # noqa: PLC0415  (few sources have such columns, and a run with nothing to do needs none)

    from aggregator.compile.pipes import tree_of  # noqa: PLC0415  (as above)

    names = dict(hidden)
    tree = tree_of(sql)
    for table in tree.find_all(exp.Table):
        columns = names.get(TableName(table.db, table.name), ())
        select = table.find_ancestor(exp.Select) if columns else None
        for item in select.expressions if select is not None else ():
            _leave_out(item, table.alias_or_name, columns)
    return tree.sql(dialect="bigquery")


def _leave_out(item: exp.Expr, alias: str, columns: tuple[str, ...]) -> None:
    from sqlglot import exp  # noqa: PLC0415

    star = item.this if isinstance(item, exp.Column) else item
    is_meant = star is item or item.text("table").casefold() == alias.casefold()
    if isinstance(star, exp.Star) and is_meant:
        left_out = [*(star.args.get("except_") or ()), *map(exp.column, columns)]
        star.set("except_", list({each.name.casefold(): each for each in left_out}.values()))
