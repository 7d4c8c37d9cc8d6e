"""An output column that hides a column of the table."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import columns_in, has_aggregate


class ShadowingAlias:
    """``GROUP BY x`` where ``x`` is both a column and an expression's name."""

    code = Code(
        "L056",
        "shadowing-alias",
        """GROUP BY or HAVING uses a name that is both a column of the table and the name of an output column made from
something else; or WHERE uses such a name of an aggregate.

Engines choose differently. For `SELECT DATE_TRUNC(day, MONTH) AS day … GROUP BY day`, one groups by month and another
by day, which gives 30 rows where 1 was meant. Give the output column another name.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT DATE_TRUNC(observed_date, MONTH) AS observed_date, COUNT(*) AS reports
FROM staging.weather
GROUP BY observed_date"""
    good = """SELECT DATE_TRUNC(observed_date, MONTH) AS observed_month, COUNT(*) AS reports
FROM staging.weather
GROUP BY observed_month"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per use."""
        for select in subject.written.of(exp.Select):
            clauses = [(key, select.args[key]) for key in ("where", "group", "having") if select.args.get(key)]
            bare = [(key, each) for key, clause in clauses for each in columns_in(clause) if not each.table]
            used = {column.name.casefold() for _, column in bare}
            hiding = {item.alias.casefold(): item.this for item in select.expressions if used and _hides(item, used)}
            for key, column in bare if hiding else ():
                made = hiding.get(column.name.casefold())
                if made is not None and not _is_plain(column, key, made):
                    message = f"{column.name} is both a column of the table and an output column made from it"
                    advice = "give the output column another name"
                    yield Diagnostic(subject.query.place_of(column), self.code, message, advice)


def _hides(item: exp.Expr, used: set[str]) -> bool:
    """Whether an output column has one of some names, and is made from the column of that name."""
    if not isinstance(item, exp.Alias) or isinstance(item.this, exp.Column) or item.alias.casefold() not in used:
        return False
    return any(each.name.casefold() == item.alias.casefold() for each in columns_in(item.this))


def _is_plain(column: exp.Column, key: str, made: exp.Expr) -> bool:
    """Whether there is no doubt: inside an aggregate, or a condition on rows, which can only be on the column."""
    if key == "where":
        return not has_aggregate(made)
    return isinstance(column.find_ancestor(exp.AggFunc, exp.Select), exp.AggFunc) or (
        key == "group" and column.parent is not None and not isinstance(column.parent, exp.Group)
    )
