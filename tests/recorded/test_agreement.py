"""The product's judgement, and the rows of both engines, beside what real BigQuery answered.

``python -m tests.recorded`` prints the judgement, and what the reference engine says, as a table. All of it is in one
file, so that one process replays what comes before the queries.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from recorded.corpus import HERE, VARIABLE, Fixture, fixtures, recorded_path
from recorded.known import AGREEING, GROUPS, KNOWN

from aggregator.analyzers.googlesql import module
from aggregator.core.graph import Fidelity


@pytest.fixture(scope="session")
def recorded() -> list[Fixture]:
    path = recorded_path()
    if not path.exists():
        pytest.skip(f"the recorded answers are not there: {path}")
    return fixtures(path)


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Any]:
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    from aggregator.analyzers.googlesql.client import Instances
    from aggregator.analyzers.googlesql.evaluate import Evaluator
    from aggregator.analyzers.googlesql.judge import Judge

    return Evaluator(Judge(Instances(module.compile_module(module.source_path()))))


@pytest.fixture(scope="module")
def computed(recorded: list[Fixture], evaluator: Any) -> list[tuple[Fixture, str, Fidelity]]:
    """What the embedded engine makes of each SELECT, and what is said of it before."""
    from recorded.local import case, fidelity, measure

    cases = filter(None, (case(evaluator, each) for each in recorded))
    return [(each.fixture, measure(each), fidelity(each)) for each in cases]


@pytest.mark.skipif(VARIABLE in os.environ, reason=f"what is expected holds for {HERE.name}, not for {VARIABLE}")
@pytest.mark.parametrize("group", GROUPS)
def test_the_product_agrees_with_bigquery(group: str, recorded: list[Fixture], evaluator: Any):
    from recorded.agreement import OUTSIDE, RUN_TIME, measure
    from recorded.report import differences, table

    own = [each for each in recorded if each.group == group]
    outcomes = [measure(evaluator, each) for each in own]
    print(f"\n{table(outcomes)}")
    found = {(each.fixture.name, what): how for each in outcomes for what, how in differences(each)}
    expected = {key for key in KNOWN if key[0] in {each.name for each in own}}

    assert {key: how for key, how in found.items() if key not in expected} == {}
    assert expected - set(found) == set()
    assert not [how for how in found.values() if how.startswith("wrong")]
    verdicts = Counter(each.verdict for each in outcomes)
    assert len(own) == GROUPS[group].recorded
    assert (verdicts[OUTSIDE], verdicts[RUN_TIME]) == (GROUPS[group].outside, GROUPS[group].run_time)
    assert sum(each.is_in_population for each in outcomes) == GROUPS[group].population


@pytest.mark.skipif(VARIABLE in os.environ, reason=f"what is expected holds for {HERE.name}, not for {VARIABLE}")
def test_every_group_and_every_known_difference_is_recorded(recorded: list[Fixture]):
    assert {each.group for each in recorded} == set(GROUPS)
    assert {name for name, _ in KNOWN} <= {each.name for each in recorded}


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no other answers")
def test_other_answers_are_told_one_by_one(recorded: list[Fixture], evaluator: Any):
    from recorded.agreement import measure
    from recorded.report import differences, table

    outcomes = [measure(evaluator, each) for each in recorded]
    for each in outcomes:
        said = "; ".join(f"{what}: {how}" for what, how in differences(each)) or each.verdict
        print(f"{each.fixture.group} {each.fixture.name}: {said}")
    print(table(outcomes))

    assert len(outcomes) == len(recorded)


def test_nothing_that_is_believed_of_the_embedded_engine_differs(computed: list[tuple[Fixture, str, Fidelity]]):
    believed = {fixture.name: how for fixture, how, fidelity in computed if fidelity != "refused"}

    assert {name: how for name, how in believed.items() if how.startswith("wrong")} == {}


@pytest.mark.skipif(VARIABLE in os.environ, reason=f"what is expected holds for {HERE.name}, not for {VARIABLE}")
def test_so_many_agree_in_the_embedded_engine(computed: list[tuple[Fixture, str, Fidelity]]):
    agreeing = Counter(fixture.group for fixture, how, _ in computed if how == "agrees")
    all_of_them = Counter(fixture.group for fixture, *_ in computed)

    assert {group: (agreeing[group], count) for group, count in all_of_them.items()} == AGREEING
