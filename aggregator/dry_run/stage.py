""":class:`Graph` to :class:`DryRun`: what each layer says of each model, cheapest layer first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from aggregator.analyzers.protocol import Analyzer, Field, Verdict
from aggregator.cache import Cache
from aggregator.compile.locate import Locator
from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes
from aggregator.dry_run.layer import Progress, judge
from aggregator.dry_run.report import DryRun, Judgement, ModelReport, State

STRUCTURE = "sqlglot"
"""The layer that is always there: what the compile stage finds out by itself."""

Verdicts = Mapping[TableName, Verdict]


def dry_run(
    graph: Graph,
    findings: Iterable[Diagnostic],
    selected: Collection[TableName],
    analyzers: Sequence[Analyzer],
    cache: Cache,
    progress: Progress,
) -> DryRun:
    """What each analyzer says of the selected models, given what compiling them found."""
    found = tuple(findings)
    wrong = {each.place.path for each in errors(found)}
    layers: dict[str, Verdicts] = {}
    for analyzer in analyzers:
        layers[analyzer.name] = judge(graph, _with_unknown_inputs(graph, selected), analyzer, cache, progress)
    models = [name for name in (*graph.models, *_broken(graph)) if name in selected]
    refused = _refusals(graph, selected, layers, found)
    return DryRun(
        layers=(STRUCTURE, *layers),
        models=tuple(_report(graph, name, wrong, layers) for name in models),
        findings=tuple(sorted((*found, *refused), key=lambda each: (each.place, each.code.id))),
    )


def _broken(graph: Graph) -> list[TableName]:
    return [name for name in graph.project.models if name not in graph.models]


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


def _report(graph: Graph, name: TableName, wrong: Collection[str], layers: Mapping[str, Verdicts]) -> ModelReport:
    path = graph.project.models[name].document.path
    judgements, columns = [_structure(graph, name, path in wrong)], tuple[Field, ...]()
    reads, bytes_ = None, None
    for layer, verdicts in layers.items():
        verdict = verdicts.get(name, Verdict(unchecked="it could not be compiled"))
        judgements.append(_judgement(layer, verdict))
        columns = verdict.columns or columns
        reads = verdict.reads if verdict.reads is not None else reads
        bytes_ = verdict.bytes if verdict.bytes is not None else bytes_
    if not columns and name in graph.models:
        columns = tuple(Field(each.name, each.type) for each in graph.models[name].columns)
    return ModelReport(name, path, tuple(judgements), columns, reads, bytes_)


def _structure(graph: Graph, name: TableName, is_wrong: bool) -> Judgement:  # noqa: FBT001
    if is_wrong:
        return Judgement(STRUCTURE, State.REFUSED)
    if name not in graph.models:
        return Judgement(STRUCTURE, State.UNCHECKED, "a table that it reads could not be understood")
    return Judgement(STRUCTURE, State.ACCEPTED)


def _judgement(layer: str, verdict: Verdict) -> Judgement:
    if verdict.unchecked:
        return Judgement(layer, State.UNCHECKED, verdict.unchecked)
    return Judgement(layer, State.REFUSED if verdict.mistake else State.ACCEPTED)


def _refusals(
    graph: Graph, selected: Collection[TableName], layers: Mapping[str, Verdicts], found: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """The mistakes that analyzers name, each said once: not where an earlier layer has said something already."""
    said = {(each.place.path, each.place.line) for each in errors(found)}
    locator = Locator(graph.project)
    for layer, verdicts in layers.items():
        for name, verdict in verdicts.items():
            if verdict.mistake is None or name not in selected:
                continue
            mistake = verdict.mistake
            place = locator.place(graph.models[name], mistake.start)
            if (place.path, place.line) not in said:
                said.add((place.path, place.line))
                yield Diagnostic(place, codes.REFUSALS[layer], mistake.message, mistake.help)
