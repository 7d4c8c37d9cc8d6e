"""Bytes that BigQuery would bill for dashboards over a log: of rows, of daily states and of monthly tables.

Arithmetic, not a measurement: the columns that a query mentions, in the partitions that it reads, as docs/costs.md has
it. A sketch is taken for 4 bytes a value until that is more than it may grow to, 32 KiB (DataSketches, whose sketches
stand in for those of BigQuery here).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Self

_MB, _LARGEST = 1_000_000, 2**15
_NUMBER, _PREFIX = 8, 2
_YEAR, _MONTH, _WINDOW = 365, 30, 28


@dataclasses.dataclass(frozen=True)
class Counts:
    """How many rows there are, and how long texts are on average."""

    plays: int
    user_days: int
    country: float
    platform: float
    daily: int
    monthly: int
    daily_users: int
    monthly_users: int

    @classmethod
    def of(cls, log: Mapping[str, float], tables: Mapping[str, int]) -> Self:
        """From what was counted in the log, and the numbers of rows of its tables."""
        marts = {name: tables[f"marts.{name}"] for name in ("daily", "monthly", "daily_users", "monthly_users")}
        country, platform = (log[f"{each}_length"] + _PREFIX for each in ("country", "platform"))
        return cls(int(log["plays"]), int(log["user_days"]), country, platform, **marts)

    @property
    def state(self) -> float:
        """The bytes of a sketch of the people of a day and country, on average."""
        return min(4 * self.user_days / self.daily_users, _LARGEST)


def dashboards(counts: Counts) -> Iterator[str]:
    """A table of questions: megabytes from rows, from daily states, and from what is published by month."""
    yield f"{'megabytes that BigQuery would read':<44}{'rows':>10}{'daily':>10}{'ratio':>8}{'monthly':>10}"
    for what, raw, daily, monthly in _questions(counts):
        last = "" if monthly is None else f"{monthly / _MB:.3f}"
        yield f"{what:<44}{raw / _MB:>10.2f}{daily / _MB:>10.3f}{raw / daily:>7.0f}×{last:>10}"


def _questions(of: Counts) -> Iterator[tuple[str, float, float, float | None]]:
    keys = _NUMBER + of.country + of.platform
    revenue, moments = keys + _NUMBER, _NUMBER + _NUMBER
    yield (
        "year by month, country, platform: seconds",
        of.plays * revenue,
        of.daily * revenue,
        of.monthly * revenue,
    )
    share = _WINDOW / _YEAR
    yield "last 28 days, by day: seconds", of.plays * moments * share, of.daily * moments * share, None
    late = of.plays * _MONTH / _YEAR
    kept = keys + 4 * _NUMBER
    again = of.plays / _YEAR * revenue + of.daily * _MONTH / _YEAR * kept
    yield "a late day: the KPIs of its month again", late * revenue, again, None
    seen = _NUMBER + of.country
    people, sketches = of.plays * (seen + _NUMBER), of.daily_users * (seen + of.state)
    yield "users of 28 days by country, today", people * share, sketches * share, None
    yield "users by month and country", people, sketches, of.monthly_users * (seen + _NUMBER)
