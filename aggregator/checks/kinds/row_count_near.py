"""``row_count_near_previous``."""

from __future__ import annotations

from aggregator.checks.arguments import DRIFT, OF_NUMBER
from aggregator.checks.protocol import Asked, Promise


class RowCountNear:
    """The number of rows is `within` a share of that of the partition before, or as usual in the days of `learn`."""

    name = "row_count_near_previous"
    short = ()
    bare = ""
    takes = (*DRIFT, *OF_NUMBER)
    example = "{within: 30 %}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number, to be compared with earlier ones."""
        return asked.near(asked.rows, "the number of rows", over_nothing=0)
