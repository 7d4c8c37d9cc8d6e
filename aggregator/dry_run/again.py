"""A dry run of a project in which nothing has changed: what the last one found, read at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from aggregator.analyzers.protocol import Analyzer
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Document
from aggregator.core.names import TableName
from aggregator.dry_run.examine import decoded, encoded, known_by
from aggregator.dry_run.layer import Progress
from aggregator.dry_run.report import DryRun, Judgement, ModelReport, State
from aggregator.dry_run.request import Request
from aggregator.dry_run.stage import dry_run
from aggregator.review import collecting_seldom

_NOWHERE = Document("", "")


def dry_run_again(request: Request, analyzers: Sequence[Analyzer], cache: Cache, progress: Progress) -> DryRun:
    """What :func:`~aggregator.dry_run.stage.dry_run` gives; from the cache, where it would be what it was.

    There is one such row for each environment and choice of layers, which the next one replaces: it has the whole
    project in it, and would fill the cache otherwise. What it holds for is told beside it.
    """
    layers = (f"{each.name} {each.version()}" for each in analyzers)
    key = key_of("dry run", software(), request.graph.project.environment.name, *layers)
    state = _state(request)
    with collecting_seldom():
        known = _recalled(cache, key, state) if state else None
        if known is not None:
            return known
        found = dry_run(request, analyzers, cache, progress)
        if state and not any(each.state is State.UNCHECKED for report in found.models for each in report.judgements):
            cache.put(key, Row(state, f"{state}\n{json.dumps(_encoded(found))}"))
    return found


def _recalled(cache: Cache, key: str, state: str) -> DryRun | None:
    if cache.head(key) != state:
        return None
    kept_for, _, content = (cache.body(key) or "").partition("\n")
    if kept_for != state:  # another process has put its own there, just now
        return None
    return _decoded(json.loads(content))


def _state(request: Request) -> str:
    """The hash of all that a dry run depends on; empty where a model is not known by a hash itself."""
    graph, project = request.graph, request.graph.project
    if not all(graph.identities[name] for name in graph.models):
        return ""
    return key_of(known_by(request), *_parts(request), *map(repr, project.functions), *map(repr, project.ml_models))


def _parts(request: Request) -> Iterator[str]:
    for keys in (request.graph.identities, request.graph.project.digests):
        yield from (f"{name} {key}" for name, key in keys.items())
        yield ""
    yield from map(str, sorted(request.selected))
    yield json.dumps(encode_findings(request.findings, ""))


def _encoded(found: DryRun) -> list[Any]:
    models = (
        [
            [each.name.dataset, each.name.table],
            each.path,
            [[judgement.layer, judgement.state, judgement.why] for judgement in each.judgements],
            encoded(each.examination, each.path),
        ]
        for each in found.models
    )
    return [found.layers, list(models), encode_findings(found.findings, "")]


def _decoded(value: list[Any]) -> DryRun:
    layers, models, findings = value
    return DryRun(
        layers=tuple(layers),
        models=tuple(_report(*each) for each in models),
        findings=decode_findings(findings, _NOWHERE),
    )


def _report(name: list[str], path: str, judgements: list[list[str]], examination: list[Any]) -> ModelReport:
    judged = tuple(Judgement(layer, State(state), why) for layer, state, why in judgements)
    return ModelReport(TableName(*name), path, judged, decoded(examination))
