"""All cases compared, and the constructs of those that agree."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlglot
from side_by_side import compare, random_rows
from side_by_side.agreed_cases import GROUPS
from side_by_side.compare import AGREES, NEAR, SILENT, Compared
from sqlglot import exp

import aggregator.engines.duckdb.dialect as package
from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.tables import Answer, Rows
from aggregator.analyzers.protocol import Mistake
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.nodes import Nodes
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import Fidelity, OutputColumn
from aggregator.core.names import TableName
from aggregator.engines.duckdb.dialect.constructs import constructs
from aggregator.engines.duckdb.dialect.rewrites import REWRITES
from aggregator.engines.duckdb.dialect.verdict import verdict

AGREED = Path(package.__file__).with_name("agreed.json")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "local-engine.md"
ROWS = 24
_AT_ONCE = 16
_BEGIN, _END = "<!-- corrections: written by python -m tests.side_by_side -->", "<!-- end -->"


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
            asked = cases or [case for group in GROUPS.values() for case in group]
            for case, answer in answers(evaluator, asked, rows).items():
                better = compare.compared(compare.query_of(case), engine, answer)
                if isinstance(answer, Mistake) and better.outcome == AGREES:
                    better = Compared("fails alike", better.why, 1)
                before = found.get(case)
                if before is not None:
                    worst = better if before.outcome in (AGREES, "fails alike") else before
                    better = dataclasses.replace(worst, values=before.values + better.values)
                found[case] = better
    return found


def answers(evaluator: Any, cases: Sequence[str], rows: Any) -> dict[str, Answer]:
    """What the reference engine says of cases: of many expressions in one query, which is much quicker."""
    whole = [case for case in cases if not compare.is_expression(case)]
    found = {case: compare.asked(evaluator, compare.query_of(case), rows) for case in whole}
    waiting = [case for case in cases if compare.is_expression(case)]
    for first in range(0, len(waiting), _AT_ONCE):
        found |= _together(evaluator, waiting[first : first + _AT_ONCE], rows)
    return found


def _together(evaluator: Any, cases: Sequence[str], rows: Any) -> dict[str, Answer]:
    """Where one of them is a mistake, it is found by halving."""
    if len(cases) == 1:
        return {cases[0]: compare.asked(evaluator, compare.query_of(cases[0]), rows)}
    columns = ", ".join(f"{case} AS v{place}" for place, case in enumerate(cases))
    answer = compare.asked(evaluator, f"SELECT k, {columns} FROM t ORDER BY k", rows)
    if not isinstance(answer, Rows):
        middle = len(cases) // 2
        return _together(evaluator, cases[:middle], rows) | _together(evaluator, cases[middle:], rows)
    key, *others = answer.columns
    return {
        case: Rows((key, column), tuple((row[0], row[place]) for row in answer.values), is_ordered=True)
        for place, (case, column) in enumerate(zip(cases, others, strict=True), start=1)
    }


def believed(found: Mapping[str, Compared]) -> dict[str, str]:
    """What gives other rows and is not refused: there must be nothing."""
    others = {case: each for case, each in found.items() if each.outcome in (SILENT, NEAR)}
    known = {NEAR: (Fidelity.REFUSED, Fidelity.APPROXIMATE), SILENT: (Fidelity.REFUSED,)}
    return {case: each.why for case, each in others.items() if fidelity(case) not in known[each.outcome]}


def fidelity(case: str) -> Fidelity:
    """What the product says of a case before it is run."""
    said = {each.fidelity for each in verdict(Nodes(typed(compare.query_of(case))))}
    return next((each for each in (Fidelity.REFUSED, Fidelity.APPROXIMATE) if each in said), Fidelity.EXACT)


def agreed(found: Mapping[str, Compared]) -> dict[str, list[str]]:
    """The constructs of all cases that agree, with the types on which they do."""
    types: dict[str, set[str]] = collections.defaultdict(set)
    for case, each in found.items():
        if each.outcome != AGREES:
            continue
        tree = typed(compare.query_of(case))
        if tree is not None:
            for construct in constructs(Nodes(tree)):
                types[construct.name].update(construct.types)
    return {name: sorted(each) for name, each in sorted(types.items())}


def with_corrections(page: str) -> str:
    """The page of documentation, with the table of corrections as it is in the code."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = (f"| `{kind.__name__}` | {_first_line(rewrite)} |" for kind, rewrite in REWRITES.items())
    return "\n".join([f"{before}{_BEGIN}", "", "| node | |", "|---|---|", *rows, "", f"{_END}{after}"])


def _first_line(rewrite: Any) -> str:
    return str(rewrite.__doc__).strip().splitlines()[0].replace("|", "\\|")


def typed(sql: str) -> Any:
    """The tree of a query whose nodes know their types, as the compiler makes it."""
    return analysed(sql, "tree")


def told(sql: str) -> list[tuple[str, str]]:
    """The names and types of the columns of a query, as the compiler finds them."""
    return [(each.name, each.type) for each in analysed(sql, "columns") or ()]


def analysed(sql: str, part: str) -> Any:
    """A part of what the compiler makes of a query; None where it makes nothing."""
    table = TableName("lake", "t")
    named = [each.this.meta for each in sqlglot.parse_one(sql, read="bigquery").find_all(exp.Table) if _is_alone(each)]
    text = sql
    for meta in sorted((each for each in named if "start" in each), key=lambda each: -each["start"]):
        text = text[: meta["start"]] + str(table) + text[meta["end"] + 1 :]
    query = parse_select(text, Document("", text), 0, None)
    columns = tuple(OutputColumn(name, type_) for name, type_ in random_rows.COLUMNS.items())
    analysis = analyse(query, {table: columns}, "DATE") if isinstance(query, Query) else None
    return getattr(analysis, part) if isinstance(analysis, Analysis) else None


def _is_alone(table: exp.Table) -> bool:
    """Whether the table of the cases is named, which lies in no dataset there."""
    return (table.db, table.name) == ("", "t")
