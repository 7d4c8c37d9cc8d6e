"""Asks BigQuery itself, with a dry run, where there are credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aggregator.analyzers.bigquery.analyzer import BigQueryAnalyzer, why_unavailable
from aggregator.analyzers.protocol import NotAvailableError

if TYPE_CHECKING:
    from aggregator.core.project import Project


def open_analyzer(project: Project, announce: Callable[[str], object]) -> BigQueryAnalyzer:
    """BigQuery, where the environment is there; the connection is made with the first statement."""
    missing = why_unavailable(project.environment)
    if missing:
        raise NotAvailableError(missing)
    return BigQueryAnalyzer(project.environment, project.read_from)
