"""What can be seen of a table that a SELECT groups by hand, for whoever rolls it up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.additivity import Grouped, Role, grouping
from aggregator.compile.refusals import plain_sql, refusal
from aggregator.core.aggregate import Aggregate, MeasureDeclaration
from aggregator.core.maps import PartitionMap, Reach

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis
    from aggregator.core.calendar import Calendar, Grain
    from aggregator.core.graph import Input, Origin
    from aggregator.core.names import TableName
    from aggregator.core.project import Model

_LEFT_ALONE = frozenset({Role.KEY, Role.DERIVED, Role.CONSTANT, Role.DISTRIBUTIVE})
_SHARING = frozenset({Reach.LAST, Reach.LATEST, Reach.ALL, Reach.PREVIOUS})
"""Maps by which several partitions see the same rows of an input; of offsets only those that keep their length."""


def inferred_aggregate(
    model: Model, analysis: Analysis, inputs: Iterable[Input], calendars: Mapping[TableName, Calendar | None]
) -> Aggregate | None:
    """What is known of the groups of a hand-written model; None where its rows are none, or nobody says so.

    Its ``key:`` has to be what it groups by, and its partition column one of that: then a row is a group, and each
    belongs to one partition.
    """
    partition = model.partition
    if partition is None or not model.key or calendars.get(model.name) is None:
        return None
    found = grouping(analysis)
    keys = {each.name.casefold(): each for each in found.columns if each.role is Role.KEY} if found else {}
    time = partition.by.casefold()
    if found is None or len(keys) != found.keys or keys.keys() != set(map(str.casefold, model.key)) or time not in keys:
        return None
    origins = next((each.origins for each in analysis.columns if each.name.casefold() == time), ())
    return Aggregate(
        dimensions=tuple(each.name for name, each in keys.items() if name != time),
        time=keys[time].name,
        measures=tuple(_measures(found.columns)),
        base=partition.grain,
        start=partition.start,
        end=partition.end,
        rolling=_shared_through(origins, list(inputs), calendars, partition.grain),
        refused=tuple(refusal(each) for each in found.columns if each.role not in _LEFT_ALONE),
        filtered_by=found.filtered_by,
        is_declared=False,
    )


def _measures(columns: Iterable[Grouped]) -> Iterator[MeasureDeclaration]:
    """The distributive columns, as if they were declared; of what is more than one aggregate, the column is summed."""
    for column in columns:
        if column.role is Role.DISTRIBUTIVE:
            node = column.node.this if isinstance(column.node, exp.AggFunc) else None
            yield MeasureDeclaration(column.name, {column.merge: plain_sql(node) if node is not None else column.name})


def _shared_through(
    origins: Iterable[Origin], inputs: list[Input], calendars: Mapping[TableName, Calendar | None], grain: Grain
) -> PartitionMap | None:
    """The map through which a row of an input may be in groups of several partitions.

    There is none where the partition follows from the row: from the partition column of the input, which is read once.
    """
    told = {(each.table, each.column.casefold()) for each in origins}
    for edge in inputs:
        calendar = calendars.get(edge.table)
        if calendar is None or not (edge.map.reach in _SHARING or edge.map.keeps_length(grain)):
            continue
        times = sum(other.table == edge.table for other in inputs)
        if times > 1 or (str(edge.table), calendar.column.casefold()) not in told:
            return edge.map
    return None
