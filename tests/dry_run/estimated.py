"""Small projects, catalogs and estimates: what the tests of the dry run share."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from lab import graph_of, name

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Catalog, Size, StoredColumn, StoredTable
from aggregator.core.graph import Graph
from aggregator.dry_run.estimate import Grounds, estimate

NOW = datetime.fromisoformat("2025-06-01T12:00")


def graph(files: Mapping[str, str], zone: str = "UTC") -> Graph:
    with tempfile.TemporaryDirectory() as folder:
        return graph_of(Path(folder), files, zone)


def stored(
    table: str,
    columns: Mapping[str, tuple[str, int | None]],
    size: tuple[int, int],
    partitions: Mapping[str, tuple[int, int]] | None = None,
    **more,
) -> StoredTable:
    """A table of a catalog: columns with their types and bytes, ``(rows, bytes)`` of all and of each partition."""
    listed = tuple(StoredColumn(each, type_, bytes=size_) for each, (type_, size_) in columns.items())
    sizes = {each: Size(*of) for each, of in (partitions or {}).items()}
    cut = {"partition_column": "day", "grain": Grain.DAY} if partitions is not None else {}
    return StoredTable(name(table), listed, Size(*size), **{**cut, "partitions": sizes, **more})


def catalog(*tables: StoredTable, taken: str = "2025-06-01") -> Catalog:
    return Catalog("prod", datetime.fromisoformat(taken), {each.name: each for each in tables})


def estimated(compiled: Graph, model: str = "marts.out", reads=None, tables=(), now=NOW, taken="2025-06-01", **more):
    """The estimate of a model; ``reads`` are those of the model, or of several by their names."""
    by_model = {} if reads is None else reads
    if by_model and not isinstance(next(iter(by_model.values())), Mapping):
        by_model = {model: by_model}
    known = catalog(*tables, taken=taken) if tables else None
    told = {name(each): of for each, of in by_model.items()}
    grounds = Grounds(compiled, now, known, told, **more)
    return estimate(compiled.models[name(model)], grounds)


def priced(compiled: Graph, **changes) -> Graph:
    """The same project in an environment with other limits."""
    environment = dataclasses.replace(compiled.project.environment, **changes)
    return dataclasses.replace(compiled, project=dataclasses.replace(compiled.project, environment=environment))
