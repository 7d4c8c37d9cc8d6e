"""BigQuery's SQL on DuckDB: sqlglot's translation, corrected wherever it is silently wrong.

To import this costs nothing: sqlglot comes with the first translation, and a run with nothing to do makes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.core.names import TableName


def to_duckdb(sql: str, schemas: Mapping[TableName, Mapping[str, str]] | None = None) -> str:
    """Translate a query, or an expression in a SELECT; see :func:`.translate.to_duckdb`."""
    from aggregator.engines.duckdb.dialect import translate  # noqa: PLC0415  (as above)

    return translate.to_duckdb(sql, schemas)


def expression_to_duckdb(sql: str) -> str:
    """Translate an expression."""
    from aggregator.engines.duckdb.dialect import translate  # noqa: PLC0415

    return translate.expression_to_duckdb(sql)


TYPES = {
    "BOOL": "BOOLEAN",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "FLOAT64": "DOUBLE",
    "INT64": "BIGINT",
    "STRING": "TEXT",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMPTZ",
}
"""Types of most columns, for which sqlglot need not come."""


def type_to_duckdb(bigquery_type: str) -> str:
    """Translate a column type."""
    if bigquery_type in TYPES:
        return TYPES[bigquery_type]
    from aggregator.engines.duckdb.dialect import translate  # noqa: PLC0415

    return translate.type_to_duckdb(bigquery_type)


def with_columns(sql: str, table: TableName, columns: Mapping[str, str]) -> str:
    """Let a query read a table as if it had more columns; see :func:`.translate.with_columns`."""
    from aggregator.engines.duckdb.dialect import translate  # noqa: PLC0415

    return translate.with_columns(sql, table, columns)
