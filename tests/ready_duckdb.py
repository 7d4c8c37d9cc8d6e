"""A bare connection to DuckDB that can run all that we translate to."""

from __future__ import annotations

import duckdb

from aggregator.engines.duckdb.connection import in_utc
from aggregator.engines.duckdb.dialect.rewrites import MACROS


def prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection, with all functions of ours; the engine makes those that a query calls."""
    connection.execute("".join(f"CREATE OR REPLACE TEMP MACRO {macro};" for macro in MACROS))
    return in_utc(connection)
