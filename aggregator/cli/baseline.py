"""Findings that a project had when it began to lint: known, kept in a file beside `aggregator.yml`, not shown again.

A finding is known by its file, its rule and the text of its line, not by the line's number: it stays known when the
file grows above it, and comes back when the line is changed.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import click

from aggregator.core.diagnostics import Diagnostic, Layer, Place

FILE = ".lint-baseline.json"
LineOf = Callable[[Place], str]
"""Gives the text of the line where a place begins."""


@dataclasses.dataclass(frozen=True, order=True)
class Known:
    """``count`` findings of a rule on lines of a file that have the same text; ``line`` is a digest of it."""

    path: str
    rule: str
    line: str
    count: int = 1


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Findings that a baseline does not hold, and what it holds beyond the findings."""

    new: tuple[Diagnostic, ...]
    stale: tuple[Known, ...]


class BadBaselineError(ValueError):
    """The text is not that of a baseline."""


def all_known(found: Iterable[Diagnostic], line_of: LineOf) -> tuple[Known, ...]:
    """The baseline in which all these findings are known. Only lint's can be: what can't be compiled can't be run."""
    counts = collections.Counter(_identity(each, line_of) for each in found if each.code.layer is Layer.LINT)
    return tuple(sorted(dataclasses.replace(known, count=count) for known, count in counts.items()))


def compare(found: Iterable[Diagnostic], known: Iterable[Known], line_of: LineOf) -> Comparison:
    """Tell new findings from known ones; of more equal ones than were known, the last are new."""
    left = {dataclasses.replace(each, count=1): each.count for each in known}
    new = []
    for each in found:
        identity = _identity(each, line_of) if left and each.code.layer is Layer.LINT else None
        if identity is not None and left.get(identity, 0) > 0:
            left[identity] -= 1
        else:
            new.append(each)
    stale = [dataclasses.replace(each, count=count) for each, count in left.items() if count > 0]
    return Comparison(tuple(new), tuple(sorted(stale)))


def as_json(known: Iterable[Known]) -> str:
    """A baseline as JSON, one entry a line, sorted: changes of two branches merge, and a review shows what went."""
    rows = [json.dumps(dataclasses.asdict(each), ensure_ascii=False) for each in sorted(known)]
    return "[\n" + ",\n".join(f"  {row}" for row in rows) + "\n]\n" if rows else "[]\n"


def known_from(text: str) -> tuple[Known, ...]:
    """The baseline of a text that :func:`as_json` made; raises :class:`BadBaselineError`."""
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadBaselineError(f"line {error.lineno} is not JSON: {error.msg}") from None
    if not isinstance(rows, list):
        raise BadBaselineError("it is not a list")
    return tuple(_known(number, row) for number, row in enumerate(rows, 1))


def _known(number: int, row: Any) -> Known:
    types = {field.name: type(getattr(Known("", "", ""), field.name)) for field in dataclasses.fields(Known)}
    if not isinstance(row, dict) or row.keys() != types.keys():
        raise BadBaselineError(f"entry {number} has not the keys {', '.join(types)}")
    for name, type_ in types.items():
        if type(row[name]) is not type_:
            raise BadBaselineError(f"{name} of entry {number} is not of type {type_.__name__}")
    return Known(**row)


def _identity(finding: Diagnostic, line_of: LineOf) -> Known:
    text = " ".join(line_of(finding.place).split())
    return Known(finding.place.path, finding.code.name, hashlib.sha256(text.encode()).hexdigest()[:16])


def compare_with_baseline(found: Iterable[Diagnostic], root: Path, paths: Collection[str] | None = None) -> Comparison:
    """Tell new findings from known ones. With ``paths``, entries of other files are left out of account."""
    known = [each for each in _read(root) if paths is None or each.path in paths]
    return compare(found, known, _line_of(root))


def write_baseline(found: Iterable[Diagnostic], root: Path, paths: Collection[str] | None = None) -> tuple[Known, ...]:
    """Make all findings known. With ``paths``, what is known of other files stays."""
    kept = [each for each in _read(root) if each.path not in paths] if paths is not None else []
    known = (*kept, *all_known(found, _line_of(root)))
    from aggregator.cli.files import replace_text  # noqa: PLC0415  (one command writes)

    replace_text(root / FILE, as_json(known))
    return known


def _read(root: Path) -> tuple[Known, ...]:
    try:
        return known_from((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, BadBaselineError) as error:
        advice = "write it anew with `aggregator lint --write-baseline`, after removing it"
        raise click.UsageError(f"{FILE} can't be read: {error}; {advice}") from None


def _line_of(root: Path) -> LineOf:
    @functools.cache
    def lines(path: str) -> list[str]:
        try:
            return (root / path).read_text(encoding="utf-8-sig", errors="replace").split("\n")
        except OSError:
            return []

    def line_of(place: Place) -> str:
        text = lines(place.path)
        return text[place.line - 1] if place.line <= len(text) else ""

    return line_of
