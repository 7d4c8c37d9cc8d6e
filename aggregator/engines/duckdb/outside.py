"""Functions that live in a warehouse, and not in the embedded engine."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from aggregator.compile.routines import path_of
from aggregator.engines.duckdb.sketches import is_sketch
from aggregator.engines.protocol import QueryError


def refuse_outside(nodes: Iterable[exp.Expr]) -> None:
    """Say so where a query calls a function by the dataset that it lives in; DuckDB would look for something else."""
    for call in nodes:
        if type(call) is not exp.Anonymous:
            continue
        name = ".".join(path_of(call))
        if "." in name and not is_sketch(call.parent):
            raise QueryError(f"{name} is a function of the warehouse; the embedded engine does not have it")
