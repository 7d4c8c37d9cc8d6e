"""How findings and figures look, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from aggregator.core.diagnostics import Diagnostic, Severity
from aggregator.export.manifest import diagnostic_json

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def say(message: str) -> None:
    """Talk, to standard error."""
    click.secho(message, dim=True, err=True)


def print_json(value: Any) -> None:
    """A machine format, to standard output."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_findings(found: Iterable[Diagnostic], root: Path, output: str = "text") -> None:
    """All findings, in the format asked for."""
    found = list(found)
    if output == "json":
        print_json([diagnostic_json(each) for each in found])
    elif output == "github":
        for each in found:
            click.echo(_github(each))
    elif output == "sarif":
        print_json(_sarif(found))
    else:
        print_text(found, root)


def print_text(found: Iterable[Diagnostic], root: Path) -> None:
    """``path:line:column: CODE message``, the source line with a caret, and help; to standard error."""
    lines: dict[str, list[str]] = {}
    for each in found:
        place = each.place
        if place.path not in lines:
            lines[place.path] = _lines(root / place.path)
        head = click.style(f"{place.path}:{place.line}:{place.column}:", bold=True)
        code = click.style(each.code.id, fg=COLORS[each.code.severity], bold=True)
        click.echo(f"{head} {code} {each.message}", err=True)
        if place.line <= len(lines[place.path]):
            _print_source(each, lines[place.path][place.line - 1])
        if each.help:
            click.echo(f"  {click.style('help:', fg='cyan')} {each.help}", err=True)


def count(number: int, noun: str) -> str:
    """``1 model``, ``2,000 models``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _print_source(found: Diagnostic, line: str) -> None:
    place, number = found.place, str(found.place.line)
    end = place.end_column if place.end_line == place.line else len(line) + 1
    shown = line.expandtabs(1)[:200]
    caret = " " * (place.column - 1) + "^" * max(1, min(end, 201) - place.column)
    margin = " " * len(number)
    click.echo(f"  {number} | {shown}", err=True)
    if place.column <= len(shown) + 1:
        click.echo(f"  {margin} | {click.style(caret, fg=COLORS[found.code.severity])}", err=True)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").split("\n") if path.stat().st_size < 10**7 else []
    except OSError:
        return []


def _github(found: Diagnostic) -> str:
    """A workflow command, which GitHub shows beside the line."""
    place = found.place
    text = f"{found.message}\n{found.help}".strip().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    where = (
        f"file={place.path},line={place.line},col={place.column},endLine={place.end_line},endColumn={place.end_column}"
    )
    return f"::{found.code.severity} {where},title={found.code.id} {found.code.name}::{text}"


def _sarif(found: list[Diagnostic]) -> Mapping[str, Any]:
    """SARIF 2.1.0, as code hosts import it."""
    codes = {each.code.id: each.code for each in found}
    rules = [
        {"id": code.id, "name": code.name, "fullDescription": {"text": code.page}}
        for code in sorted(codes.values(), key=str)
    ]
    results = [
        {
            "ruleId": each.code.id,
            "level": str(each.code.severity),
            "message": {"text": f"{each.message}\n{each.help}".strip()},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(each.place.path)},
                        "region": {
                            "startLine": each.place.line,
                            "startColumn": each.place.column,
                            "endLine": each.place.end_line,
                            "endColumn": each.place.end_column,
                        },
                    }
                }
            ],
        }
        for each in found
    ]
    tool = {"driver": {"name": "aggregator", "rules": rules}}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": tool, "results": results}],
    }
