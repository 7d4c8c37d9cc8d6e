"""A graph as a manifest: all that planning, building and scheduling need, in words that others can read, too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from typing import Any

from aggregator.checks import promises_of
from aggregator.checks.verdicts import asked
from aggregator.core.declared import Freshness, OnChange
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Difference, Graph, Input, Origin, OutputColumn
from aggregator.core.lineage import Lineage
from aggregator.core.project import CheckDeclaration, Environment, Model, Source
from aggregator.core.sensitive import sensitive_columns
from aggregator.engines import translations
from aggregator.engines.mentions import mentions
from aggregator.export.manifest.dags import layout
from aggregator.export.manifest.file import VERSION, content_hash
from aggregator.export.manifest.findings import diagnostic_json
from aggregator.export.manifest.form import write_calendar, write_partition, write_place
from aggregator.export.manifest.promises import write_promise


def manifest(graph: Graph, diagnostics: Collection[Diagnostic]) -> dict[str, Any]:
    """The models, upstream first, with all that they need; the DAGs; and the findings."""
    lineage = Lineage(graph)
    project = graph.project
    promised = [(model, asked(promises_of(model))) for model in graph.models.values()]
    content = {
        "version": VERSION,
        "hash": "",
        "project": project.name,
        "time_zone": project.zone,
        "environment": _environment(project.environment),
        "environments": list(project.environments),
        "read_from": _environment(project.read_from) if project.read_from is not None else None,
        "monitoring": dataclasses.asdict(project.monitoring) if project.monitoring is not None else None,
        "functions": [{"name": each.name, "sql": str(each.text)} for each in project.functions],
        "dags": layout(graph, diagnostics),
        "freshness": _promising(graph),
        "sources": [_source(source, graph) for source in graph.sources.values()],
        "models": [_model(model, graph, lineage) for model in graph.models.values()],
        "translations": dataclasses.asdict(translations(graph, promised)),
        "diagnostics": [diagnostic_json(each) for each in diagnostics],
    }
    return content | {"hash": content_hash(content)}


def manifest_text(content: Mapping[str, Any], *, indent: int | None = 1) -> str:
    """The file's text; without an indent it is read in less time."""
    return json.dumps(content, indent=indent, ensure_ascii=False) + "\n"


def _promising(graph: Graph) -> list[dict[str, Any]]:
    """The tables that promise to be fresh, by owner, with the connections that hear of those that are late."""
    found: dict[str, dict[str, list[str]]] = {}
    declared: list[Source | Model] = [*graph.sources.values(), *(each.model for each in graph.models.values())]
    for each in declared:
        if each.freshness is not None:
            said = found.setdefault(each.owner, {"tables": [], "alerts": []})
            said["tables"].append(str(each.name))
            alerts = each.scheduling.alerts if isinstance(each, Model) else ()
            said["alerts"] += (alert for alert in alerts if alert not in said["alerts"])
    return [{"owner": owner, **said} for owner, said in found.items()]


def _environment(environment: Environment) -> dict[str, Any]:
    said = dataclasses.asdict(environment)
    del said["place"]
    return said


def _source(source: Source, graph: Graph) -> dict[str, Any]:
    return {
        "name": str(source.name),
        "path": source.document.path,
        "description": source.description,
        "owner": source.owner,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "description": column.description,
                "bytes": column.bytes,
                "sensitive": column.is_sensitive,
            }
            for column in source.columns
        ],
        "key": [str(word) for word in source.key],
        "partition": write_partition(source.partition),
        "calendar": write_calendar(graph.calendars[source.name]),
        "freshness": _freshness(source.freshness),
        "size": _fields(source.size),
        "local": {**_fields(source.local), "place": write_place(source.local.place)} if source.local else None,
    }


def _model(model: CompiledModel, graph: Graph, lineage: Lineage) -> dict[str, Any]:
    declared = model.model
    return {
        "name": str(model.name),
        "path": declared.document.path,
        "kind": str(declared.kind),
        "description": declared.description,
        "owner": declared.owner,
        "schedule": declared.schedule,
        "scheduling": _fields(declared.scheduling),
        "tags": list(declared.tags),
        "runbook": declared.runbook,
        "sql": model.sql,
        "mentions": [[start, end, str(table)] for start, end, table in mentions(model.sql)],
        "inputs": [_input(edge) for edge in model.inputs],
        "columns": [_column(column, model, lineage) for column in model.columns],
        "fingerprint": model.fingerprint,
        "partition": write_partition(declared.partition),
        "calendar": write_calendar(model.calendar),
        "one_by_one": model.one_by_one,
        "functions": list(model.functions),
        "cluster": [str(word) for word in declared.cluster],
        "key": [str(word) for word in declared.key],
        "rollup": _rollup(model),
        "checks": [_check(check) for check in declared.checks],
        "promises": [write_promise(each) for each in promises_of(model)],
        "freshness": _freshness(declared.freshness),
        "budget": _budget(model),
        "size": _fields(declared.size),
        "export": _fields(declared.export),
        "kept": [str(word) for word in declared.kept],
        "on_change": _on_change(declared.on_change),
        "volatile": declared.volatile.seconds if declared.volatile is not None else None,
        "lookback": declared.lookback.seconds if declared.lookback is not None else None,
        "sensitive": sorted(sensitive_columns(graph, model.name)),
        "embedded": {"fidelity": str(model.fidelity), "differences": [_difference(each) for each in model.differences]},
        "at": {
            "select": write_place(model.place),
            "key": write_place(declared.key[0].place) if declared.key else None,
        },
    }


def _input(edge: Input) -> dict[str, Any]:
    return {"table": str(edge.table), "map": str(edge.map), "alias": edge.alias, "function": edge.function}


def _column(column: OutputColumn, model: CompiledModel, lineage: Lineage) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "description": lineage.description(Origin(str(model.name), column.name)),
        "derivation": str(column.derivation),
        "measure": str(column.measure),
        "state_of": column.state_of,
        "sketch": column.sketch,
        "from": [{"table": origin.table, "column": origin.column} for origin in column.origins],
    }


def _rollup(model: CompiledModel) -> dict[str, Any] | None:
    declared = model.model.rollup
    return {"of": str(declared.of), "is_partial": declared.is_partial} if declared is not None else None


def _check(check: CheckDeclaration) -> dict[str, Any]:
    return {"name": str(check.name), "arguments": check.arguments, "at": write_place(check.place)}


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "path": found.place.path,
        "fidelity": str(found.fidelity),
        "construct": found.construct,
        "why": found.why,
        "at": write_place(found.place),
    }


def _freshness(declared: Freshness | None) -> dict[str, Any] | None:
    return _fields(declared) | {"by": _fields(declared.by)} if declared is not None else None


def _on_change(declared: OnChange | None) -> dict[str, Any] | None:
    """From when on rows of other logic are built anew; null if never."""
    return (
        {"from": declared.start.isoformat() if declared.start is not None else None} if declared is not None else None
    )


def _budget(model: CompiledModel) -> dict[str, Any] | None:
    said = _fields(model.model.budget)
    return {name: value for name, value in said.items() if name != "place"} if said is not None else None


def _fields(value: Any) -> Any:
    """A small value of plain fields, by name; None where there is none."""
    if value is None:
        return None
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
