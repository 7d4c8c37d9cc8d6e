"""Functions that live in a warehouse, and not in the embedded engine."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.sketches import is_sketch
from aggregator.engines.protocol import QueryError


def refuse_outside(tree: exp.Expr) -> None:
    """Say so where a query calls a function by the dataset that it lives in; DuckDB would look for something else."""
    for call in tree.find_all(exp.Anonymous):
        name = ".".join(_path(call))
        if "." in name and not is_sketch(call.parent):
            raise QueryError(f"{name} is a function of the warehouse; the embedded engine does not have it")


def _path(call: exp.Anonymous) -> list[str]:
    """The parts of a function's name, without the SAFE that may stand before it."""
    parent = call.parent
    before: list[str] = []
    if isinstance(parent, exp.Dot) and parent.expression is call:
        before = [each.name for each in parent.this.find_all(exp.Identifier)]
    elif isinstance(parent, exp.Table) and parent.this is call:
        before = [part for part in (parent.catalog, parent.db) if part]
    return [*(each for each in before if each.casefold() != "safe"), call.name]
