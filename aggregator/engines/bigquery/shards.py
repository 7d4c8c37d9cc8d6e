"""Tables whose names begin alike and end in a date, as one table with a partition for each."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Size
from aggregator.core.pseudo import TABLE_SUFFIX
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.tables import Deployed, moment, partition_id

Row = tuple[str, int, int, int]
"""A table's name, its rows and bytes, and when it was modified last, in milliseconds."""

_GRAINS = {8: Grain.DAY, 6: Grain.MONTH, 4: Grain.YEAR}
"""By how many digits a date has."""


@dataclasses.dataclass(frozen=True)
class Shards:
    """Tables that a name with a star stands for, in the order of their names; those that end in a date by partition.

    The ``newest`` has the columns of them all.
    """

    rows: tuple[Row, ...]
    grain: Grain
    partitions: Mapping[str, Size]
    newest: Address


def question(address: Address) -> str:
    """Which tables a name stands for; ``@prefix`` is the name without its star."""
    return (
        "SELECT table_id, row_count, size_bytes, last_modified_time"
        f" FROM `{address.project}`.`{address.dataset}`.__TABLES__ WHERE type = 1 AND STARTS_WITH(table_id, @prefix)"
    )


def shards_of(address: Address, rows: Iterable[Row]) -> Shards | None:
    """What is known of tables, by the date at the end of their names; None if no name ends in one.

    Where some end in a day and others in a month, those count of which there are more.
    """
    listed = tuple(sorted(rows))
    digits = {
        name: "".join(filter(str.isdigit, _suffix(name, address))) for name, *_ in listed if _is_date(name, address)
    }
    lengths = collections.Counter(len(each) for each in digits.values() if len(each) in _GRAINS)
    if not lengths:
        return None
    grain = _GRAINS[lengths.most_common(1)[0][0]]
    ids = {name: partition_id(each, grain) for name, each in digits.items()}
    named = [(id_, name, Size(count, size)) for name, count, size, _ in listed if (id_ := ids.get(name))]
    newest = dataclasses.replace(address, table=max(named)[1])
    return Shards(listed, grain, {id_: size for id_, _, size in sorted(named)}, newest)


def as_one(address: Address, shards: Shards, newest: Deployed) -> Deployed:
    """All tables as one, with the columns of the newest."""
    return Deployed(
        address=address,
        stores_rows=True,
        columns=newest.columns,
        rows=sum(count for _, count, _, _ in shards.rows),
        bytes=sum(size for _, _, size, _ in shards.rows),
        modified=moment(max(modified for *_, modified in shards.rows)),
        partition_column=TABLE_SUFFIX,
        grain=shards.grain,
    )


def _suffix(name: str, address: Address) -> str:
    return name.removeprefix(address.table.removesuffix("*"))


def _is_date(name: str, address: Address) -> bool:
    return _suffix(name, address).replace("_", "").replace("-", "").isdigit()
