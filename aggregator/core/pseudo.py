"""Pseudo-columns: what BigQuery gives to a table without anyone declaring it, and no star stands for.

No table can have a column of its own that is called so, so that the name alone tells what it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.core.calendar import Grain

TABLE_SUFFIX = "_TABLE_SUFFIX"
"""Of a table that stands for many: what the star in its name stands for."""

TYPES: Mapping[str, str] = {TABLE_SUFFIX: "STRING"}
DECLARATIONS: Mapping[str, str] = {
    TABLE_SUFFIX: "only a source with `shards:` has it, and only where its table stands: a star leaves it out",
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
