"""What a dry run is about."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from aggregator.core.catalog import Catalog
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Graph
from aggregator.core.names import TableName


@dataclasses.dataclass(frozen=True)
class Request:
    """A compiled project with its findings, the models that matter, a clock (UTC, naive), and a catalog.

    ``catalog_key`` identifies the catalog, so that it needs no look at it to know that it is the same.
    """

    graph: Graph
    findings: tuple[Diagnostic, ...]
    selected: frozenset[TableName]
    now: datetime
    catalog: Catalog | None = None
    catalog_key: str = ""
