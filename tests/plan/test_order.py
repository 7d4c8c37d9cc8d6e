"""What a step waits for: exactly the steps that make what it reads."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest
import zoo
from lab import NEVER_OVER, graph_of, shuffled

from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.plan import make_plan
from aggregator.plan.inputs import Inputs
from aggregator.plan.order import waits
from aggregator.plan.texts import Texts


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return graph_of(tmp_path_factory.mktemp("zoo"), zoo.files(datetime.fromisoformat("2013-02-26")))


@pytest.mark.parametrize("seed", range(4))
def test_a_step_waits_for_what_makes_its_inputs(graph, seed):
    """However a plan is cut into steps: what is waited for is told apart by asking each partition what it reads."""
    whole = make_plan(graph, Snapshot({}, Ledger(), NEVER_OVER), selected=graph.models)
    plan = shuffled(graph, Random(seed))(whole)
    found = waits(graph, plan)

    for number, (step, wait) in enumerate(zip(plan.steps, found, strict=True)):
        inputs = Inputs(graph.models[step.model], graph, Texts({}))
        read = {each for partition in step.partitions for each in inputs.partitions(partition)}
        makers = {
            other
            for other, made in enumerate(plan.steps)
            if any((made.model, each) in read or (made.model, "") in read for each in made.partitions)
        }
        waited = set(wait.steps)
        waited |= {other for other, made in enumerate(plan.steps) if made.model in wait.tables}

        assert waited == makers - {number}
        assert all(other < number for other in waited)


def test_days_wait_for_days_and_not_for_tables(graph):
    plan = make_plan(graph, Snapshot({}, Ledger(), NEVER_OVER, most_at_once=1), selected=graph.models)
    found = {(str(step.model), step.first): wait for step, wait in zip(plan.steps, waits(graph, plan), strict=True)}

    first, second = found["marts.so_far", "2013-02-26"], found["marts.so_far", "2013-02-27"]
    assert {(str(plan.steps[each].model), plan.steps[each].first) for each in second.steps} == {
        ("marts.by_day", "2013-02-27"),
        ("marts.so_far", "2013-02-26"),
    }
    assert len(first.steps) == 1
    assert {str(table) for table in found["marts.labelled", ""].tables} == {"marts.totals", "marts.by_day"}
    assert first.tables == second.tables == frozenset()
