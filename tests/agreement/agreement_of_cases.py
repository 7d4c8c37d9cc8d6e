"""All cases compared, and the constructs of those that agree."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import compare
import random_rows
from agreed_cases import GROUPS
from compare import AGREES, Compared

import aggregator.engines.duckdb.dialect as package
from aggregator.analyzers.googlesql import module
from aggregator.analyzers.protocol import Mistake
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName
from aggregator.engines.duckdb.dialect.constructs import constructs

AGREED = Path(package.__file__).with_name("agreed.json")
ROWS = 24


def reference() -> Any:
    """The reference engine, in this process."""
    from aggregator.analyzers.googlesql.client import Instances
    from aggregator.analyzers.googlesql.evaluate import Evaluator
    from aggregator.analyzers.googlesql.judge import Judge

    return Evaluator(Judge(Instances(module.compile_module(module.source_path()))))


def outcomes(evaluator: Any, seeds: Sequence[int], cases: Sequence[str] = ()) -> dict[str, Compared]:
    """The worst that came of each case on the rows of several seeds."""
    found: dict[str, Compared] = {}
    for seed in seeds:
        rows = random_rows.rows(seed, ROWS)
        with compare.opened(rows) as engine:
            for case in cases or [case for group in GROUPS.values() for case in group]:
                sql = compare.query_of(case)
                answer = compare.asked(evaluator, sql, rows)
                better = compare.compared(sql, engine, answer)
                if isinstance(answer, Mistake) and better.outcome == AGREES:
                    better = Compared("fails alike", better.why, 1)
                if case not in found or found[case].outcome in (AGREES, "fails alike"):
                    found[case] = better
    return found


def agreed(found: Mapping[str, Compared]) -> dict[str, list[str]]:
    """The constructs of all cases that agree, with the types on which they do."""
    types: dict[str, set[str]] = collections.defaultdict(set)
    for case, each in found.items():
        if each.outcome != AGREES:
            continue
        tree = typed(compare.query_of(case))
        if tree is not None:
            for construct in constructs(tree):
                types[construct.name].update(construct.types)
    return {name: sorted(each) for name, each in sorted(types.items())}


def typed(sql: str) -> Any:
    """The tree of a query whose nodes know their types, as the compiler makes it."""
    table = TableName("lake", "t")
    query = parse_select(sql.replace("FROM t", "FROM lake.t").replace("JOIN t ", "JOIN lake.t "), Document("", sql), 0, None)
    columns = tuple(OutputColumn(name, type_) for name, type_ in random_rows.COLUMNS.items())
    analysis = analyse(query, {table: columns}, "DATE") if isinstance(query, Query) else None
    return analysis.tree if isinstance(analysis, Analysis) else None
