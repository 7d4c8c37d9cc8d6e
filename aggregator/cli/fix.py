"""``aggregator lint --fix``: mends files where that is safe, and makes sure of it before it writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from aggregator.cli.files import rewrite
from aggregator.compile import Compiled, compile_project
from aggregator.core.diagnostics import Diagnostic, Document, errors
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.lint.fix import Mended, mend
from aggregator.review import inspect


@dataclasses.dataclass(frozen=True)
class Fixed:
    """What was mended: the findings, the models whose fingerprint is another one now, and files that were left."""

    findings: tuple[Diagnostic, ...] = ()
    rebuilt: tuple[TableName, ...] = ()
    left: tuple[str, ...] = ()


def fix(graph: Graph, found: Iterable[Diagnostic], root: Path) -> Fixed:
    """Mend the files of models. A file is written only if its model still compiles to the same columns.

    Files that were changed by someone else in the meantime, or that would come out worse, are left as they are.
    """
    by_path: dict[str, list[Diagnostic]] = {}
    for finding in found:
        if finding.edits:
            by_path.setdefault(finding.place.path, []).append(finding)
    names = {
        model.document.path: name for name, model in graph.project.models.items() if model.document.path in by_path
    }
    mended = {
        name: new for path, name in names.items() if (new := mend(graph.project.models[name].document, by_path[path]))
    }
    if not mended:
        return Fixed()
    compiled = _compiled(graph, {name: each.document for name, each in mended.items()})
    findings: list[Diagnostic] = []
    rebuilt, left = [], []
    for name, each in mended.items():
        old = graph.project.models[name].document
        if _is_sound(graph, compiled, name, each) and rewrite(root / old.path, old.text, each.document.text):
            findings += each.findings
            if graph.models[name].fingerprint != compiled.graph.models[name].fingerprint:
                rebuilt.append(name)
        else:
            left.append(old.path)
    return Fixed(tuple(findings), tuple(rebuilt), tuple(left))


def _compiled(graph: Graph, documents: dict[TableName, Document]) -> Compiled:
    """The project as it would be with other texts of some models."""
    models = dict(graph.project.models)
    for name, document in documents.items():
        models[name] = dataclasses.replace(models[name], document=document)
    return compile_project(dataclasses.replace(graph.project, models=models), inspect)


def _is_sound(graph: Graph, compiled: Compiled, name: TableName, mended: Mended) -> bool:
    """Whether a model has no new mistakes, and the columns that it had."""
    old, new = graph.models.get(name), compiled.graph.models.get(name)
    wrong = [each for each in errors(compiled.diagnostics) if each.place.path == mended.document.path]
    if old is None or new is None or any(each.code.id.startswith("A") for each in wrong):
        return False
    return [(each.name, each.type) for each in old.columns] == [(each.name, each.type) for each in new.columns]
