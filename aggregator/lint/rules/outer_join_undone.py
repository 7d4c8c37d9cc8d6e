"""A condition in WHERE takes back what LEFT JOIN gives."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import columns_in

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like)
_STRICT = (exp.Column, exp.Identifier, exp.Cast, exp.DataType, exp.Paren, exp.Binary, exp.Lower, exp.Upper, exp.Date)
"""Expressions that are NULL when their column is."""


class OuterJoinUndone:
    """``LEFT JOIN`` with a WHERE on the right side's columns."""

    code = Code(
        "L064",
        "outer-join-undone",
        """A LEFT JOIN keeps rows that have no partner, and WHERE throws them away again, as it compares a column of the
right side, which is NULL in these rows.

The join is an inner join, though it does not look so; the flights without a plane are silently missing. If partners
are to be chosen, move the condition into ON. If rows without one are not wanted, write JOIN.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flights.flight_date, flights.tailnum, planes.model
FROM staging.flights AS flights
LEFT JOIN lake.planes AS planes ON planes.tailnum = flights.tailnum
WHERE planes.seats > 100"""
    good = """SELECT flights.flight_date, flights.tailnum, planes.model
FROM staging.flights AS flights
LEFT JOIN lake.planes AS planes ON planes.tailnum = flights.tailnum AND planes.seats > 100"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per condition."""
        for select in subject.qualified.of(exp.Select):
            where = select.args.get("where")
            optional = _optional(select) if where is not None else set()
            for test in conjuncts(where.this) if where is not None and optional else ():
                rejected = sorted({column.table for column in _rejected(test)} & optional)
                if rejected:
                    message = f"this throws away the rows that LEFT JOIN keeps without a partner in {rejected[0]}"
                    place = subject.query.place_of(test)
                    yield Diagnostic(place, self.code, message, "move the condition into ON, or write JOIN")


def _optional(select: exp.Select) -> set[str]:
    """The aliases that a LEFT JOIN brings in."""
    joins = select.args.get("joins") or ()
    return {join.this.alias_or_name for join in joins if join.side == "LEFT"}


def _rejected(test: exp.Expr) -> Iterator[exp.Column]:
    """The columns that can't be NULL in any row that passes a condition."""
    if not isinstance(test, _COMPARISONS):
        return
    operands = [test.this, test.expression] if isinstance(test, exp.Binary) else [test.this]
    for operand in operands:
        if isinstance(operand, exp.Expr) and all(isinstance(part, _STRICT) for part in operand.walk()):
            yield from columns_in(operand)
