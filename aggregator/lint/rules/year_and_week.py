"""A week belongs to one year, and that is not the calendar's."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_MARKS = {"%Y": "YEAR", "%G": "ISOYEAR", "%V": "ISOWEEK", "%m": "MONTH"}
"""What FORMAT_DATE writes, as parts of a date."""


class YearAndWeek:
    """``GROUP BY`` the calendar's year and the week."""

    code = Code(
        "L084",
        "year-and-week",
        """Rows are grouped by `EXTRACT(YEAR …)` and `EXTRACT(ISOWEEK …)` or `EXTRACT(WEEK …)`.

Weeks straddle the turn of the year. The 30th and 31st of December 2013 are in ISO week 1, so with the calendar's year
they are counted with the first days of January 2013; a `WEEK` is cut in two, and each part looks like a bad week. Group
by the day on which the week begins, `DATE_TRUNC(flight_date, ISOWEEK)`, or take `ISOYEAR` with `ISOWEEK`. The same is
wrong with `FORMAT_DATE('%Y-%V', …)`, where `'%G-%V'` is right.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT EXTRACT(YEAR FROM time_hour) AS year, EXTRACT(ISOWEEK FROM time_hour) AS week, COUNT(*) AS n
FROM lake.flights
GROUP BY EXTRACT(YEAR FROM time_hour), EXTRACT(ISOWEEK FROM time_hour)"""
    good = """SELECT EXTRACT(ISOYEAR FROM time_hour) AS year, EXTRACT(ISOWEEK FROM time_hour) AS week, COUNT(*) AS n
FROM lake.flights
GROUP BY EXTRACT(ISOYEAR FROM time_hour), EXTRACT(ISOWEEK FROM time_hour)"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per GROUP BY."""
        for group in subject.qualified.of(exp.Group):
            parts = {part: node for node in group.expressions for part in _parts(node, subject)}
            week = next((part for part in parts if part in ("ISOWEEK", "WEEK")), "")
            if "YEAR" in parts and week and "ISOYEAR" not in parts and "MONTH" not in parts:
                message = "the year and the week do not belong together at the turn of the year"
                if week == "WEEK":
                    message = "weeks at the turn of the year are cut in two"
                advice = "group by DATE_TRUNC(…, ISOWEEK)" + (", or by ISOYEAR (%G)" if week == "ISOWEEK" else "")
                yield Diagnostic(subject.query.place_of(parts[week]), self.code, message, advice)


def _parts(node: exp.Expr, subject: Inspected) -> Iterator[str]:
    """The parts of dates that a key is, through WITH and subqueries."""
    found = subject.relations.definitions(node) if isinstance(node, exp.Column) else [node]
    for each in found:
        inner = each.unalias().unnest() if isinstance(each, exp.Expr) else None
        if isinstance(inner, exp.Extract):
            part = inner.this
            yield "WEEK" if isinstance(part, exp.WeekStart) else part.name.upper()
        elif isinstance(inner, exp.TimeToStr):
            written = inner.args["format"].name
            yield from (part for mark, part in _MARKS.items() if mark in written)
