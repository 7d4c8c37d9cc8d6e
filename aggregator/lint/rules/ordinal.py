"""Columns are grouped and ordered by name."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Edit, Layer, Severity
from aggregator.lint.protocol import Inspected


class Ordinal:
    """``GROUP BY 1`` and ``ORDER BY 2``."""

    code = Code(
        "L052",
        "ordinal",
        """Rows are grouped or ordered by the number of an output column.

Who adds a column in front of it, or changes their order, changes the grouping without noticing: the query still runs,
and gives other rows. A reader has to count. Write the names: `GROUP BY flight_date, carrier`; the name of an output
column may be used there.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, carrier, COUNT(*) AS flights FROM staging.flights GROUP BY 1, 2"
    good = "SELECT flight_date, carrier, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date, carrier"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per clause, at its first number."""
        for clause in subject.written.of(exp.Group, exp.Order):
            if isinstance(clause.parent, exp.Query):
                items = [each.this if isinstance(each, exp.Ordered) else each for each in clause.expressions]
                numbers = [item for item in items if isinstance(item, exp.Literal) and not item.is_string]
                if numbers:
                    what = "GROUP BY" if isinstance(clause, exp.Group) else "ORDER BY"
                    message = f"{what} {numbers[0].name} becomes another column when the order of columns changes"
                    place, edits = subject.query.place_of(numbers[0]), _edits(subject, clause, numbers)
                    yield Diagnostic(place, self.code, message, _advice(clause, numbers), edits)


def _edits(subject: Inspected, clause: exp.Expr, numbers: list[exp.Literal]) -> tuple[Edit, ...]:
    """Names in place of the numbers, where all of them surely mean the same.

    In GROUP BY, the name of an expression may also be that of a column, and mean that: only columns are written there.
    """
    selects = clause.parent.selects if isinstance(clause.parent, exp.Select) else []
    edits: list[Edit] = []
    for number in numbers:
        position = int(number.name) - 1 if number.name.isdigit() else -1
        item = selects[position] if 0 <= position < len(selects) else None
        is_column = isinstance(item, exp.Column) and isinstance(item.this, exp.Identifier) and not item.this.quoted
        if item is None or not is_column or item.find(exp.Star) or "start" not in number.meta:
            return ()
        edits += subject.edit(number.meta["start"], number.meta["end"] + 1, item.sql("bigquery", comments=False))
    return tuple(edits) if len(edits) == len(numbers) and not any(each.is_star for each in selects) else ()


def _advice(clause: exp.Expr, numbers: list[exp.Literal]) -> str:
    """The names that the numbers stand for, where all of them have one."""
    query = clause.parent
    selects = query.selects if isinstance(query, exp.Query) else []
    positions = [int(number.name) - 1 for number in numbers if number.name.isdigit()]
    names = [selects[position].alias_or_name for position in positions if 0 <= position < len(selects)]
    if len(names) < len(numbers) or not all(names) or any(each.is_star for each in selects):
        return "write the names of the columns"
    return f"write {', '.join(names)}"
