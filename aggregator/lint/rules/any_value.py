"""``ANY_VALUE`` takes any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.order import source_key, texts
from aggregator.lint.protocol import Inspected


class AnyValue:
    """``ANY_VALUE`` of a column that may have several values in a group."""

    code = Code(
        "L012",
        "any-value",
        """`ANY_VALUE` takes the value of an arbitrary row.

If the rows of a group disagree, the result changes from build to build: the name of an airport is `Newark` today and
`Newark Liberty` tomorrow, and whoever filters by the name loses half a year. Take `MIN` or `MAX`, which give the same
each time, or say which row: `ANY_VALUE(name HAVING MAX updated_at)`. Where the grouping holds the declared `key:` of
the table that the value is from, all rows agree, and nothing is said.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, tailnum, ANY_VALUE(carrier) AS carrier
FROM staging.flights
GROUP BY flight_date, tailnum"""
    good = """SELECT flight_date, tailnum, MIN(carrier) AS carrier
FROM staging.flights
GROUP BY flight_date, tailnum"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for node in subject.qualified.of(exp.AnyValue):
            select = node.find_ancestor(exp.Select)
            is_said = isinstance(node.this, exp.HavingMax) or isinstance(node.parent, exp.Pivot)  # a cell is of one row
            if is_said or select is None or _is_one(subject, node, select):
                continue
            message = "ANY_VALUE takes the value of an arbitrary row"
            advice = "use MIN or MAX, or say which row: HAVING MAX"
            yield Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _is_one(subject: Inspected, node: exp.AnyValue, select: exp.Select) -> bool:
    """Whether all rows of a group have the same value: each column of it belongs to a row that the grouping names."""
    window = node.parent
    if isinstance(window, exp.Window):
        grouped = list(window.args.get("partition_by") or ())
    else:
        group = select.args.get("group")
        grouped = list(group.expressions) if group else []
    equal = _equal_columns(select)
    known = _closure({text for each in texts(grouped) for text in (each, *equal.get(each, ()))}, equal)
    is_row_known = {alias: key <= known for alias, key in _keys(subject, select).items()}
    return all(
        texts([each]) <= known or is_row_known.get(each.table if isinstance(each, exp.Column) else each.name, False)
        for each in node.find_all(exp.Column, exp.TableColumn)  # the latter is a whole row
    )


def _keys(subject: Inspected, select: exp.Select) -> dict[str, frozenset[str]]:
    """What makes the rows of each FROM item of a SELECT unique, by its alias, where that is known."""
    scope = subject.analysis.scopes.get(id(select))
    known = {alias: source_key(subject, source) for alias, source in (scope.sources.items() if scope else ())}
    return {
        alias: texts([exp.column(name, table=alias) for name in key]) for alias, key in known.items() if key is not None
    }


def _equal_columns(select: exp.Select) -> dict[str, set[str]]:
    """Columns that joins and WHERE set equal, both ways."""
    equal: dict[str, set[str]] = {}
    conditions = [join.args.get("on") for join in select.args.get("joins") or ()]
    conditions += [where.this] if (where := select.args.get("where")) else []
    for condition in filter(None, conditions):
        for each in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            if isinstance(each, exp.EQ) and isinstance(each.left, exp.Column) and isinstance(each.right, exp.Column):
                left, right = (next(iter(texts([side]))) for side in (each.left, each.right))
                equal.setdefault(left, set()).add(right)
                equal.setdefault(right, set()).add(left)
    return equal


def _closure(known: set[str], equal: Mapping[str, set[str]]) -> frozenset[str]:
    waiting = list(known)
    while waiting:
        for text in equal.get(waiting.pop(), ()):
            if text not in known:
                known.add(text)
                waiting.append(text)
    return frozenset(known)
