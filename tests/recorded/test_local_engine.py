"""The embedded engine beside what BigQuery answered: what agrees, and that nothing that is believed differs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from recorded.corpus import fixtures, recorded_path

from aggregator.analyzers.googlesql import module
from aggregator.core.graph import Fidelity

AGREEING = {
    "api_configuration": (9, 12),
    "partitioning_clustering": (7, 7),
    "rest_crud": (73, 73),
    "routines_scripting": (1, 1),
    "specialized_types": (10, 85),
    "standard_functions": (413, 417),
}
"""Of each group: how many SELECTs agree, and of how many."""


@pytest.fixture(scope="module")
def measured() -> list[tuple[str, str, str, Fidelity]]:
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    path = recorded_path()
    if not path.exists():
        pytest.skip(f"the recorded answers are not there: {path}")
    from recorded.local import case, fidelity, measure
    from side_by_side.agreement_of_cases import reference

    evaluator: Any = reference()
    cases = filter(None, (case(evaluator, each) for each in fixtures(path)))
    return [(each.fixture.group, each.fixture.name, measure(each), fidelity(each)) for each in cases]


def test_nothing_that_is_believed_differs(measured: list[tuple[str, str, str, Fidelity]]):
    wrong = {name: how for _, name, how, fidelity in measured if how.startswith("wrong") and fidelity != "refused"}

    assert wrong == {}


def test_so_many_agree(measured: list[tuple[str, str, str, Fidelity]]):
    agreeing = Counter(group for group, _, how, _ in measured if how == "agrees")
    all_of_them = Counter(group for group, *_ in measured)

    assert {group: (agreeing[group], count) for group, count in all_of_them.items()} == AGREEING
