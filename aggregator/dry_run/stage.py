""":class:`Graph` to :class:`DryRun`: what each layer says of each model, cheapest layer first, and what it costs."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.analyzers.protocol import Analyzer, Verdict
from aggregator.cache import Cache
from aggregator.core.diagnostics import Diagnostic, Layer, errors
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes
from aggregator.dry_run.checks import check_findings
from aggregator.dry_run.examine import Examiner
from aggregator.dry_run.functions import function_findings
from aggregator.dry_run.layer import Asked, Progress, judge
from aggregator.dry_run.report import DryRun, Examination, Judgement, ModelReport, State
from aggregator.dry_run.request import Request

if TYPE_CHECKING:
    from aggregator.dry_run.estimate import Grounds

STRUCTURE = "sqlglot"
"""The layer that is always there: what the compile stage finds out by itself."""

Verdicts = Mapping[TableName, Verdict]


def dry_run(request: Request, analyzers: Sequence[Analyzer], cache: Cache, progress: Progress) -> DryRun:
    """What each analyzer says of the selected models, what BigQuery's limits say, and what the models cost."""
    graph = request.graph
    names = _with_unknown_inputs(graph, request.selected)
    asked = Asked(graph, names, _Intervals(request).of)
    layers = {each.name: judge(asked, each, cache, progress) for each in analyzers}
    reports = tuple(_reports(request, layers, cache))
    found = (
        *request.findings,
        *_refusals(request, layers),
        *function_findings(graph, analyzers, layers, cache),
        *check_findings(graph, request.selected, analyzers, layers, cache),
        *(each for report in reports for each in report.examination.findings),
    )
    return DryRun(
        layers=(STRUCTURE, *layers),
        models=reports,
        findings=tuple(sorted(found, key=lambda each: (each.place, each.code.id))),
    )


class _Intervals:
    """The partitions whose bytes are told, as values of the parameters."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def of(self, model: CompiledModel) -> dict[str, Any]:
        """The newest complete partition of a model, and what is chosen for it; nothing for a table without."""
        if model.calendar is None:
            return {}
        from aggregator.dry_run.estimate import built_partition  # noqa: PLC0415  (nothing of it where nothing changed)
        from aggregator.dry_run.sizes import newest  # noqa: PLC0415  (as above)
        from aggregator.plan.latest import latest_inputs  # noqa: PLC0415  (as above)

        grounds = self._grounds
        partition = built_partition(model, grounds)
        start = model.calendar.parse(partition)
        end = model.calendar.next(start)
        values: dict[str, Any] = {"start": model.calendar.value(start), "end": model.calendar.value(end)}
        for latest in latest_inputs(model, grounds.graph.calendars):
            chosen = newest(grounds.stock(latest.table), latest.among[partition])
            values |= latest.values(chosen) if chosen is not None else dict.fromkeys(latest.parameters)
        return values

    @functools.cached_property
    def _grounds(self) -> Grounds:
        from aggregator.dry_run.estimate import Grounds  # noqa: PLC0415  (as above)

        return Grounds(self._request.graph, self._request.now, self._request.catalog)


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


def _reports(request: Request, layers: Mapping[str, Verdicts], cache: Cache) -> Iterator[ModelReport]:
    wrong = _wrong_files(request.findings)
    examiner = Examiner(request, {name: _together(name, layers.values()) for name in request.graph.models}, cache)
    for name in (*request.graph.models, *_broken(request.graph)):
        if name in request.selected:
            path = _path(name)
            judgements = (_structure(request.graph, name, path in wrong), *_judgements(name, layers))
            examination = examiner.examine(name) if name in request.graph.models else Examination()
            yield ModelReport(name, path, judgements, examination)
    cache.save()


def _wrong_files(findings: Iterable[Diagnostic]) -> set[str]:
    """The files that can't become what they are meant to be, also for what a macro puts into them."""
    found: set[str] = set()
    for each in errors(findings):
        if each.code.layer in (Layer.LOAD, Layer.COMPILE):
            found |= {each.place.path, *(related.place.path for related in each.related)}
    return found


def _path(name: TableName) -> str:
    """The file of a model: its place is its name."""
    return f"models/{name.dataset}/{name.table}.sql"


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


def _refusals(request: Request, layers: Mapping[str, Verdicts]) -> Iterator[Diagnostic]:
    """The mistakes that analyzers name, each said once: not where an earlier layer has said something already."""
    said = {(each.place.path, each.place.line) for each in errors(request.findings)}
    refused = [(layer, name) for layer, verdicts in layers.items() for name in verdicts if verdicts[name].mistake]
    if not refused:
        return
    from aggregator.compile.locate import Locator  # noqa: PLC0415  (where all is well, no place is looked for)

    locator = Locator(request.graph.project)
    for layer, name in refused:
        mistake = layers[layer][name].mistake
        if mistake is None or name not in request.selected:
            continue
        place = locator.place(request.graph.models[name], mistake.start)
        if (place.path, place.line) not in said:
            said.add((place.path, place.line))
            yield Diagnostic(place, codes.REFUSALS[layer], mistake.message, mistake.help)
