""":class:`Graph` to :class:`DryRun`: what each layer says of each model, cheapest layer first, and what it costs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.analyzers.protocol import Analyzer, Field, Verdict
from aggregator.cache import Cache
from aggregator.compile.locate import Locator
from aggregator.core.catalog import Catalog
from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes
from aggregator.dry_run.budget import budget_findings
from aggregator.dry_run.contract import contract_findings
from aggregator.dry_run.estimate import Grounds, built_partition, estimate
from aggregator.dry_run.layer import Asked, Progress, judge
from aggregator.dry_run.report import DryRun, Judgement, ModelReport, State
from aggregator.dry_run.rules import Candidate, examine

STRUCTURE = "sqlglot"
"""The layer that is always there: what the compile stage finds out by itself."""

Verdicts = Mapping[TableName, Verdict]
Schema = tuple[Field, ...]


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be looked at: a compiled project with its findings, the models that matter, a clock (UTC, naive)."""

    graph: Graph
    findings: tuple[Diagnostic, ...]
    selected: frozenset[TableName]
    now: datetime
    catalog: Catalog | None = None


def dry_run(request: Request, analyzers: Sequence[Analyzer], cache: Cache, progress: Progress) -> DryRun:
    """What each analyzer says of the selected models, what BigQuery's limits say, and what the models cost."""
    graph = request.graph
    names = _with_unknown_inputs(graph, request.selected)
    asked = Asked(graph, names, functools.partial(_interval, Grounds(graph, request.now, request.catalog)))
    layers = {each.name: judge(asked, each, cache, progress) for each in analyzers}
    reports = tuple(_reports(request, layers))
    found = (*request.findings, *_refusals(request, layers), *(each for report in reports for each in report.findings))
    return DryRun(
        layers=(STRUCTURE, *layers),
        models=reports,
        findings=tuple(sorted(found, key=lambda each: (each.place, each.code.id))),
    )


def _interval(grounds: Grounds, model: CompiledModel) -> tuple[Any, ...]:
    """The partition whose bytes are told, as values of ``@start`` and ``@end``."""
    if model.calendar is None:
        return ()
    start = model.calendar.parse(built_partition(model, grounds))
    return model.calendar.value(start), model.calendar.value(model.calendar.next(start))


def _with_unknown_inputs(graph: Graph, selected: Collection[TableName]) -> set[TableName]:
    """The selected models, and for their sake those upstream whose columns compiling could not type."""
    wanted = {name for name in selected if name in graph.models}
    waiting = list(wanted)
    while waiting:
        for table in graph.reads[waiting.pop()]:
            if table in graph.models and table not in wanted and not _is_typed(graph, table):
                wanted.add(table)
                waiting.append(table)
    return wanted


def _is_typed(graph: Graph, name: TableName) -> bool:
    columns = graph.models[name].columns
    return bool(columns) and all(column.type for column in columns)


def _reports(request: Request, layers: Mapping[str, Verdicts]) -> Iterator[ModelReport]:
    wrong = {each.place.path for each in errors(request.findings)}
    known = {name: _together(name, layers.values()) for name in request.graph.models}
    grounds = Grounds(
        graph=request.graph,
        now=request.now,
        catalog=request.catalog,
        reads={name: verdict.reads for name, verdict in known.items() if verdict.reads is not None},
        measured={name: verdict.bytes for name, verdict in known.items() if verdict.bytes is not None},
    )
    for name in (*request.graph.models, *_broken(request.graph)):
        if name in request.selected:
            path = request.graph.project.models[name].document.path
            judgements = (_structure(request.graph, name, path in wrong), *_judgements(name, layers))
            report = ModelReport(name, path, judgements)
            yield _examined(report, known[name].columns, grounds) if name in request.graph.models else report


def _broken(graph: Graph) -> list[TableName]:
    return [name for name in graph.project.models if name not in graph.models]


def _together(name: TableName, layers: Iterable[Verdicts]) -> Verdict:
    """What the strictest layer that can tell says of columns, reads and bytes."""
    found = Verdict()
    for verdicts in layers:
        if name in verdicts:
            verdict = verdicts[name]
            found = Verdict(
                columns=verdict.columns or found.columns,
                reads=found.reads if verdict.reads is None else verdict.reads,
                bytes=found.bytes if verdict.bytes is None else verdict.bytes,
            )
    return found


def _structure(graph: Graph, name: TableName, is_wrong: bool) -> Judgement:  # noqa: FBT001
    if is_wrong:
        return Judgement(STRUCTURE, State.REFUSED)
    if name not in graph.models:
        return Judgement(STRUCTURE, State.UNCHECKED, "a table that it reads could not be understood")
    return Judgement(STRUCTURE, State.ACCEPTED)


def _judgements(name: TableName, layers: Mapping[str, Verdicts]) -> Iterator[Judgement]:
    for layer, verdicts in layers.items():
        verdict = verdicts.get(name, Verdict(unchecked="it could not be compiled"))
        state = State.REFUSED if verdict.mistake else State.ACCEPTED
        yield Judgement(layer, State.UNCHECKED if verdict.unchecked else state, verdict.unchecked)


def _examined(report: ModelReport, schema: Schema, grounds: Grounds) -> ModelReport:
    """A report with what follows from the columns and the bytes."""
    model = grounds.graph.models[report.name]
    candidate = Candidate(model, grounds.graph, grounds.now, schema, grounds.catalog)
    cost = estimate(model, grounds)
    over, unjudged = budget_findings(model, cost, grounds.graph.project.environment)
    return dataclasses.replace(
        report,
        columns=candidate.columns,
        estimate=cost,
        findings=(*examine(candidate), *contract_findings(model, schema), *over),
        unjudged=unjudged,
    )


def _refusals(request: Request, layers: Mapping[str, Verdicts]) -> Iterator[Diagnostic]:
    """The mistakes that analyzers name, each said once: not where an earlier layer has said something already."""
    said = {(each.place.path, each.place.line) for each in errors(request.findings)}
    locator = Locator(request.graph.project)
    for layer, verdicts in layers.items():
        for name, verdict in verdicts.items():
            if verdict.mistake is None or name not in request.selected:
                continue
            mistake = verdict.mistake
            place = locator.place(request.graph.models[name], mistake.start)
            if (place.path, place.line) not in said:
                said.add((place.path, place.line))
                yield Diagnostic(place, codes.REFUSALS[layer], mistake.message, mistake.help)
