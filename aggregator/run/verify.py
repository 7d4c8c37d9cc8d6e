"""Roll-ups beside the rows that they are made of: numbers from states must be numbers from rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from aggregator.aggregates.expressions import columns_in
from aggregator.aggregates.verify import Question, Rows, question
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.plan.maps import bounds

if TYPE_CHECKING:
    from aggregator.core.aggregate import RollupDeclaration
    from aggregator.core.calendar import Calendar
    from aggregator.core.maps import PartitionMap
    from aggregator.engines import Engine


@dataclasses.dataclass(frozen=True)
class Difference:
    """A measure that is not what the rows say, in so many groups; ``error`` is the largest, relative to the truth."""

    measure: str
    groups: int
    error: float


@dataclasses.dataclass(frozen=True)
class Verified:
    """What came of comparing one partition: so many groups, and what differs.

    ``missing`` groups are in the rows alone, ``surplus`` ones in the table alone.
    """

    partition: str
    groups: int
    missing: int
    surplus: int
    differences: tuple[Difference, ...]

    @property
    def is_right(self) -> bool:
        """Whether table and rows say the same."""
        return not (self.missing or self.surplus or self.differences)


@dataclasses.dataclass(frozen=True)
class Verification:
    """How one roll-up is verified: what is asked for each partition, and where its rows are."""

    model: CompiledModel
    rows: Rows
    reach: PartitionMap
    question: Question


def verification(graph: Graph, name: TableName) -> Verification | str:
    """How a roll-up can be verified, or why it can't be."""
    model = graph.models[name]
    chain = list(_chain(graph, model))
    base, declared = chain[-1], [each.model.rollup for each in chain[:-1]]
    if base.facts is None or base.aggregate is None or base.calendar is None:
        return f"{base.name} is not made of declared measures"
    if base.one_by_one:
        return f"the rows of {base.name} can't be had for several partitions at once: {base.one_by_one}"
    assert model.aggregate is not None  # noqa: S101  (roll-ups have one)
    assert model.calendar is not None  # noqa: S101
    conditions = [str(each.where) for each in declared if each is not None and each.where is not None]
    for condition in conditions:
        if not set(columns_in(condition) or ()) <= {*base.aggregate.dimensions}:
            return f"{condition} looks at the time of another bucket"
    wanted = next((each for each in declared if each is not None and each.rolling), declared[0])
    assert wanted is not None  # noqa: S101  (the chain begins with a roll-up)
    if wanted.rolling is None:  # a day of hours has the zone of its own roll-up, however it was rolled up further
        wanted = dataclasses.replace(wanted, zone=model.calendar.zone)
    rows = Rows(base.sql[slice(*base.facts)], base.aggregate, base.calendar)
    types = {column.name: column.type for column in model.columns}
    asked = question(str(name), wanted, model.aggregate, rows, types, conditions)
    return asked if isinstance(asked, str) else Verification(model, rows, _reach(model, wanted), asked)


def verified(engine: Engine, how: Verification, partition: str) -> Verified:
    """Compare one partition. Raises :class:`aggregator.engines.protocol.QueryError`."""
    answer = [_number(each) for each in engine.ask(how.question.sql, _parameters(how, partition))]
    groups, missing, surplus, *rest = answer
    pairs = zip(how.question.compared, rest[::2], rest[1::2], strict=True)
    wrong = tuple(Difference(each.name, int(count), error) for each, count, error in pairs if count)
    return Verified(partition, int(groups), int(missing), int(surplus), wrong)


def _chain(graph: Graph, model: CompiledModel) -> Iterator[CompiledModel]:
    """A roll-up, what it is made from, and so on, down to what is no roll-up."""
    yield model
    if model.model.rollup is not None:
        below = TableName.parse(model.model.rollup.of)
        assert below is not None  # noqa: S101  (it was compiled)
        yield from _chain(graph, graph.models[below])


def _reach(model: CompiledModel, wanted: RollupDeclaration) -> PartitionMap:
    return wanted.rolling or model.inputs[0].map


def _parameters(how: Verification, partition: str) -> dict[str, date | datetime]:
    """The partition on its own clock, and the rows that it is made of on theirs."""
    calendar, rows = _calendar(how.model), how.rows.calendar
    first = calendar.parse(partition)
    start, end = bounds(how.reach, calendar, first)
    if calendar.wall != rows.wall:
        start, end = (rows.local(calendar.instant(moment)) for moment in (start, end))
    return {
        "start": rows.value(start),
        "end": rows.value(end),
        "first": calendar.value(first),
        "last": calendar.value(calendar.next(first)),
    }


def _calendar(model: CompiledModel) -> Calendar:
    assert model.calendar is not None  # noqa: S101  (roll-ups are cut by time)
    return model.calendar


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
