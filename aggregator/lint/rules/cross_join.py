"""Every row of one table with every row of another."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, columns_in, place_of_item


class CrossJoin:
    """A join of two tables without a condition that names both."""

    code = Code(
        "L046",
        "cross-join",
        """Two tables are joined without a condition between them.

Every row of one then meets every row of the other: 300,000 flights and 1,400 airports make 420 million rows, which
BigQuery computes and bills as slot time, and each number is counted 1,400 times. Say what belongs together, in ON or
USING. A relation of one row (totals, parameters), an unnested array, and rows that come from no table (a list of dates)
may be joined with everything.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flights.flight_date, flights.carrier, airports.name
FROM staging.flights AS flights, dims.airports AS airports"""
    good = """SELECT flights.flight_date, flights.carrier, airports.name
FROM staging.flights AS flights
JOIN dims.airports AS airports ON airports.airport = flights.dest"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per join."""
        for scope in subject.selects():
            select = scope.expression
            joins = select.args.get("joins") or []
            first = select.args.get("from_")
            if not joins or first is None or _is_small(first.this, scope, subject):
                continue
            for join in joins:
                if (
                    not join.args.get("using")
                    and not _is_small(join.this, scope, subject)
                    and not _is_tied(join, select)
                ):
                    name = join.this.alias_or_name
                    if _has_fixed_key(name, scope, subject):
                        continue
                    message, advice = f"every row here meets every row of {name}", "say in ON what belongs together"
                    yield Diagnostic(place_of_item(subject.query, join.this), self.code, message, advice)


def _has_fixed_key(alias: str, scope: Scope, subject: Inspected) -> bool:
    """Whether conditions leave one row of a relation, as they hold its whole key fixed."""
    _, source = scope.selected_sources.get(alias, (None, None))
    return source is not None and subject.relations.has_one_row(alias, source, bound_columns(scope))


def _is_small(item: exp.Expr, scope: Scope, subject: Inspected) -> bool:
    """Whether an item of FROM has one row, or rows that are in no table."""
    if not isinstance(item, (exp.Table, exp.Subquery)):
        return True  # an unnested array, a list of values
    source = scope.sources.get(item.alias_or_name)
    if isinstance(source, exp.Table) or source is None:
        return isinstance(source, exp.Table) and not source.db
    return subject.relations.is_one_row(source.expression) or _reads_no_table(source)


def _reads_no_table(scope: Scope) -> bool:
    return not any(isinstance(each, exp.Table) for part in scope.traverse() for each in part.sources.values())


def _is_tied(join: exp.Join, select: exp.Expr) -> bool:
    """Whether a condition names the joined relation together with another one."""
    name = join.this.alias_or_name
    where = select.args.get("where")
    others = [each.args.get("on") for each in select.args["joins"]]
    tests = [test for test in (join.args.get("on"), where.this if where else None, *others) if test is not None]
    if any(True for _ in join.this.find_all(exp.Column) if isinstance(join.this, exp.Lateral)):
        return True
    for test in tests:
        for part in test.walk():
            if isinstance(part, (exp.Predicate, exp.Func)) and not isinstance(part, exp.Connector):
                aliases = {column.table for column in columns_in(part)}
                if name in aliases and len(aliases) > 1:
                    return True
    return False
