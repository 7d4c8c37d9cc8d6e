"""The functions that a project declares, judged by themselves: a mistake in one is said once, where it is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from aggregator.analyzers.protocol import Analyzer, Relation, Statement, Verdict
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.project import Function
from aggregator.dry_run import codes
from aggregator.dry_run.layer import pseudo_of, schema_of

Verdicts = Mapping[TableName, Verdict]
_NOWHERE = Document("", "")


def function_findings(
    graph: Graph, analyzers: Sequence[Analyzer], layers: Mapping[str, Verdicts], cache: Cache
) -> Iterator[Diagnostic]:
    """What is wrong with functions; ``layers`` has what the analyzers said of models, whose columns these may read."""
    if graph.project.functions:
        for analyzer in analyzers:
            if analyzer.judges_functions:
                yield from _findings(graph, analyzer, layers[analyzer.name], cache)


def _findings(graph: Graph, analyzer: Analyzer, verdicts: Verdicts, cache: Cache) -> tuple[Diagnostic, ...]:
    """What one analyzer finds; taken from the cache if nothing in the project has changed."""
    declared = (part for each in graph.project.functions for part in (each.text, repr((each.text.place, each.lines))))
    tables = (f"{name} {key}" for keys in (graph.identities, graph.project.digests) for name, key in keys.items())
    models = map(repr, graph.project.ml_models)
    key = key_of("functions", analyzer.name, analyzer.version(), software(), *declared, *models, *tables)
    head = cache.head(key)
    if head is not None:
        return decode_findings(json.loads(head), _NOWHERE)
    asked = list(_statements(graph, verdicts))
    verdicts_on = list(analyzer.analyse([statement for _, statement in asked]))
    mistakes = ((function, each.mistake) for (function, _), each in zip(asked, verdicts_on, strict=True))
    code = codes.REFUSALS[analyzer.name]
    found = tuple(
        Diagnostic(function.place(each.start), code, each.message, each.help) for function, each in mistakes if each
    )
    if len(asked) == len(graph.project.functions) and not any(each.unchecked for each in verdicts_on):
        cache.put(key, Row(json.dumps(encode_findings(found, ""))))
        cache.save()
    return found


def _statements(graph: Graph, verdicts: Verdicts) -> Iterator[tuple[Function, Statement]]:
    """The declared functions as statements, over the tables and with the functions that their bodies name."""
    from aggregator.compile.functions import Functions  # noqa: PLC0415  (sqlglot: nothing may have changed)
    from aggregator.dry_run.statements import asked_in  # noqa: PLC0415  (as above)

    project = graph.project
    functions = Functions(project.functions, {*project.models, *project.sources, *project.broken})
    texts = {each.name: str(each.text) for each in project.functions}
    for function in project.functions:
        calls = functions.of(function.name)
        read = dict.fromkeys(table for call in calls for table in call.reads)
        schemas = {table: schema_of(graph, verdicts, table) for table in read if table in graph.calendars}
        tables = tuple(
            Relation(str(table), columns, pseudo_of(project, table)) for table, columns in schemas.items() if columns
        )
        if len(tables) == len(read):
            routines = tuple(texts[call.name] for call in calls if call.name != function.name)
            models = asked_in(project, (function.text, *routines))
            yield function, Statement(function.name, str(function.text), tables, routines=routines, models=models)
