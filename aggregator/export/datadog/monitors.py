"""The monitors of one team, as Datadog's API and Terraform's ``datadog_monitor_json`` take them.

The form: https://docs.datadoghq.com/api/latest/monitors. A promise is judged where the partitions are known, and
Datadog is told whether it is kept: it could not tell that a table has ended, or that a partition came out empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aggregator.core.declared import Budget, Freshness
from aggregator.core.estimate import size_text
from aggregator.core.freshness import said
from aggregator.core.graph import Graph
from aggregator.core.project import Kind, Model, Source
from aggregator.export.datadog.teams import Team, prefix, scope
from aggregator.monitoring.messages import runbook_of
from aggregator.monitoring.metrics import BYTES, CHECKS, FAILED, LEVEL, PARTITIONS, PRICE, Metric

_NEARLY = 0.8
"""Of a budget, so much is worth a warning."""

_SILENCE_MINUTES = 2880
"""How long nothing may be heard of a table whose promise names no duration."""

_SILENCE = (
    "{{#is_no_data}}Nobody has looked at it for as long as it may be old: do runs still take place?{{/is_no_data}}"
)
_MONTH = {"scheduling_options": {"evaluation_window": {"day_starts": "00:00", "month_starts": 1}}}
_LEAST_MINUTES, _MOST_MINUTES = 30, 14 * 1440
_PRIORITY = 3
_TIER = re.compile("tier:([1-5])")


def monitors(graph: Graph, team: Team) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and monitor, in an order that follows from the project."""
    for table in team.tables:
        is_view = isinstance(table, Model) and table.kind is Kind.VIEW  # as fresh as what it reads
        if table.freshness is not None and not is_view:
            yield _named(graph, team, f"freshness-{table.name}", _freshness(graph, team, table, table.freshness))
    if team.models:
        yield _named(graph, team, f"failed-{team.slug}", _failed(graph, team))
    if any(model.checks or model.key for model in team.models):
        yield _named(graph, team, f"checks-{team.slug}", _checks(graph, team))
    for model in team.models:
        if model.budget is not None:
            for what, content in _budgets(graph, team, model, model.budget):
                yield _named(graph, team, f"{what}-{model.name}", content)


def _named(graph: Graph, team: Team, what: str, content: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """With the id in its tags, by which it is found again."""
    id_ = f"{prefix(graph)}{what}"
    tags = [f"aggregator_id:{id_}", *scope(graph, owner=team.owner).split(",")]
    return id_, {**content, "tags": tags}


def _freshness(graph: Graph, team: Team, table: Source | Model, promise: Freshness) -> dict[str, Any]:
    seconds = promise.error_after or promise.warn_after
    minutes = min(max(seconds // 60, _LEAST_MINUTES), _MOST_MINUTES) if seconds else _SILENCE_MINUTES
    is_told = isinstance(table, Model) or table.partition is not None  # of other sources, only that they are gone
    environment = graph.project.environment.name
    lines = [
        f"{table.name} is not as fresh in {environment} as it promises: {said(promise)}.",
        *([_SILENCE] if is_told else []),
    ]
    return _monitor(
        f"{table.name} is late in {environment}",
        f"max(last_15m):max:{LEVEL.name}{{{scope(graph, model=str(table.name))}}} >= 2",
        _message(graph, team, lines, [table], f"aggregator freshness {table.name} --env {environment}"),
        {"critical": 2, "warning": 1},
        priority=_priority([table]),
        **({"notify_no_data": True, "no_data_timeframe": minutes} if is_told else {}),
    )


def _failed(graph: Graph, team: Team) -> dict[str, Any]:
    environment = graph.project.environment.name
    line = (
        f"Partitions of {{{{model.name}}}} could not be built in {environment}. The rows that they had are still there."
    )
    return _monitor(
        f"{{{{model.name}}}} failed in {environment}",
        f"max(last_15m):max:{FAILED.name}{{{scope(graph, owner=team.owner)}}} by {{model}} > 0",
        _message(graph, team, [line], [], f"aggregator status {{{{model.name}}}} --env {environment}"),
        {"critical": 0},
        priority=_priority(team.models),
    )


def _checks(graph: Graph, team: Team) -> dict[str, Any]:
    environment = graph.project.environment.name
    line = f"Rows of {{{{model.name}}}} were published in {environment} though a check does not hold."
    series = scope(graph, owner=team.owner, severity="warning")
    return _monitor(
        f"A check of {{{{model.name}}}} does not hold in {environment}",
        f"sum(last_1h):sum:{CHECKS.name}{{{series}}} by {{model}}.as_count() > 0",
        _message(graph, team, [line], [], f"aggregator status {{{{model.name}}}} --env {environment}"),
        {"critical": 0},
        priority=_priority(team.models) + 1,
    )


def _budgets(graph: Graph, team: Team, model: Model, budget: Budget) -> Iterator[tuple[str, dict[str, Any]]]:
    series = scope(graph, model=str(model.name))
    if budget.bytes is not None:
        written = f"{{{series.replace(',', ' AND ')} AND status IN (built,unchanged)}}"
        query = f"sum(last_1d):{_sum(BYTES, series)} / sum:{PARTITIONS.name}{written}.as_count()"
        yield "build-bytes", _budget(graph, team, model, query, budget.bytes, f"{size_text(budget.bytes)} for a build")
    if budget.bytes_per_month is not None:
        query, limit = f"sum(current_1mo):{_sum(BYTES, series)}", budget.bytes_per_month
        yield "month-bytes", _budget(graph, team, model, query, limit, f"{size_text(limit)} in a month", **_MONTH)
    if budget.price_per_month is not None:
        query = f"sum(current_1mo):{_sum(PRICE, series)}"
        said_as = f"a price of {budget.price_per_month:g} in a month"
        yield "month-price", _budget(graph, team, model, query, budget.price_per_month, said_as, **_MONTH)


def _budget(
    graph: Graph, team: Team, model: Model, query: str, limit: float, said_as: str, **options: Any
) -> dict[str, Any]:
    environment = graph.project.environment.name
    line = f"{model.name} costs more in {environment} than its budget: {said_as}."
    return _monitor(
        f"{model.name} is over its budget in {environment}: {said_as}",
        f"{query} > {_number(limit)}",
        _message(graph, team, [line], [model], f"aggregator dry-run --select {model.name} --env {environment}"),
        {"critical": _number(limit), "warning": _number(_NEARLY * limit)},
        priority=_priority([model]),
        **options,
    )


def _sum(metric: Metric, series: str) -> str:
    return f"sum:{metric.name}{{{series}}}.as_count()"


def _number(value: float) -> float:
    """Whole numbers without a point behind them, in texts as in JSON."""
    return int(value) if value == int(value) else round(value, 6)


def _message(graph: Graph, team: Team, lines: Sequence[str], tables: Sequence[Source | Model], command: str) -> str:
    """What Datadog sends: what it is about, whose it is, where to read on, and what to type."""
    runbooks = [runbook_of(graph, each.name) for each in tables]
    project = graph.project.monitoring.runbook if graph.project.monitoring is not None else ""
    if not tables and project:
        runbooks = [project.replace("{model}", "{{model.name}}")]
    return "\n".join(
        [
            *lines,
            "",
            f"owner: {team.owner}",
            *(f"runbook: {each}" for each in runbooks if each),
            f"next: `{command}`",
            *([team.handle] if team.handle else []),
        ]
    )


def _priority(tables: Sequence[Source | Model]) -> int:
    """1 is the highest: the tier that the most important of some tables has among its tags, as ``tier:1``."""
    words = (word for each in tables if isinstance(each, Model) for word in each.tags)
    return min((int(found[1]) for word in words if (found := _TIER.fullmatch(word))), default=_PRIORITY)


def _monitor(
    name: str, query: str, message: str, thresholds: Mapping[str, float], *, priority: int, **options: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query alert",
        "query": query,
        "message": message,
        "priority": min(priority, 5),
        "options": {
            "thresholds": dict(thresholds),
            "include_tags": False,
            "notify_audit": False,
            "require_full_window": False,
            **options,
        },
    }
