"""A total that is NULL takes the other one with it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.linear import TOTALS, is_never_null
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class NullSwallows:
    """``SUM(a) - SUM(b)``, where one of them may be NULL."""

    code = Code(
        "L083",
        "null-swallows",
        """Two totals are added or subtracted, and one of them may be NULL for a whole group.

`SUM` of nothing but NULL is NULL, and `5 - NULL` is NULL, not 5: the row is missing in every total that is made from it
later. Write `COALESCE(SUM(a), 0) - COALESCE(SUM(b), 0)`; or add up what is not NULL, `SUM(COALESCE(b, 0))`. Counts are
never NULL. If the columns never are either, say so in a suppression.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, SUM(arr_delay) - SUM(dep_delay) AS gained
FROM staging.flights
GROUP BY flight_date"""
    good = """SELECT flight_date, COALESCE(SUM(arr_delay), 0) - COALESCE(SUM(dep_delay), 0) AS gained
FROM staging.flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per sum or difference."""
        for node in subject.qualified.of(exp.Add, exp.Sub):
            sides = [node.this.unnest(), node.expression.unnest()]
            weak = next((side for side in sides if _may_be_null(side)), None) if all(map(_is_total, sides)) else None
            if weak is not None and isinstance(node.find_ancestor(exp.Coalesce, exp.Having, exp.Query), exp.Query):
                message = "where one of these totals is NULL, the other is lost"
                advice = "write COALESCE(SUM(…), 0) for each that may be NULL"
                yield Diagnostic(subject.query.place_of(weak), self.code, message, advice)


def _is_total(node: exp.Expr) -> bool:
    if isinstance(node, exp.Coalesce):
        return _is_total(node.this)
    return isinstance(node, TOTALS) and not isinstance(node.parent, exp.Window)


def _may_be_null(node: exp.Expr) -> bool:
    """Whether nothing keeps a total from being NULL: neither COALESCE nor a number for the rows that do not count."""
    return isinstance(node, exp.Sum) and not is_never_null(node) and not _has_number(node.this)


def _has_number(node: exp.Expr) -> bool:
    if isinstance(node, exp.Coalesce):
        return any(isinstance(each, exp.Literal) for each in node.expressions)
    if isinstance(node, exp.If):
        return any(isinstance(node.args.get(key), exp.Literal) for key in ("true", "false"))
    if isinstance(node, exp.Case):
        results = [node.args.get("default"), *(branch.args.get("true") for branch in node.args["ifs"])]
        return node.args.get("default") is not None and any(isinstance(each, exp.Literal) for each in results)
    return False
