"""Published rows as files: which partitions of which tables are not in storage as they are in the warehouse.

Storage itself says what is there: the file ``_SUCCESS`` in the folder of a partition has the version of its rows. So
an export that was cut off, or whose files somebody removed, is made up for by the next one, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.unload import Unload, address
from aggregator.core.warehouse import ABSENT, Snapshot
from aggregator.engines import Engine
from aggregator.engines.protocol import QueryError

NOT_ALLOWED = Code(
    "R520",
    "export-not-allowed",
    """The environment does not let rows go where `export:` would write them.

Under `exports:` of an environment stand the buckets, or folders in them, that its exports may write to. An environment
on BigQuery has to name them. Add the bucket there, or change the address.""",
    Layer.RUN,
)
EXPORT_FAILED = Code(
    "R521",
    "export-failed",
    """The rows of a partition could not be written to files.

The rows are published in the warehouse. The folder has no `_SUCCESS`, so whoever waits for that file reads nothing half
written. The next `aggregator run` or `aggregator export` tries again.""",
    Layer.RUN,
)
CODES = (NOT_ALLOWED, EXPORT_FAILED)


def refused(graph: Graph, among: Iterable[TableName]) -> list[Diagnostic]:
    """Exports of some models that would leave what the environment allows."""
    environment = graph.project.environment
    found = []
    for model in (graph.models[name] for name in among):
        declared = model.model.export
        if declared is not None and not declared.to.startswith(tuple(environment.exports)):
            allowed = ", ".join(environment.exports) or "nothing"
            message = f"{model.name}: the environment {environment.name} may not export to {declared.to}"
            advice = f"under `exports:` it has {allowed}"
            found.append(Diagnostic(declared.to.place, NOT_ALLOWED, message, advice))
    return found


def behind(graph: Graph, snapshot: Snapshot, engine: Engine, among: Collection[TableName]) -> list[Unload]:
    """What has to be written to files, so that storage has what was last published of some models."""
    wanted = [each for name in among for each in _published(graph.models[name], snapshot)]
    known = engine.unloaded(each.folder for each in wanted)
    return [each for each in wanted if known.get(each.folder) != each.version]


def _published(model: CompiledModel, snapshot: Snapshot) -> Iterator[Unload]:
    """All that we have published of a model and that still stands; also a partition that came out empty."""
    declared = model.model.export
    if declared is None:
        return
    columns = tuple(column.name for column in model.columns if not column.state_of)
    versions = snapshot.versions.get(model.name, {})
    for partition, row in sorted(snapshot.ledger.built.get(model.name, {}).items()):
        if versions.get(partition, ABSENT).token == row.version:
            files = address(declared, model.name, partition)
            yield Unload(model.name, partition, columns, files, declared.format, row.version)


def unload(unloads: Iterable[Unload], graph: Graph, engine: Engine) -> Iterator[tuple[Unload, Diagnostic | None]]:
    """Write files, and say of each partition how it ended."""
    for each in unloads:
        try:
            engine.unload(each)
        except QueryError as error:
            name = f"{each.table}@{each.partition}" if each.partition else str(each.table)
            declared = graph.models[each.table].model.export
            assert declared is not None  # noqa: S101  (only such models are exported)
            yield each, Diagnostic(declared.to.place, EXPORT_FAILED, f"{name}: {error}")
        else:
            yield each, None
