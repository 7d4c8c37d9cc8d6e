"""The embedded engine beside Google's reference engine, on random rows; and what the allow-list says of it.

``AGGREGATOR_SEEDS`` is how many sets of random rows are compared, 1 by default.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable
from typing import Any

import pytest
from side_by_side import agreement_of_cases, compare
from side_by_side.agreed_cases import GROUPS

from aggregator.analyzers.googlesql import module
from aggregator.compile.nodes import Nodes
from aggregator.core.graph import Fidelity
from aggregator.engines.duckdb.dialect.constructs import constructs_of, shape_of, telling

SEEDS = range(1, 1 + int(os.environ.get("AGGREGATOR_SEEDS", "1")))


@pytest.fixture(scope="module")
def found() -> dict[str, compare.Compared]:
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    return agreement_of_cases.outcomes(agreement_of_cases.reference(), SEEDS)


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_that_is_believed_differs(group: str, found: dict[str, compare.Compared]):
    assert agreement_of_cases.believed({case: found[case] for case in GROUPS[group]}) == {}


def test_nodes_of_one_shape_are_the_same_constructs():
    """So a verdict holds for all of them."""
    queries = [compare.query_of(case) for cases in GROUPS.values() for case in cases]
    nodes = [node for query in queries if (tree := agreement_of_cases.typed(query)) for node in telling(Nodes(tree))]
    by_shape: dict[Hashable, set[tuple[tuple[str, ...], ...]]] = {}
    for node in nodes:
        constructs = tuple((each.name, *each.types) for each in constructs_of(node))
        by_shape.setdefault(shape_of(node), set()).add(constructs)
    untold = by_shape.pop(None)

    assert len(untold) > 1
    assert len(by_shape) > 1_000
    assert [found for found in by_shape.values() if len(found) > 1] == []


SEARCHES = {
    "a second match of what may be empty": "REGEXP_EXTRACT(words, r'o*', 1, 2)",
    "a second match of what is computed": "REGEXP_EXTRACT(words, CONCAT('o', s), 1, 2)",
    "all matches of what may be empty at the end": "REGEXP_EXTRACT_ALL(words, r'o*$')",
    "all matches of what may be empty at the end of a word": r"REGEXP_EXTRACT_ALL(words, r'o*\b')",
    "all matches of what is computed": "REGEXP_EXTRACT_ALL(words, s)",
    "the place of what may be empty": "REGEXP_INSTR(words, r'(?:o|x)?')",
    "the place of a pattern that only RE2 can read": "REGEXP_INSTR(words, r'(?<name>o)')",
}


@pytest.mark.parametrize("case", SEARCHES.values(), ids=SEARCHES)
def test_searches_that_may_differ_are_refused_before_they_are_run(case: str):
    assert agreement_of_cases.fidelity(case) is Fidelity.REFUSED


def test_searches_of_what_is_never_empty_are_not_refused():
    case = r"REGEXP_EXTRACT(words, r'[$]|\^+|\pL|^\d|o\b', 1, 2)"

    assert agreement_of_cases.fidelity(case) is Fidelity.EXACT


def test_the_allow_list_is_what_agrees(found: dict[str, compare.Compared]):
    """``python -m tests.side_by_side`` writes it anew."""
    written: Any = json.loads(agreement_of_cases.AGREED.read_text(encoding="utf-8"))

    assert written == agreement_of_cases.agreed(found)


def test_the_page_has_the_corrections():
    page = agreement_of_cases.PAGE.read_text(encoding="utf-8")

    assert page == agreement_of_cases.with_corrections(page)


def test_thousands_of_values_are_compared(found: dict[str, compare.Compared]):
    assert sum(each.values for each in found.values()) > 3_000
    computed = [each.outcome for each in found.values() if each.outcome != "fails alike"]  # an error to both
    assert computed.count(compare.AGREES) > 0.95 * len(computed)
