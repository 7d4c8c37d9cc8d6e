"""The dashboard of one team, as Datadog's API and Terraform's ``datadog_dashboard_json`` take it.

The form: https://docs.datadoghq.com/api/latest/dashboards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aggregator.core.graph import Graph
from aggregator.core.project import Model, Source
from aggregator.export.datadog.teams import Team, scope
from aggregator.monitoring.messages import runbook_of
from aggregator.monitoring.metrics import (
    BYTES,
    CHECKS,
    FAILED,
    LAG,
    LEVEL,
    MISSING,
    PARTITIONS,
    PRICE,
    ROWS,
    STEP,
    Kind,
    Metric,
)

_GROUPS: tuple[tuple[str, tuple[tuple[str, Metric, str, str], ...]], ...] = (
    (
        "Freshness",
        (
            ("0 fresh, 1 a warning, 2 late", LEVEL, "model", "toplist"),
            ("Partitions that are missing", MISSING, "model", "toplist"),
            ("Age of the newest partition", LAG, "model", "timeseries"),
        ),
    ),
    (
        "Runs",
        (
            ("Partitions, by how they ended", PARTITIONS, "status", "timeseries"),
            ("Partitions whose last attempt failed", FAILED, "model", "toplist"),
            ("Checks that did not hold", CHECKS, "model,severity", "timeseries"),
            ("Seconds of a query", STEP, "model", "timeseries"),
        ),
    ),
    (
        "Volume and cost",
        (
            ("Rows written", ROWS, "model", "timeseries"),
            ("Bytes billed", BYTES, "model", "timeseries"),
            ("Price", PRICE, "model", "timeseries"),
        ),
    ),
)
"""Group by group: title, metric, what it is split by, and how it is drawn."""


def dashboard(graph: Graph, team: Team) -> dict[str, Any]:
    """What one owner wants to see at a glance."""
    project = graph.project
    series = f"{scope(graph, owner=team.owner)},$model"
    return {
        "title": f"{project.name} in {project.environment.name}: {team.owner}",
        "description": f"Freshness, runs and cost of the tables of {team.owner}.",
        "layout_type": "ordered",
        "reflow_type": "auto",
        "template_variables": [{"name": "model", "prefix": "model", "defaults": ["*"]}],
        "widgets": [_note(graph, team), *(_group(title, list(_widgets(rows, series))) for title, rows in _GROUPS)],
    }


def _note(graph: Graph, team: Team) -> dict[str, Any]:
    lines = ["| table | what it is |", "|---|---|", *(_row(graph, each) for each in team.tables)]
    return _widget({"type": "note", "content": "\n".join(lines), "background_color": "white", "show_tick": False})


def _row(graph: Graph, table: Source | Model) -> str:
    runbook = runbook_of(graph, table.name)
    name = f"[{table.name}]({runbook})" if runbook else str(table.name)
    return f"| {name} | {' '.join(table.description.split()).replace('|', '/')} |"


def _widgets(rows: tuple[tuple[str, Metric, str, str], ...], series: str) -> Iterator[dict[str, Any]]:
    for title, metric, by, form in rows:
        query = _query(metric, series, by)
        yield _widget(_timeseries(title, metric, query) if form == "timeseries" else _toplist(title, query))


def _query(metric: Metric, series: str, by: str) -> str:
    """What is added up is counted, of what is not the largest value is shown."""
    if metric.kind is Kind.COUNT:
        return f"sum:{metric.name}{{{series}}} by {{{by}}}.as_count()"
    return f"max:{metric.name}{{{series}}} by {{{by}}}"


def _timeseries(title: str, metric: Metric, query: str) -> dict[str, Any]:
    request = {
        "response_format": "timeseries",
        "queries": [{"data_source": "metrics", "name": "query1", "query": query}],
        "formulas": [{"formula": "query1"}],
        "display_type": "bars" if metric.kind is Kind.COUNT else "line",
    }
    return {"type": "timeseries", "title": title, "show_legend": True, "requests": [request]}


def _toplist(title: str, query: str) -> dict[str, Any]:
    request = {
        "response_format": "scalar",
        "queries": [{"data_source": "metrics", "name": "query1", "query": query, "aggregator": "last"}],
        "formulas": [{"formula": "query1", "limit": {"count": 25, "order": "desc"}}],
    }
    return {"type": "toplist", "title": title, "requests": [request]}


def _group(title: str, widgets: list[dict[str, Any]]) -> dict[str, Any]:
    return _widget({"type": "group", "title": title, "layout_type": "ordered", "widgets": widgets})


def _widget(definition: dict[str, Any]) -> dict[str, Any]:
    return {"definition": definition}
