"""This repository's own project, judged by Google's analyzer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.analyzers.googlesql import module
from aggregator.cache import Cache
from aggregator.dry_run.layer import Asked, judge
from aggregator.review import review

pytestmark = pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "all there")


@pytest.fixture(scope="module")
def graph(demo_files):
    found = review(demo_files, None, Cache(None)).graph
    assert found is not None
    return found


@pytest.fixture(scope="module")
def analyzer() -> Iterator[object]:
    from aggregator.analyzers.googlesql.analyzer import GoogleSql

    found = GoogleSql(module.compile_module(module.source_path()))
    yield found
    found.close()


@pytest.fixture(scope="module")
def verdicts(graph, analyzer):
    return judge(Asked(graph, set(graph.models), lambda _: ()), analyzer, Cache(None), lambda _done, _total: None)


def test_every_model_is_accepted(graph, verdicts):
    assert {str(name): verdict.mistake or verdict.unchecked for name, verdict in verdicts.items()} == {
        str(name): "" for name in graph.models
    }


def test_the_types_that_compiling_inferred_are_the_analyzers(graph, verdicts):
    for name, model in graph.models.items():
        given = {field.name: field.type for field in verdicts[name].columns}
        inferred = {column.name: column.type for column in model.columns if column.type}

        assert inferred == {column: given[column] for column in inferred}
