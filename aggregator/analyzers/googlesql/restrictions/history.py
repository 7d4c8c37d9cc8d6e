"""Reading a table as it was: ``FOR SYSTEM_TIME AS OF``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aggregator.analyzers.googlesql.restrictions.protocol import Broken, Rule
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, below, common, is_a, unwrapped

_CLAUSE = "FOR SYSTEM_TIME AS OF"
_TIME = "for_system_time_expr"
_ROUTINES = ("udf:", "Templated_SQL_Function:")


def constant_times(tree: Tree) -> Iterator[Broken]:
    """The time is known before the query runs: it comes from no table and no routine."""
    for scan in tree.of("ResolvedTableScan"):
        for node in below(unwrapped(scan.for_system_time_expr)) if scan.HasField(_TIME) else ():
            if is_a(node, "ResolvedSubqueryExpr"):
                yield Broken(f"{_CLAUSE} expression cannot contain a subquery", node)
            elif is_a(node, "ResolvedFunctionCall") and common(node, "function").name.startswith(_ROUTINES):
                yield Broken(f"{_CLAUSE} expression cannot contain a user-defined function", node)


def one_time(tree: Tree) -> Iterator[Broken]:
    """A query sees each table at one time: now, or then."""
    scans: dict[str, list[Node]] = defaultdict(list)
    for scan in tree.of("ResolvedTableScan"):
        scans[scan.table.full_name].append(scan)
    for name, each in scans.items():
        past = [scan for scan in each if scan.HasField(_TIME)]
        if past and len(past) < len(each):
            yield Broken(f"{_CLAUSE}: table {name} cannot be referenced at more than one point in time", past[0])


RULES = (Rule(("system_time", "system time"), constant_times), Rule(("system_time", "system time"), one_time))
