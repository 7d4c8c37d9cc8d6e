"""What is shared by measures that count how often each value occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.aggregates.protocol import BadMeasureError, State, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.core.aggregate import MeasureDeclaration


def phis(measure: MeasureDeclaration) -> Iterator[tuple[str, float]]:
    """The columns and their shares; one share is the measure itself."""
    asked = measure.arguments.get("phi", 0.5)
    shares = asked if isinstance(asked, list) else [asked]
    if not shares:
        raise BadMeasureError("phi: needs at least one share, such as 0.5", at=place_of(measure, "phi"))
    for share in shares:
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise BadMeasureError(
                f"phi: must be a share from 0 to 1, not {share}", "0.5 is the median", at=place_of(measure, "phi")
            )
        suffix = f"_p{share * 100:g}".replace(".", "_") if isinstance(asked, list) else ""
        yield f"{measure.name}{suffix}", share


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
