"""What is wrong with a project, said so that its author can mend it.

A mistake of the user is a value, not an exception: stages collect diagnostics and go on.
"""

from __future__ import annotations

import bisect
import dataclasses
import difflib
import functools
import itertools
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """Whether a finding stops the work."""

    ERROR = "error"
    WARNING = "warning"


class Layer(StrEnum):
    """Which stage found it; part of the machine formats."""

    LOAD = "load"
    COMPILE = "compile"
    LINT = "lint"
    DRY_RUN = "dry-run"
    GOOGLESQL = "googlesql"
    BIGQUERY = "bigquery"
    RUN = "run"
    TEST = "test"


@dataclasses.dataclass(frozen=True)
class Code:
    """The permanent name of a kind of finding, with the page that ``aggregator explain`` prints.

    ``id`` is never reused. ``page`` says what is wrong, why it matters and what to do instead.
    """

    id: str
    name: str
    page: str
    layer: Layer
    severity: Severity = Severity.ERROR


@dataclasses.dataclass(frozen=True, order=True, init=False)
class Place:
    """A stretch of a file. Lines and columns count from 1; the end is exclusive.

    ``path`` is relative to the project and uses forward slashes. ``trail`` is how the text got from here into the SQL,
    innermost first, where a template put it in; it does not tell two places apart.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    trail: tuple[Related, ...] = dataclasses.field(default=(), compare=False, repr=False)

    def __init__(
        self,
        path: str,
        line: int = 1,
        column: int = 1,
        end_line: int = 0,
        end_column: int = 0,
        trail: tuple[Related, ...] = (),
    ) -> None:
        """Without an end, the place is one character long.

        There are hundreds of places in each model: written like this, they are made in half the time.
        """
        if not end_line:
            end_line, end_column = line, column + 1
        self.__dict__.update(path=path, line=line, column=column, end_line=end_line, end_column=end_column, trail=trail)


@dataclasses.dataclass(frozen=True)
class Related:
    """Another place that has to do with a finding, such as the call of a macro, and how."""

    place: Place
    message: str


@dataclasses.dataclass(frozen=True, order=True)
class Edit:
    """New text for the characters ``[start, end)`` of a file; offsets are those of its ``Document``."""

    start: int
    end: int
    text: str


@dataclasses.dataclass(frozen=True)
class Diagnostic:
    """One finding: where, what, and how to mend it.

    ``edits`` mend it in the file of ``place`` where that is safe without asking its author. ``related`` are further
    places that explain it; the trail of ``place`` is among them without being said.
    """

    place: Place
    code: Code
    message: str
    help: str = ""
    edits: tuple[Edit, ...] = ()
    related: tuple[Related, ...] = ()

    def __post_init__(self) -> None:
        """What a place knows of its way into the SQL belongs to the finding."""
        trail = self.place.trail
        if trail and self.related[: len(trail)] != trail:
            object.__setattr__(self, "related", (*trail, *self.related))

    @property
    def is_error(self) -> bool:
        """Errors stop what follows; warnings do not."""
        return self.code.severity is Severity.ERROR


@dataclasses.dataclass(frozen=True)
class Document:
    """The text of one committed file; its lines end in a line feed, whatever they ended in on disk."""

    path: str
    text: str

    @functools.cached_property
    def _line_starts(self) -> list[int]:
        return [0, *itertools.accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    def place(self, start: int, end: int | None = None) -> Place:
        """The place of the characters ``[start, end)``, offsets counted from 0."""
        starts = self._line_starts
        line = bisect.bisect_right(starts, start)
        column = start - starts[line - 1] + 1
        if end is None:
            return Place(self.path, line, column)
        end = max(end, start + 1)
        if line == len(starts) or end < starts[line]:  # as almost always: looking for the line again is half the work
            return Place(self.path, line, column, line, column + end - start)
        end_line = bisect.bisect_right(starts, end)
        return Place(self.path, line, column, end_line, end - starts[end_line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both counted from 1."""
        return self._line_starts[min(line, len(self._line_starts)) - 1] + column - 1

    def lines_of(self, text: Word) -> tuple[Place, ...]:
        """Where the lines of a text begin in this file; empty where they do not stand here as they are."""
        if text.place.path != self.path:
            return ()
        at = self.offset(text.place.line, text.place.column)
        end = self.offset(text.place.end_line, text.place.end_column)
        found = []
        for line in text.split("\n"):
            at = self.text.find(line, at, end)
            if at < 0:
                return ()
            found.append(self.place(at))
            at += len(line)
        return tuple(found)


class Word(str):
    """A word of the author's, with the place where it stands, so that later stages can point at it."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str, place: Place) -> Self:
        """Behave as the text itself everywhere else."""
        word = super().__new__(cls, text)
        word.place = place
        return word

    def __getnewargs__(self) -> tuple[str, Place]:  # type: ignore[override]
        """For another process."""
        return str(self), self.place


def place_in(text: Word, lines: tuple[Place, ...], offset: int | None) -> Place:
    """Where a character of a text is written, whose lines begin there; without one, where the text is."""
    if offset is None or not lines:
        return text.place
    line = lines[text.count("\n", 0, offset)]
    return dataclasses.replace(line, column=line.column + offset - text.rfind("\n", 0, offset) - 1)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the known word nearest to a misspelt one; empty when none is near."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean {by_folded[near[0]]}?" if near else ""


def errors(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Only those findings that stop the work."""
    return (diagnostic for diagnostic in diagnostics if diagnostic.is_error)
