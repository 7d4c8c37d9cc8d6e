"""Who can say, without running a query, what BigQuery would make of it: one file or folder per analyzer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.analyzers.protocol import Analyzer
    from aggregator.core.project import Project

ANALYZERS = ("googlesql", "bigquery")
"""The modules here that have a function ``open_analyzer``, cheapest first; each is only imported when it is used."""


def open_analyzer(name: str, project: Project, announce: Callable[[str], object]) -> Analyzer:
    """The analyzer of a layer, for a project's environment. ``announce`` is told of what takes long.

    Raises :class:`~aggregator.analyzers.protocol.NotAvailableError` where it can't be had.
    """
    opened: Analyzer = importlib.import_module(f"{__name__}.{name}").open_analyzer(project, announce)
    return opened
