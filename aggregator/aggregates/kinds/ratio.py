"""``{ratio: {num: COUNTIF(late), den: COUNT(*)}}``: one total divided by another."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from aggregator.aggregates.protocol import Additivity, Algebra, BadMeasureError, Bucket, Column, State, only, place_of
from aggregator.core.aggregate import MeasureDeclaration
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.plain import Plain

_TOTALS = (exp.Count, exp.CountIf, exp.Sum)


class Ratio:
    """Numerator and denominator; they are only ever divided to be read."""

    word = "ratio"
    method = ""
    additivity = Additivity.ALGEBRAIC
    page = """One total divided by another: `num:` and `den:` are each a `COUNT`, `COUNTIF` or `SUM`. NULL where the
denominator is 0 or NULL.

The mean of daily shares is not the share of the month: days differ in size. What is kept is both totals (`__num`,
`__den`); a roll-up adds up each and divides once. Exact, if the totals are, see `sum`."""
    example = "{ratio: {num: COUNTIF(dep_delay <= 15), den: COUNT(dep_delay)}}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """Two states and their quotient."""
        only(measure, self.word)
        parts = measure.arguments[self.word]
        if not isinstance(parts, dict):
            raise BadMeasureError(
                "ratio: needs num: and den:",
                "`ratio: {num: COUNTIF(late), den: COUNT(*)}`",
                at=place_of(measure, self.word),
            )
        for key in parts:
            if key not in ("num", "den"):
                raise BadMeasureError(f"ratio has no argument {key}", did_you_mean(key, ("num", "den")), at=key)
        name = measure.name
        states = tuple(
            State(f"{name}__{key}", _total(parts, key), f"SUM({name}__{key})", meaning=meaning)
            for key, meaning in (("num", "numerator"), ("den", "denominator"))
        )
        return Algebra(states, (Column(name, f"SAFE_DIVIDE({states[0].column}, {states[1].column})"),))


def _total(parts: dict[str, Plain], key: str) -> str:
    """A total that can be added up."""
    value = parts.get(key)
    if not isinstance(value, str) or not _is_total(value):
        what = f", not {value}" if value is not None else ""
        advice = "a total of totals is a total; a mean, an extreme or a distinct count is not"
        raise BadMeasureError(f"{key}: must be a COUNT, COUNTIF or SUM{what}", advice, at=value)
    return str(value)


def _is_total(text: str) -> bool:
    try:
        call = sqlglot.parse_one(text, read="bigquery")
    except sqlglot.ParseError:
        return False
    return isinstance(call, _TOTALS) and not isinstance(call.this, exp.Distinct)
