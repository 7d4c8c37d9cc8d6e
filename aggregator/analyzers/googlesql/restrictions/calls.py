"""Functions where BigQuery does not have them: without OVER, with it, behind SAFE, or by another name."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.analyzers.googlesql.restrictions.protocol import Broken, Rule
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, common, unwrapped

_ONLY_OVER_WINDOWS = frozenset({"percentile_cont", "percentile_disc"})
_NEVER_OVER_WINDOWS = frozenset(
    {"approx_count_distinct", "approx_quantiles", "approx_top_count", "approx_top_sum", "hll_count.init"}
)
_SAFE = 1
_NANOSECOND = 12
_TYPES = {20: "TIME", 19: "TIMESTAMP", 21: "DATETIME"}
_ROUTINES = ("udf:", "Templated_SQL_Function:")


def without_windows(tree: Tree) -> Iterator[Broken]:
    """The exact percentiles are window functions only."""
    for call in tree.of("ResolvedAggregateFunctionCall"):
        if _builtin(call) in _ONLY_OVER_WINDOWS:
            name = _builtin(call).upper()
            yield Broken(f"Analytic function {name} cannot be called without an OVER clause", call)


def over_windows(tree: Tree) -> Iterator[Broken]:
    """Approximate aggregates and sketches are not computed over windows."""
    for call in tree.of("ResolvedAnalyticFunctionCall"):
        if _builtin(call) in _NEVER_OVER_WINDOWS:
            yield Broken(f"Aggregate function {_builtin(call).upper()} does not support an OVER clause", call)


def safe(tree: Tree) -> Iterator[Broken]:
    """``SAFE.`` is for built-in functions of one row."""
    for call in tree.of("ResolvedAggregateFunctionCall"):
        if common(call, "error_mode") == _SAFE:
            yield Broken("The SAFE. prefix is not supported with aggregate functions", call)
    for call in tree.of("ResolvedAnalyticFunctionCall"):
        if common(call, "error_mode") == _SAFE:
            yield Broken("The SAFE. prefix is not supported with window functions", call)
    for call in tree.of("ResolvedFunctionCall"):
        if common(call, "error_mode") == _SAFE and common(call, "function").name.startswith(_ROUTINES):
            yield Broken("The SAFE. prefix is not supported with user-defined functions", call)


def nanoseconds(tree: Tree) -> Iterator[Broken]:
    """No type of BigQuery's has parts below the microsecond."""
    for call in tree.of("ResolvedFunctionCall"):
        if _builtin(call) == "$extract":
            source, part = (unwrapped(each) for each in common(call, "argument_list")[:2])
            type_ = _TYPES.get(common(source, "type").type_kind)
            if type_ and common(part, "value").value.enum_value == _NANOSECOND:
                yield Broken(f"EXTRACT from {type_} does not support the NANOSECOND date part", call)


RULES = (
    Rule(("percentile_",), without_windows),
    Rule(("approx_", "hll_count"), over_windows),
    Rule(("safe",), safe),
    Rule(("nanosecond",), nanoseconds),
)


def _builtin(call: Node) -> str:
    name: str = common(call, "function").name
    return name.removeprefix("ZetaSQL:")
