"""Findings as JSON."""

from __future__ import annotations

from typing import Any

from aggregator.core.diagnostics import Diagnostic, Place


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
