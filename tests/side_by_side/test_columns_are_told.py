"""Names and types of columns as compiling finds them, beside those of Google's analyzer."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from side_by_side import agreement_of_cases, compare, random_rows
from side_by_side.told_cases import TOLD

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.tables import Rows
from aggregator.analyzers.protocol import Mistake
from aggregator.compile.reserved import RESERVED

_UNNAMED = "$"


@functools.cache
def _reference() -> Any:
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    return agreement_of_cases.reference()


@pytest.mark.parametrize("group", TOLD)
def test_columns_are_those_of_the_analyzer(group: str):
    told, analysed = {}, {}
    for case in TOLD[group]:
        answer = compare.asked(_reference(), compare.query_of(case), random_rows.rows(1, 4))
        if isinstance(answer, Rows) and not any(each.name.startswith(_UNNAMED) for each in answer.columns):
            told[case] = agreement_of_cases.told(compare.query_of(case))
            analysed[case] = [(each.name, each.type) for each in answer.columns]

    assert analysed
    assert told == analysed


def test_reserved_words_are_those_of_the_analyzer():
    rows = random_rows.rows(1, 1)
    refused = {
        word
        for word in (*RESERVED, "ASSERT", "DATE", "END_DATE", "FIRST", "KEY", "OFFSET", "RANK", "ROW", "VALUE", "VIEW")
        if isinstance(compare.asked(_reference(), f"SELECT 1 AS {word}", rows), Mistake)
    }

    assert refused == RESERVED
