"""Which expression makes a query fail: DuckDB's message does not tell where.

The query is run again with some of its expressions as NULL, half of those that are left each time, until one remains
whose presence makes the difference. Nothing of this costs anything while queries succeed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError

from aggregator.compile.pipes import tree_of
from aggregator.engines.duckdb.dialect.source import Source
from aggregator.engines.duckdb.dialect.typing import Schemas, tell_types
from aggregator.engines.duckdb.trees import walked
from aggregator.engines.protocol import Culprit, QueryError

_MAY_FAIL = (exp.Func, exp.Binary, exp.Bracket, exp.Neg, exp.Subquery, exp.Dot)
_DO_NOT = (exp.Connector, exp.Predicate, exp.AggFunc, exp.UDTF, exp.PropertyEQ, exp.Not, exp.Array, exp.Struct)
_ROWS = (exp.From, exp.Join, exp.CTE, exp.SetOperation, exp.In, exp.Exists, exp.Subquery, exp.Array, exp.Lateral)
_LONGEST, _SECONDS = 60, 20


def culprit(query: str, error: QueryError, schemas: Schemas, run: Callable[[str], object]) -> Culprit | None:
    """The expression of a query in BigQuery's SQL without which it would not fail; None if none is found in time.

    ``run`` runs another query, and raises QueryError if that fails.
    """
    try:
        tree = tree_of(query, Source)
        suspects = list(_suspects(tree))
        tell_types(walked(tree), query, schemas)
        failing, found = _last(tree, suspects, run)
    except (SqlglotError, QueryError):
        return None
    starts = [start for each in suspects[found] if (start := _start(each)) is not None] if found < len(suspects) else []
    return None if not starts else Culprit(min(starts), _shortened(suspects[found][0]), str(failing or error))


def _last(
    tree: exp.Expr, suspects: Sequence[Sequence[exp.Expr]], run: Callable[[str], object]
) -> tuple[QueryError | None, int]:
    """The index of the last one that fails when those before it do not; and how, if they had to be left out for it."""
    deadline = time.monotonic() + _SECONDS
    error, fails, passes = None, 0, len(suspects) + 1
    while passes - fails > 1:
        middle = len(suspects) if passes > len(suspects) else (passes + fails) // 2
        if time.monotonic() > deadline:
            raise QueryError("the search takes too long")
        try:
            run(_without(tree, suspects[:middle]))
            passes = middle
        except QueryError as other:
            if not other.in_rows:
                raise  # without these it is no query any more
            error, fails = other, middle
    return error, fails


def _suspects(tree: exp.Expr) -> Iterator[Sequence[exp.Expr]]:
    """What may fail, each before what it stands in; what is written alike is one, as in SELECT and GROUP BY."""
    found: dict[str, list[exp.Expr]] = {}
    for node in reversed(list(tree.walk(bfs=False))):
        if isinstance(node, _MAY_FAIL) and not isinstance(node, _DO_NOT) and _is_value(node):
            found.setdefault(node.sql(dialect=Source), []).append(node)
    yield from found.values()


def _is_value(node: exp.Expr) -> bool:
    if isinstance(node, exp.Subquery):
        return not isinstance(node.parent, _ROWS)
    if isinstance(node, exp.Dot):
        return isinstance(node.expression, exp.Func)
    return not isinstance(node.parent, exp.Dot) and not isinstance(node.parent, (exp.Table, exp.Window))


def _start(node: exp.Expr) -> int | None:
    """Where the first word of an expression stands."""
    return min((each.meta["start"] for each in node.walk() if "start" in each.meta), default=None)


def _shortened(node: exp.Expr) -> str:
    text = " ".join(node.sql(dialect=Source, normalize_functions=False).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _without(tree: exp.Expr, suspects: Sequence[Sequence[exp.Expr]]) -> str:
    """The query with NULL for some expressions, of the type that they had."""
    replaced = {id(node) for nodes in suspects for node in nodes}
    copy = tree.copy()
    pairs = [(mine, theirs) for mine, theirs in zip(copy.walk(), tree.walk(), strict=True) if id(theirs) in replaced]
    for mine, theirs in pairs:
        null, data = exp.null(), theirs.type
        is_known = data is not None and data.this not in (exp.DType.UNKNOWN, exp.DType.NULL)
        mine.replace(exp.Cast(this=null, to=data.copy()) if data is not None and is_known else null)
    return copy.sql(dialect=Source)
