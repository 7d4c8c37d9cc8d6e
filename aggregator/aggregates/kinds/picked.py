"""``{last: seats, by: time_hour}``, ``first``, ``arg_max`` and ``arg_min``: the value where another one is extreme."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, BadMeasureError, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration

_PAGE = """The value of an expression in the row where `by:` is {extreme}. Rows where either is NULL do not count.

`by:` may be a list: the second decides where the first is equal, and so on. Where all of them are equal, the
{extreme} value itself is taken, so that the answer never depends on the order of rows. What is kept beside the
value is what it was chosen by (`__by`, `__by_2`, …); a roll-up chooses among the chosen. Exact.

For balances and stocks, which are to be added up over dimensions, say `over_time:` as well."""


class Last:
    """The value, and what it was chosen by."""

    word = "last"
    method = ""
    additivity = Additivity.ALGEBRAIC
    page = _PAGE.format(extreme="largest")
    example = "{last: tailnum, by: [time_hour, flight]}"
    _direction = "DESC"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """All states are taken from the same row: they are ordered alike, and the order is total."""
        only(measure, self.word, "by")
        name, value, keys = measure.name, expression(measure, self.word), _keys(measure)
        present = " AND ".join(f"({each}) IS NOT NULL" for each in (value, *keys))
        columns = [f"{name}__by{'' if number == 1 else f'_{number}'}" for number in range(1, len(keys) + 1)]
        in_rows, in_states = self._order(*keys, value), self._order(*columns, name)
        states = [
            State(
                column,
                f"ARRAY_AGG(IF({present}, {each}, NULL) IGNORE NULLS ORDER BY {in_rows} LIMIT 1)[SAFE_OFFSET(0)]",
                f"ARRAY_AGG({column} IGNORE NULLS ORDER BY {in_states} LIMIT 1)[SAFE_OFFSET(0)]",
                meaning="" if column == name else "what it was chosen by",
            )
            for column, each in zip((name, *columns), (value, *keys), strict=True)
        ]
        return Algebra(tuple(states))

    def _order(self, *keys: str) -> str:
        return ", ".join(f"{each} {self._direction}" for each in keys)


class First(Last):
    """The same, from the other end."""

    word = "first"
    page = _PAGE.format(extreme="smallest")
    example = "{first: tailnum, by: [time_hour, flight]}"
    _direction = "ASC"


class ArgMax(Last):
    """What SQL calls ``MAX_BY``."""

    word = "arg_max"
    example = "{arg_max: dest, by: distance}"


class ArgMin(First):
    """What SQL calls ``MIN_BY``."""

    word = "arg_min"
    example = "{arg_min: dest, by: distance}"


def _keys(measure: MeasureDeclaration) -> list[str]:
    by = measure.arguments.get("by")
    keys = by if isinstance(by, list) else [by]
    if not keys or not all(isinstance(each, str) and each.strip() for each in keys):
        raise BadMeasureError("by: is missing: what decides which row is meant", "for example `by: time_hour`", at=by)
    return [str(each) for each in keys]
