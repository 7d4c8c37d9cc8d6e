"""Findings as SARIF 2.1.0, which code hosts and editors import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aggregator import __version__

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Code, Diagnostic, Place

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: Iterable[Diagnostic], folder: str = "") -> dict[str, Any]:
    """All findings as one run, with the page of each code that occurs.

    ``folder`` is where the project lies in its repository, empty or ending in ``/``: code hosts count paths from there.
    """
    found = list(found)
    codes = sorted({each.code for each in found}, key=lambda code: code.id)
    numbers = {code.id: number for number, code in enumerate(codes)}
    driver = {"name": "aggregator", "semanticVersion": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, numbers, folder) for each in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    first, _, _ = code.page.partition("\n\n")
    return {
        "id": code.id,
        "name": code.name,
        "shortDescription": {"text": " ".join(first.split())},
        "fullDescription": {"text": code.page},
        "help": {"text": code.page, "markdown": code.page},
        "defaultConfiguration": {"level": str(code.severity)},
        "properties": {"tags": [str(code.layer)]},
    }


def _result(found: Diagnostic, numbers: dict[str, int], folder: str) -> dict[str, Any]:
    result = {
        "ruleId": found.code.id,
        "ruleIndex": numbers[found.code.id],
        "level": str(found.code.severity),
        "message": {"text": f"{found.message}\n{found.help}".strip()},
        "locations": [{"physicalLocation": _location(found.place, folder)}],
    }
    related = [
        {"physicalLocation": _location(each.place, folder), "message": {"text": each.message}} for each in found.related
    ]
    return {**result, "relatedLocations": related} if related else result


def _location(place: Place, folder: str) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(f"{folder}{place.path}"), "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }
