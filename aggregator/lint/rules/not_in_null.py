"""``NOT IN`` and NULL give no rows at all."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import TableColumn

_NEVER_NULL = (exp.Literal, exp.Count, exp.CountIf, exp.Boolean)


class NotInNull:
    """``x NOT IN (SELECT y …)`` where ``y`` may be NULL."""

    code = Code(
        "L060",
        "not-in-null",
        """`NOT IN` looks into a list that may hold a NULL.

One NULL in it, and the condition is true for no row: the model is empty one day, without any error. Write
`NOT EXISTS (SELECT 1 FROM … WHERE y = x)`, or leave NULLs out of the list: `WHERE y IS NOT NULL`. Nothing is said of
columns that are part of a table's declared key.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, tailnum FROM staging.flights
WHERE tailnum NOT IN (SELECT tailnum FROM lake.planes WHERE seats > 100)"""
    good = """SELECT flight_date, tailnum FROM staging.flights
WHERE tailnum NOT IN (SELECT tailnum FROM lake.planes WHERE seats > 100 AND tailnum IS NOT NULL)"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per NOT IN."""
        for node in subject.qualified.of(exp.In):
            if not isinstance(node.parent, exp.Not):
                continue
            query = node.args.get("query")
            if any(isinstance(each, exp.Null) for each in node.expressions):
                message, advice = "NOT IN with a NULL in its list is never true", "take NULL out of the list"
            elif isinstance(query, exp.Query) and _may_be_null(query.unnest(), subject):
                message, advice = "NOT IN gives no rows if this has a NULL", "NOT EXISTS (…), or add IS NOT NULL to it"
            else:
                continue
            yield Diagnostic(subject.query.place_of(query or node), self.code, message, advice)


def _may_be_null(query: exp.Expr, subject: Inspected) -> bool:
    if not isinstance(query, exp.Select) or len(query.selects) != 1:
        return isinstance(query, exp.SetOperation) and any(
            _may_be_null(side.unnest(), subject) for side in (query.left, query.right)
        )
    value = query.selects[0].unalias()
    where = query.args.get("where")
    if where is not None and any(_is_not_null(test, value) for test in conjuncts(where.this)):
        return False
    if isinstance(value, exp.Column):
        found = list(subject.relations.definitions(value))
        return any(_is_nullable(each) for each in found)
    return not isinstance(value, (*_NEVER_NULL, exp.Coalesce))


def _is_not_null(test: exp.Expr, value: exp.Expr) -> bool:
    """Whether a condition lets no row through in which a value is NULL."""
    if isinstance(test, exp.Not):
        inner = test.this.unnest()
        return isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and inner.this == value
    return isinstance(test, (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NEQ, exp.In, exp.Between, exp.Like)) and any(
        part == value for part in test.iter_expressions()
    )


def _is_nullable(definition: exp.Expr | TableColumn) -> bool:
    if isinstance(definition, TableColumn):
        return definition.column.name.casefold() not in {name.casefold() for name in definition.table.key}
    return not isinstance(definition, (*_NEVER_NULL, exp.Coalesce))
