"""Load, compile, lint: what every front door wants to know of a project before it does anything."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aggregator.cache import Cache, Row, key_of, software
from aggregator.compile import Compiled, Remark, compile_project
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.core.lazily import Lazily
from aggregator.core.names import TableName
from aggregator.load import load_project

if TYPE_CHECKING:
    from aggregator.compile import Subject
    from aggregator.core.graph import Difference, Graph

SELDOM = (100_000, 20, 100)
"""When to look for garbage while much is made that stays: more often takes a sixth of the time."""

_NOWHERE = Document("", "")


@dataclasses.dataclass(frozen=True)
class Review:
    """What was understood, and all findings by place. Without a sound ``aggregator.yml`` there is no graph."""

    graph: Graph | None
    findings: tuple[Diagnostic, ...]


def review(
    root: Path,
    environment: str | None,
    cache: Cache,
    *,
    processes: int = 1,
    unsaved: Mapping[Path, str] | None = None,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> Review:
    """Load, compile and lint the project in a folder.

    ``unsaved`` are texts that stand for those of files, by absolute path. See :func:`compile_project` for the others.
    """
    with collecting_seldom():
        loaded = load_project(root, environment, cache, unsaved or {})
        if loaded.project is None:
            return Review(None, loaded.diagnostics)
        compiled = compile_project(loaded.project, inspect, cache, processes, progress)
        found = (*loaded.diagnostics, *compiled.diagnostics, *_across(compiled, cache))
        cache.save()
    return Review(compiled.graph, tuple(sorted(found, key=lambda each: (each.place, each.code.id))))


@contextlib.contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for garbage seldom, for now: a process that goes on for days has to look for it as usual."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def inspect(subject: Subject) -> Iterator[Diagnostic | Remark | Difference]:
    """What is said about a model beyond what compiling it says, and the signature of what it computes."""
    from aggregator.checks import promised  # noqa: PLC0415  (not needed where nothing changed)
    from aggregator.checks.references import references  # noqa: PLC0415
    from aggregator.lint import lint  # noqa: PLC0415
    from aggregator.lint.signature import signature  # noqa: PLC0415

    found = promised(subject.model)
    yield from found.problems
    yield from lint(subject)
    yield from _differences(subject)
    yield Remark(json.dumps([signature(subject), [each.plain() for each in references(found.promises)]]))


def _differences(subject: Subject) -> Iterator[Difference]:
    """What the embedded engine computes otherwise than BigQuery."""
    from aggregator.core.graph import Difference  # noqa: PLC0415
    from aggregator.engines.duckdb.dialect.verdict import verdict  # noqa: PLC0415

    for found in verdict(subject.analysis.nodes, subject.analysis.called):
        place = subject.query.place_of(found.node) if found.node is not None else subject.model.place
        yield Difference(found.fidelity, place, found.construct, found.why)


def _across(compiled: Compiled, cache: Cache) -> tuple[Diagnostic, ...]:
    """Models that compute what another one does; tables that checks name. Nothing is compared if nothing changed."""
    digests = compiled.graph.project.digests
    key = key_of(
        "across", software(), *(f"{name} {digests.get(name)}" for name in sorted({*digests, *compiled.remarks}))
    )
    head = cache.head(key)
    if head is not None:
        return decode_findings(json.loads(head), _NOWHERE)
    from aggregator.checks.references import Reference, reference_problems  # noqa: PLC0415
    from aggregator.lint.signature import duplicates  # noqa: PLC0415

    remarks = {name: json.loads(remark) for name, remark in compiled.remarks.items()}
    signatures = {name: tuple(signature) for name, (signature, _) in remarks.items()}
    named = [Reference.of_plain(each) for _, named in remarks.values() for each in named]
    places = Lazily({name: functools.partial(_place, compiled.graph, name) for name in signatures})
    found = (
        *_not_allowed(compiled.graph, duplicates(signatures, places)),
        *reference_problems(compiled.graph, named),
    )
    cache.put(key, Row(json.dumps(encode_findings(found, ""))))
    return found


def _place(graph: Graph, name: TableName) -> Place:
    return graph.models[name].place


def _not_allowed(graph: Graph, found: Iterator[Diagnostic]) -> Iterator[Diagnostic]:
    """Without those that a comment in the model allows."""
    from aggregator.lint import CODES  # noqa: PLC0415
    from aggregator.lint.allow import unallowed  # noqa: PLC0415

    names = {code.name for code in CODES}
    for each in found:
        model = graph.project.models[TableName(*PurePosixPath(each.place.path).with_suffix("").parts[-2:])]
        yield from unallowed(model.document, model.sql_start, [each], names)
