"""``expect_column_quantile_values_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from aggregator.checks.arguments import OF_NUMBER, column, plain
from aggregator.checks.literals import NUMERIC
from aggregator.checks.protocol import Asked, BadArgumentsError, Bound, Promise, of_type
from aggregator.core.graph import CompiledModel
from aggregator.core.plain import Plain

_SHAPE = "quantile_ranges: {quantiles: [0.5, 0.9], value_ranges: [[0, 30], [null, 120]]}"
_FINEST = 10_000
Range: TypeAlias = tuple[float, Bound | None, Bound | None]


def read_ranges(value: Plain, name: str, _given: object, _model: CompiledModel) -> list[Range]:
    """Quantiles, each with its bounds, of which one may be null."""
    if not isinstance(value, dict) or set(value) != {"quantiles", "value_ranges"}:
        raise BadArgumentsError(f"{name} needs quantiles: and value_ranges:", f"write `{_SHAPE}`", at=value)
    quantiles, ranges = value["quantiles"], value["value_ranges"]
    if not isinstance(quantiles, list) or not isinstance(ranges, list) or len(quantiles) != len(ranges):
        raise BadArgumentsError("there must be as many value_ranges as quantiles", f"write `{_SHAPE}`")
    return [(_phi(phi), *_bounds(bounds)) for phi, bounds in zip(quantiles, ranges, strict=True)]


def _phi(value: Plain) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return value
    raise BadArgumentsError(f"a quantile must be a number from 0 to 1, not {value}", at=value)


def _bounds(value: Plain) -> tuple[Bound | None, Bound | None]:
    is_pair = isinstance(value, list) and len(value) == 2  # noqa: PLR2004
    if (
        not isinstance(value, list)
        or not is_pair
        or not all(isinstance(each, (int, float, type(None))) for each in value)
    ):
        raise BadArgumentsError("value_ranges must be pairs of numbers or null", f"write `{_SHAPE}`", at=value)
    low, high = (None if each is None else Bound(each, str(each)) for each in value)
    return low, high


def _quantile(value: str, phi: float) -> str:
    """Of as few equal parts as there must be."""
    part = Fraction(str(phi)).limit_denominator(_FINEST)
    return f"APPROX_QUANTILES({value}, {part.denominator})[OFFSET({part.numerator})]"


class ColumnQuantiles:
    """Quantiles lie between bounds each; they are estimates, as `APPROX_QUANTILES` gives them."""

    name = "expect_column_quantile_values_to_be_between"
    short = ()
    bare = ""
    takes = (column(), plain("quantile_ranges", read_ranges), *OF_NUMBER)
    example = "{column: dep_delay, quantile_ranges: {quantiles: [0.5, 0.99], value_ranges: [[-5, 30], [null, 400]]}}"

    def promise(self, asked: Asked) -> Promise | None:
        """A number for each quantile."""
        of_type(asked["column"], *NUMERIC)
        value, name = asked.value(), asked["column"].name
        return asked.promise(
            [
                asked.between(_quantile(value, phi), f"the quantile {phi:g} of {name}", low, high)
                for phi, low, high in asked["quantile_ranges"]
            ]
        )
