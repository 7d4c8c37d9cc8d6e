"""What a worker would translate when it builds a model, translated when the manifest is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aggregator.core.graph import CompiledModel, Graph, Translations
from aggregator.core.writes import Expectation
from aggregator.engines.duckdb.called import macros_in, name_of
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.reading import any_of, readable, schemas_of, without_calls
from aggregator.engines.protocol import QueryError


def translations_of(graph: Graph, expected: Iterable[tuple[CompiledModel, Sequence[Expectation]]]) -> Translations:
    """The queries of models, what is asked of their rows, and the functions of ours that all of these call.

    What can't be translated is left out: the worker that builds it says why.
    """
    texts: dict[str, str] = {}
    for model, expectations in expected:
        try:
            query = readable(model.sql, graph, graph.upstream(model.name))
            texts[query] = to_duckdb(query, schemas_of(graph, model.name))
            texts |= {each: to_duckdb(without_calls(each, graph)) for each in _asked(expectations)}
        except QueryError:
            continue
    return Translations(texts, {name_of(macro): macro for macro in macros_in(" ".join(texts.values()), {})})


def _asked(expectations: Sequence[Expectation]) -> Iterator[str]:
    conditions = [each.violation for each in expectations if each.violation]
    for each in (*(each.sql for each in expectations), *([any_of(conditions)] if conditions else [])):
        yield f"SELECT {each}"
