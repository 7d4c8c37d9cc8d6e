"""How findings and figures look, for people and for machines."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from aggregator.core.diagnostics import Code, Diagnostic, Place, Severity
from aggregator.export.github import workflow_command
from aggregator.export.manifest.findings import diagnostic_json
from aggregator.export.sarif import sarif

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
MAX_CALLS = 4
"""Further calls of a macro in which something is wrong; the rest is counted."""

MAX_LINE = 200
"""So much of a line of source is shown, around the place that is meant."""


def say(message: str) -> None:
    """Talk, to standard error."""
    click.secho(message, dim=True, err=True)


def warn(message: str) -> None:
    """Say what concerns nobody's files, and may matter all the same, to standard error."""
    click.secho(f"warning: {message}", fg="yellow", err=True)


def teller(*, quiet: bool) -> Callable[[str], None]:
    """What tells of work that goes on: :func:`say`, or nothing."""
    return (lambda _: None) if quiet else say


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
            click.echo(workflow_command(each, _folder(root)))
    elif output == "sarif":
        print_json(sarif(found, _folder(root)))
    else:
        print_text(found, root)


def print_text(found: Iterable[Diagnostic], root: Path) -> None:
    """``path:line:column: CODE message``, the source line with a caret, related places, and help; to standard error.

    What is wrong in a macro is said once, with the first call, however many there are.
    """
    lines: dict[str, list[str]] = {}
    for (place, code, message, advice), same in itertools.groupby(found, _kind):
        first, *others = same
        color = COLORS[code.severity]
        head = click.style(f"{place.path}:{place.line}:{place.column}:", bold=True)
        click.echo(f"{head} {click.style(code.id, fg=color, bold=True)} {_printable(message)}", err=True)
        _print_source(place, lines, root, color)
        for related in first.related:
            click.echo(f"  {_position(related.place)}: {related.message}", err=True)
            _print_source(related.place, lines, root, "cyan")
        for each in others[:MAX_CALLS]:
            if each.related:
                click.echo(f"  {_position(each.related[-1].place)}: and from here", err=True)
        if len(others) > MAX_CALLS:
            click.echo(f"  and from {count(len(others) - MAX_CALLS, 'other place')}", err=True)
        if advice:
            click.echo(f"  {click.style('help:', fg='cyan')} {advice}", err=True)


def _kind(found: Diagnostic) -> tuple[Place, Code, str, str]:
    return found.place, found.code, found.message, found.help


def _position(place: Place) -> str:
    return f"{place.path}:{place.line}:{place.column}"


def count(number: int, noun: str) -> str:
    """``1 model``, ``2,000 models``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def once(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings of partitions, each kind at a place once, with the number of partitions like the first."""
    causes: dict[tuple[Place, Code], list[Diagnostic]] = {}
    for each in problems:
        causes.setdefault((each.place, each.code), []).append(each)
    return [_first_of(same) for same in causes.values()]


def _first_of(same: list[Diagnostic]) -> Diagnostic:
    others = len(same) - 1
    if not others:
        return same[0]
    return dataclasses.replace(same[0], message=f"{same[0].message} (and {count(others, 'more partition')} like it)")


def _print_source(place: Place, lines: dict[str, list[str]], root: Path, color: str) -> None:
    """The line of a place, with a caret below; ``lines`` keeps the files that were read."""
    if place.path not in lines:
        lines[place.path] = _lines(root / place.path)
    if place.line > len(lines[place.path]):
        return
    line, number = lines[place.path][place.line - 1], str(place.line)
    end = place.end_column if place.end_line == place.line else len(line) + 1
    first = 0 if place.column < MAX_LINE else place.column - MAX_LINE // 2  # of what is shown of a long line
    shown = ("…" if first else "") + _printable(line.expandtabs(1)[first : first + MAX_LINE])
    before = place.column - 1 - first + bool(first)
    caret = " " * before + "^" * max(1, min(end - place.column, len(shown) - before))
    margin = " " * len(number)
    click.echo(f"  {number} | {shown}", err=True)
    if before <= len(shown):
        click.echo(f"  {margin} | {click.style(caret, fg=color)}", err=True)


def _printable(text: str) -> str:
    """A text whose characters all show: those that steer terminals, or turn the direction of writing, are replaced."""
    return (
        text
        if text.isprintable()
        else "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").split("\n") if path.stat().st_size < 10**7 else []
    except OSError:
        return []


def _folder(root: Path) -> str:
    """Where a project lies in its repository, ending in ``/``; empty at its top, or where there is none."""
    root = root.absolute()
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    path = root.relative_to(top).as_posix()
    return "" if path == "." else f"{path}/"
