"""``{distinct: tailnum, method: active_days}``: who was active, and on which of the last days."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, BadMeasureError, Bucket, Column, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration

MAX_DAYS = 63
"""An INT64 has 64 bits, and the highest is the sign."""

_WINDOWS = (1, 7, 28)
_WEEK = 7


class DistinctDays:
    """Each value with a bit for each day: the lowest is the last day of the bucket."""

    word = "distinct"
    method = "active_days"
    additivity = Additivity.HOLISTIC
    page = """How many different values there are, exactly, and how many of them were there on the last day, in the
last 7 and in the last 28: daily, weekly and monthly actives from one roll-up.

What is kept is every value with a number whose bits are the days on which it occurred, the lowest bit being the
last day (`__days`). A roll-up moves the bits of each day to where they belong and unites them. From a bucket of
more than a day come, where it is long enough, `_1d`, `_7d` and `_28d`, and `_returned_7d`: who was there in the
last 7 days and in the 7 before them. The measure itself counts the whole bucket. Buckets have at most 63 days, and
the aggregate is by day.

That is as much as there are values; see `exact_set`."""
    example = "{distinct: tailnum, method: active_days}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """An array of values and days, and counts of those whose days meet a mask."""
        only(measure, self.word, "method")
        if bucket.days is None:
            raise BadMeasureError("active_days needs an aggregate by day", "use exact_set, or hll")
        if bucket.days > MAX_DAYS:
            fix = "roll up to a week, a month or {rolling: 28 days}; or use exact_set, or hll"
            raise BadMeasureError(f"active_days reaches {MAX_DAYS} days back, not {bucket.days}", fix)
        value, days = expression(measure, self.word), f"{measure.name}__days"
        moved = f"ARRAY(SELECT AS STRUCT each.value, each.days << {bucket.age} AS days FROM UNNEST({days}) AS each)"
        united = (
            f"ARRAY(SELECT AS STRUCT each.value AS value, BIT_OR(each.days) AS days FROM UNNEST({days}) AS each "
            "GROUP BY each.value ORDER BY each.value)"
        )
        state = State(
            days,
            of_rows=f"ARRAY_AGG(DISTINCT {value} IGNORE NULLS ORDER BY {value})",
            settled_rows=f"ARRAY(SELECT AS STRUCT each AS value, 1 AS days FROM UNNEST({days}) AS each ORDER BY each)",
            of_states=f"ARRAY_CONCAT_AGG({days if bucket.age == '0' else moved})",
            settled_states=united,
            meaning="the different values, with a bit for each day",
        )
        windows = [n for n in _WINDOWS if n <= bucket.days and bucket.days > 1]
        finals = [Column(measure.name, f"IFNULL(ARRAY_LENGTH({days}), 0)")]
        finals += [Column(f"{measure.name}_{n}d", _counted(days, f"each.days & {2**n - 1} != 0")) for n in windows]
        checks = [Column(measure.name, f"COUNT(DISTINCT {value})")]
        recent = [(n, f"COUNT(DISTINCT IF({bucket.age} < {n}, {value}, NULL))") for n in windows]
        checks += [Column(f"{measure.name}_{n}d", sql) for n, sql in recent]
        if bucket.days >= 2 * _WEEK:
            this, before = 2**_WEEK - 1, (2**_WEEK - 1) << _WEEK
            both = f"each.days & {this} != 0 AND each.days & {before} != 0"
            finals.append(Column(f"{measure.name}_returned_{_WEEK}d", _counted(days, both)))
        return Algebra((state,), tuple(finals), checks=tuple(checks))


def _counted(days: str, test: str) -> str:
    return f"(SELECT COUNTIF({test}) FROM UNNEST({days}) AS each)"
