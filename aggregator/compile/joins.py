"""Joins without their condition, with one too many, and of kinds that BigQuery does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.query import Query

_FOREIGN = {"NATURAL", "ASOF", "SEMI", "ANTI", "STRAIGHT_JOIN"}


def join_problems(query: Query) -> Iterator[Diagnostic]:
    """One finding for each such join."""
    for join in query.nodes.of(exp.Join):
        words = {str(join.args.get(part) or "").upper() for part in ("method", "side", "kind")}
        has_condition = bool(join.args.get("on") or join.args.get("using"))
        if words & _FOREIGN:
            message, advice = f"BigQuery has no {min(words & _FOREIGN)} JOIN", "write the condition, or EXISTS"
        elif "CROSS" in words and has_condition:
            message, advice = "CROSS JOIN has no condition", "JOIN with it, or filter in WHERE"
        elif words & {"LEFT", "RIGHT", "FULL", "INNER"} and not has_condition and not _is_array(join.this):
            message, advice = "this join needs ON or USING", "CROSS JOIN is for all pairs"
        else:
            continue
        yield Diagnostic(query.place_of(join.this), codes.JOIN, message, advice)


def _is_array(item: exp.Expr) -> bool:
    """Whether an array is joined, or what may be one: its elements belong to their row without a condition."""
    return not isinstance(item, (exp.Table, exp.Subquery)) or (isinstance(item, exp.Table) and not item.db)
