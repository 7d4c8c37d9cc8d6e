"""What is shared by measures that count how often each value occurs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from aggregator.aggregates.protocol import BadMeasureError, State, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.core.aggregate import MeasureDeclaration
    from aggregator.core.plain import Plain

_DECIMALS = 9
"""Those of a NUMERIC. As a FLOAT64, 0.07 is a little more, and 7 of 100 values would be less than it."""


def phis(measure: MeasureDeclaration) -> Iterator[tuple[str, str]]:
    """The columns and their shares, as SQL; one share is the measure itself."""
    asked = measure.arguments.get("phi", 0.5)
    shares = asked if isinstance(asked, list) else [asked]
    if not shares:
        raise BadMeasureError("phi: needs at least one share, such as 0.5", at=place_of(measure, "phi"))
    texts = [_share(share, measure) for share in shares]
    for number, text in enumerate(texts):
        if text in texts[:number]:
            raise BadMeasureError(f"phi: {text} is named twice", "remove one of the two", at=place_of(measure, "phi"))
        percent = _decimal(Decimal(text) * 100).replace(".", "_")
        yield f"{measure.name}{f'_p{percent}' if isinstance(asked, list) else ''}", text


def _share(share: Plain, measure: MeasureDeclaration) -> str:
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise BadMeasureError(
            f"phi: must be a share from 0 to 1, not {share}", "0.5 is the median", at=place_of(measure, "phi")
        )
    text = _decimal(Decimal(repr(share)))
    if len(text.partition(".")[2]) > _DECIMALS:
        raise BadMeasureError(
            f"phi: has at most {_DECIMALS} decimals, unlike {text}", "round it", at=place_of(measure, "phi")
        )
    return text


def _decimal(number: Decimal) -> str:
    """A number without exponent and without zeros at its end."""
    return f"{number.normalize():f}"


def counted(counts: str, value: str) -> State:
    """The state of a histogram."""
    return State(
        counts,
        of_rows=f"ARRAY_AGG({value} IGNORE NULLS)",
        settled_rows=(
            f"ARRAY(SELECT AS STRUCT each AS value, COUNT(*) AS n FROM UNNEST({counts}) AS each "
            "GROUP BY each ORDER BY each)"
        ),
        of_states=f"ARRAY_CONCAT_AGG({counts})",
        settled_states=(
            f"ARRAY(SELECT AS STRUCT each.value AS value, SUM(each.n) AS n FROM UNNEST({counts}) AS each "
            "GROUP BY each.value ORDER BY each.value)"
        ),
        meaning="each value and how often it occurs",
    )
