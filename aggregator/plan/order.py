"""Which steps of a plan wait for which others; those that wait for nothing may be done at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Step
from aggregator.core.warehouse import WHOLE
from aggregator.plan.inputs import Inputs
from aggregator.plan.texts import Texts

Makers = Mapping[TableName, Mapping[str, int]]
"""The number of the step that makes a partition, by table and partition id."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waits:
    """What must have ended before a step begins: some steps, by their numbers in the plan, and all of some tables."""

    steps: frozenset[int]
    tables: frozenset[TableName]


def waits(graph: Graph, plan: Plan) -> tuple[Waits, ...]:
    """For each step of a plan, those that make what it reads. They all come before it in the plan."""
    makers: dict[TableName, dict[str, int]] = {}
    for number, step in enumerate(plan.steps):
        makers.setdefault(step.model, {}).update(dict.fromkeys(step.partitions, number))
    inputs = {name: Inputs(graph.models[name], graph, Texts({})) for name in makers}
    return tuple(_waits(graph.models[step.model], step, inputs[step.model], makers) for step in plan.steps)


def _waits(model: CompiledModel, step: Step, inputs: Inputs, makers: Makers) -> Waits:
    steps: set[int] = set()
    tables: set[TableName] = set()
    for edge in inputs.edges:
        made = makers.get(edge.table)
        if made is None:
            continue
        if edge.reads[step.first] == (WHOLE,):
            tables.add(edge.table)
        else:
            read = (each for partition in step.partitions for each in edge.reads[partition])
            steps.update(made[each] for each in read if each in made)
    own = makers[model.name][step.first]
    return Waits(frozenset(steps - {own}), frozenset(tables - {model.name}))
