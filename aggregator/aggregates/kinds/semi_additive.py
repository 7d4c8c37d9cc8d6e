"""``{last: seats, by: time_hour, over_time: last}``: adds up over dimensions, but not over time."""

from __future__ import annotations

from aggregator.aggregates.protocol import (
    Additivity,
    Algebra,
    BadMeasureError,
    Bucket,
    Column,
    State,
    expression,
    only,
)
from aggregator.core.aggregate import MeasureDeclaration


class SemiAdditive:
    """The total at one moment, and that moment: of two moments the later one counts, equal ones add up."""

    word = "last"
    method = "over_time"
    additivity = Additivity.ALGEBRAIC
    page = """A stock, such as seats, subscribers or a balance: it adds up over dimensions, and never over time.

`by:` is when a row was true. The total of an expression is taken over the rows with the largest `by:` of the group
(for `over_time: first`, the smallest); rows where either is NULL do not count. What is kept beside it is that
moment (`__at`). Merging keeps the total of the latest moment, and adds up totals of the same moment, so it does not
matter whether time or dimensions are rolled up first.

`over_time: avg` is the mean over the partitions of the aggregate itself: for a month of days, the totals at the end
of each day are added up (`__sum`) and divided by the number of days in the month. A day without rows counts as 0.

What is absent at the last moment is not in the total: a plane that does not fly at 23:00 is not among the seats at
23:00. Where every plane's own last row is meant, make the plane a dimension and use `last` without `over_time:`."""
    example = "{last: seats, by: time_hour, over_time: last}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """By the way in which time is rolled up."""
        only(measure, "last", "by", "over_time")
        over_time = measure.arguments["over_time"]
        value, by = expression(measure, "last"), expression(measure, "by")
        match over_time:
            case "last" | "first":
                return _at_one_moment(measure.name, value, by, "MAX" if over_time == "last" else "MIN")
            case "avg":
                return _averaged(measure.name, value, by, bucket)
        advice = "what is added up over time, too, is `sum`" if over_time == "sum" else ""
        raise BadMeasureError(f"over_time: must be last, first or avg, not {over_time}", advice, at=over_time)


def _moment(value: str, by: str) -> str:
    return f"IF(({value}) IS NULL, NULL, {by})"


def _at_one_moment(name: str, value: str, by: str, extreme: str) -> Algebra:
    at, chosen = f"{name}__at", f"{name}__chosen"
    states = (
        State(name, f"SUM(IF({by} = {chosen}, {value}, NULL))", f"SUM(IF({at} = {chosen}, {name}, NULL))"),
        State(at, f"MAX({chosen})", f"MAX({chosen})", meaning="when that was"),
    )
    before_rows = (Column(chosen, f"{extreme}({_moment(value, by)})"),)
    return Algebra(states, (), before_rows, (Column(chosen, f"{extreme}({at})"),))


def _averaged(name: str, value: str, by: str, bucket: Bucket) -> Algebra:
    total, chosen = f"{name}__sum", f"{name}__chosen"
    state = State(total, f"SUM(IF({by} = {chosen}, {value}, NULL))", f"SUM({total})", meaning="total of the partitions")
    final = Column(name, f"SAFE_DIVIDE({total}, {bucket.periods})")
    return Algebra((state,), (final,), (Column(chosen, f"MAX({_moment(value, by)})"),), checks=())
