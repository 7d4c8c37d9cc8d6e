"""A condition on partitions that BigQuery can't use to skip them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.maps import ALL
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import columns_in

_CUTS = (exp.Date, exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc, exp.Cast)
"""Functions through which BigQuery sees the partitions, as long as no time zone is given."""

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)


class Unpruned:
    """A WHERE that hides the partition column of a table that is read whole."""

    code = Code(
        "L048",
        "unpruned",
        """A table is read whole, and the condition on its partition column lets BigQuery skip nothing: it stands
inside a function, or is compared with a subquery.

All partitions are read and billed, and most rows are thrown away: `EXTRACT(YEAR FROM flight_date) = 2013` reads ten
years, and so does `flight_date = (SELECT MAX(flight_date) FROM …)`. Compare the column itself with constants:
`flight_date >= '2013-01-01' AND flight_date < '2014-01-01'`; better still, read through a partition map.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT origin, MAX(wind_speed_mph) AS wind
FROM staging.weather
WHERE EXTRACT(MONTH FROM observed_date) = 7
GROUP BY origin"""
    good = """SELECT origin, MAX(wind_speed_mph) AS wind
FROM staging.weather
WHERE observed_date >= '2013-07-01' AND observed_date < '2013-08-01'
GROUP BY origin"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per table and WHERE, unless another condition there does skip partitions."""
        whole = {edge.table for edge in subject.model.inputs if edge.map == ALL}
        for scope in subject.selects() if whole else ():
            where = scope.expression.args.get("where")
            conditions = list(conjuncts(where.this)) if where is not None else []
            for alias, (_, source) in scope.selected_sources.items() if conditions else ():
                table = subject.relations.table(source)
                if table is None or table.calendar is None or table.name not in whole:
                    continue
                name = table.calendar.column.casefold()
                tests = [test for test in conditions if _names(test, alias, name)]
                hidden = [test for test in tests if _hides(test, alias, name)]
                if hidden and len(hidden) == len(tests):
                    message = f"this does not keep BigQuery from reading every partition of {table.name}"
                    advice = f"compare {table.calendar.column} itself with constants, or declare a partition map"
                    yield Diagnostic(subject.query.place_of(hidden[0]), self.code, message, advice)


def _is_column(node: exp.Expr | None, alias: str, name: str) -> bool:
    return isinstance(node, exp.Column) and node.table == alias and node.name.casefold() == name


def _names(test: exp.Expr, alias: str, name: str) -> bool:
    return any(_is_column(column, alias, name) for column in columns_in(test))


def _hides(test: exp.Expr, alias: str, name: str) -> bool:
    """Whether a condition on a partition column leaves BigQuery without a range of its values."""
    if not isinstance(test, _COMPARISONS):
        return False
    operands = [part.unnest() for part in test.iter_expressions()]
    for operand in operands:
        if not _names(operand, alias, name):
            continue
        others = [each for each in operands if each is not operand]
        if any(_reads(each) for each in others):
            return True
        if _is_column(operand, alias, name) or any(True for each in others for _ in columns_in(each)):
            return False
        return not _is_cut(operand, alias, name)
    return False


def _reads(node: exp.Expr) -> bool:
    """Whether a value comes from a table."""
    return isinstance(node, exp.Query) and node.find(exp.Table) is not None


def _is_cut(node: exp.Expr, alias: str, name: str) -> bool:
    zone = node.args.get("zone")
    return isinstance(node, _CUTS) and zone is None and _is_column(node.this, alias, name)
