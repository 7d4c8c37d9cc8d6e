"""Arrays and texts that are made from rows must say in which order."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_AGGREGATES = (exp.ArrayAgg, exp.GroupConcat, exp.ArrayConcatAgg)
_WRAPPERS = (exp.IgnoreNulls, exp.RespectNulls, exp.Paren)
_ORDER_DOES_NOT_MATTER = (exp.ArraySize, exp.Unnest, exp.In)


class UnorderedAgg:
    """``ARRAY_AGG``, ``STRING_AGG``, ``ARRAY_CONCAT_AGG`` and ``ARRAY(SELECT …)`` without ``ORDER BY``."""

    code = Code(
        "L011",
        "unordered-agg",
        """An array or a text is made from rows in no order: `ARRAY_AGG`, `STRING_AGG`, `ARRAY_CONCAT_AGG` and
`ARRAY(SELECT …)` without ORDER BY.

The engine takes the rows as they come, and they come differently each time: the same day gives `UA, DL` today and
`DL, UA` tomorrow. The rows then look changed although nothing is new, everything downstream is built again, and
`[OFFSET(0)]` is another element. Say the order: `ARRAY_AGG(DISTINCT carrier ORDER BY carrier)`. Where only the number
of elements counts, or they are unnested again, nothing is said.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, STRING_AGG(DISTINCT carrier, ', ') AS carriers FROM staging.flights GROUP BY flight_date"
    good = """SELECT flight_date, STRING_AGG(DISTINCT carrier, ', ' ORDER BY carrier) AS carriers
FROM staging.flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for node in subject.written.of(*_AGGREGATES):
            if not _is_ordered(node) and not _order_is_lost(subject, node):
                yield self._finding(subject, node, name_of(node), "add ORDER BY inside its parentheses")
        for array in subject.written.of(exp.Array):
            query = array.expressions[0] if len(array.expressions) == 1 else None
            if isinstance(query, exp.Query) and _has_rows(query) and not _order_is_lost(subject, array):
                yield self._finding(subject, array, "ARRAY(SELECT …)", "add ORDER BY to its SELECT")

    def _finding(self, subject: Inspected, node: exp.Expr, name: str, advice: str) -> Diagnostic:
        message = f"the order in which {name} takes its rows is left to the engine"
        return Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _is_ordered(node: exp.Expr) -> bool:
    """Whether an ORDER BY stands inside the aggregate, or in the window over which it is taken."""
    inner = node.this
    while isinstance(inner, (exp.Limit, exp.IgnoreNulls, exp.RespectNulls)):
        inner = inner.this
    if isinstance(inner, (exp.Order, exp.Literal)):
        return True
    window = _wrapped(node).parent
    return isinstance(window, exp.Window) and (window.args.get("order") is not None or bool(window.alias))


def _has_rows(query: exp.Query) -> bool:
    """Whether a subquery may have several rows, in no order. Those of an array come in its order."""
    if query.args.get("order"):
        return False
    if not isinstance(query, exp.Select):
        return True
    source = query.args.get("from_")
    is_array = source is not None and isinstance(source.this, exp.Unnest)
    mixing = ("joins", "group", "distinct")
    return source is not None and not (is_array and not any(query.args.get(clause) for clause in mixing))


def _wrapped(node: exp.Expr) -> exp.Expr:
    while isinstance(node.parent, _WRAPPERS):
        node = node.parent
    return node


def _order_is_lost(subject: Inspected, node: exp.Expr) -> bool:
    """Whether nobody looks at the order: not here, and not where a column of WITH or of a subquery is used."""
    node = _wrapped(node)
    if isinstance(node.parent, _ORDER_DOES_NOT_MATTER):
        return True
    alias = node.parent
    if not isinstance(alias, exp.Alias) or alias.parent is subject.query.tree:
        return False
    name = alias.alias.casefold()
    uses = [column for column in subject.written.of(exp.Column) if column.name.casefold() == name]
    return bool(uses) and all(isinstance(use.parent, _ORDER_DOES_NOT_MATTER) for use in uses)
