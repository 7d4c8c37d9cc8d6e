"""The product's judgement, and the reference engine's rows, beside what real BigQuery answered.

``python -m tests.recorded`` prints the same as a table.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from recorded.corpus import HERE, VARIABLE, Fixture, fixtures, recorded_path
from recorded.known import GROUPS, KNOWN

from aggregator.analyzers.googlesql import module


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
