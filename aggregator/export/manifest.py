"""The compiled project as JSON: what schedulers, dashboards and other tools read instead of the project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aggregator.core.diagnostics import Diagnostic, Place
from aggregator.core.graph import CompiledModel, Graph, Origin
from aggregator.core.lineage import Lineage


def manifest(graph: Graph, diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The models, upstream first, and the findings."""
    lineage = Lineage(graph)
    return {
        "models": [_model(model, lineage) for model in graph.models.values()],
        "diagnostics": [diagnostic_json(each) for each in diagnostics],
    }


def diagnostic_json(found: Diagnostic) -> dict[str, Any]:
    """One finding. Lines and columns count from 1; the end is exclusive."""
    return {
        **_place_json(found.place),
        "code": found.code.id,
        "severity": str(found.code.severity),
        "message": found.message,
        "help": found.help,
        "layer": str(found.code.layer),
        "related": [{**_place_json(each.place), "message": each.message} for each in found.related],
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


def _model(model: CompiledModel, lineage: Lineage) -> dict[str, Any]:
    return {
        "name": str(model.name),
        "path": model.model.document.path,
        "kind": str(model.model.kind),
        "sql": model.sql,
        "inputs": [{"table": str(edge.table), "map": str(edge.map)} for edge in model.inputs],
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "description": lineage.description(Origin(str(model.name), column.name)),
                "derivation": str(column.derivation),
                "measure": str(column.measure),
                "state_of": column.state_of,
                "from": [{"table": origin.table, "column": origin.column} for origin in column.origins],
            }
            for column in model.columns
        ],
        "fingerprint": model.fingerprint,
        "embedded": {
            "fidelity": str(model.fidelity),
            "differences": [
                {
                    **_place_json(each.place),
                    "fidelity": str(each.fidelity),
                    "construct": each.construct,
                    "why": each.why,
                }
                for each in model.differences
            ],
        },
    }
