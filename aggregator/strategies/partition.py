"""Partitions are overwritten: the rows of an interval are replaced by those of the query over that interval."""

from __future__ import annotations

from aggregator.core.graph import CompiledModel
from aggregator.core.plan import Step
from aggregator.core.writes import Chosen, OverwritePartitions


def write(model: CompiledModel, step: Step, chosen: Chosen) -> OverwritePartitions:
    """Overwrite the step's partitions, which follow one another."""
    calendar = model.calendar
    assert calendar is not None  # noqa: S101  (the table of strategies chose this one)
    return OverwritePartitions(
        table=model.name,
        query=model.sql,
        columns=model.columns,
        calendar=calendar,
        start=calendar.parse(step.first),
        end=calendar.next(calendar.parse(step.last)),
        chosen=chosen,
    )
