"""BigQuery's SQL as it is read here: sqlglot's dialect, with what it would translate too early left as it is."""

from __future__ import annotations

from sqlglot.dialects.bigquery import BigQuery


class Source(BigQuery):
    """Format strings stay as they are written: some of their elements are none of Python's, DuckDB's or sqlglot's."""

    TIME_MAPPING: dict[str, str] = {}  # noqa: RUF012  (sqlglot's own form)
    FORMAT_MAPPING: dict[str, str] = {}  # noqa: RUF012
