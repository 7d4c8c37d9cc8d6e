"""The layer ``googlesql``: Google's own analyzer, offline, from the wheel ``zetasql``.

The wheel holds the analyzer as a WebAssembly module. ``module`` compiles it once per machine, ``client`` speaks to an
instance of it, ``worker`` is a process that holds one, and ``analyzer`` hands statements to such processes. The module
holds an engine, too, which computes queries on small tables: ``evaluate`` there, and ``reference`` for whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.protocol import NotAvailableError

if TYPE_CHECKING:
    from aggregator.core.project import Project


def open_analyzer(project: Project, announce: Callable[[str], object]) -> GoogleSql:
    """Google's analyzer; compiled now if it was not before. It is the same for all environments."""
    missing = module.why_missing()
    if missing:
        raise NotAvailableError(missing)
    source = module.source_path()
    if not module.compiled_path(source).exists():
        announce("compiling Google's analyzer: once on this machine, about a minute")
    return GoogleSql(module.compile_module(source))
