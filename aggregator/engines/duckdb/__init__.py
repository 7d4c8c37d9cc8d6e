"""The embedded engine: one DuckDB file, no account."""
