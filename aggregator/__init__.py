"""Declare partitioned SQL aggregations; build them right, cheaply, and only when they are stale."""

__version__ = "0.1.0"
