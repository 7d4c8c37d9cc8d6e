"""Pseudo-columns: what BigQuery gives to a table without anyone declaring it, and no star stands for.

No table can have a column of its own that is called so, so that the name alone tells what it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.calendar import Grain

TABLE_SUFFIX = "_TABLE_SUFFIX"
"""Of a table that stands for many: what the star in its name stands for."""

PARTITION_TIME, PARTITION_DATE = "_PARTITIONTIME", "_PARTITIONDATE"
"""Of a table that is cut by the time at which rows arrive: when their partition begins, in UTC."""

TYPES: Mapping[str, str] = {TABLE_SUFFIX: "STRING", PARTITION_TIME: "TIMESTAMP", PARTITION_DATE: "DATE"}
DECLARATIONS: Mapping[str, str] = {
    TABLE_SUFFIX: "only a source with `shards:` has it, and only where its table stands: a star leaves it out",
    **dict.fromkeys(
        (PARTITION_TIME, PARTITION_DATE),
        f"only a source with `partition: {{by: {PARTITION_TIME}, …}}` has it, and only where its table stands",
    ),
}
"""What to say of one that is not there."""

_FOLDED = frozenset(map(str.casefold, TYPES))

SUFFIXES: Mapping[str, Grain] = {
    "%Y%m%d": Grain.DAY,
    "%Y_%m_%d": Grain.DAY,
    "%Y-%m-%d": Grain.DAY,
    "%Y%m": Grain.MONTH,
    "%Y_%m": Grain.MONTH,
    "%Y-%m": Grain.MONTH,
    "%Y": Grain.YEAR,
}
"""How a suffix may name a day, month or year: the texts are in the order of the times that they name."""


def is_pseudo(column: str) -> bool:
    """Whether a column is one that BigQuery gives to a table."""
    return column.casefold() in _FOLDED


def telling(by: str, grain: Grain) -> tuple[str, ...]:
    """The columns that tell to which partition a row of a table belongs that is cut by one of them."""
    return of_arrival(by, grain) or (by,)


def of_arrival(by: str, grain: Grain) -> tuple[str, ...]:
    """The pseudo-columns of a table that is cut by this column; none if it is an ordinary one."""
    if by.upper() not in (PARTITION_TIME, PARTITION_DATE):
        return ()
    return (PARTITION_TIME, PARTITION_DATE) if grain.stored is Grain.DAY else (PARTITION_TIME,)
