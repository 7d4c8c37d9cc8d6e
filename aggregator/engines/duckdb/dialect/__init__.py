"""BigQuery's SQL on DuckDB: sqlglot's translation, corrected wherever it is silently wrong."""

from aggregator.engines.duckdb.dialect.rewrites import MACROS, REWRITES
from aggregator.engines.duckdb.dialect.translate import (
    expression_to_duckdb,
    to_duckdb,
    type_to_duckdb,
    with_columns,
)

__all__ = ["MACROS", "REWRITES", "expression_to_duckdb", "to_duckdb", "type_to_duckdb", "with_columns"]
