"""The way back from rendered SQL to the files that it was rendered from."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from aggregator.compile.templates.text import Span, TemplateText
from aggregator.compile.templates.traced import Part
from aggregator.core.diagnostics import Document, Place, Related

MAX_TRAIL = 8
"""Calls that are shown; a macro that calls itself may have thousands."""

MAX_PIECES = 1000
"""Pieces of one word that are looked at."""


class Segment(NamedTuple):
    """The rendered text ``[start, end)`` and what it was made from.

    Verbatim text stands in the document character by character; other text was written by the tag there.
    """

    start: int
    end: int
    document: Document
    source_start: int
    source_end: int
    is_verbatim: bool


@dataclasses.dataclass(frozen=True, eq=False)
class SourceMap:
    """Where the text rendered from a template comes from. Offsets count characters, from 0."""

    template: TemplateText
    parts: tuple[Part, ...]

    def place(self, start: int, end: int) -> Place:
        """Where the characters ``[start, end)`` are written, with the trail from there into the SQL."""
        spans = self._spans(start, end)
        return dataclasses.replace(spans[-1].place, trail=trail(spans))

    def verbatim(self, start: int, end: int) -> tuple[int, int] | None:
        """The offsets in the model's own file of text that stands there as it is, and comes out once: no loop's."""
        found = list(self._overlapping(self.parts, start, end))
        if len(found) != 1 or found[0].part.inner or not found[0].part.is_exact:
            return None
        span, uses = found[0].span, sum(part.span == found[0].part.span for part in self.parts)
        return (span.start, span.end) if span and span.template is self.template and uses == 1 else None

    def segments(self) -> Iterator[Segment]:
        """All of the rendered text, from its start to its end."""
        position = 0
        for stretch in self._leaves(self.parts):
            start, position = position, position + stretch.end - stretch.start
            span = self._spans(start, position)[-1]
            yield Segment(start, position, span.template.document, span.start, span.end, stretch.part.is_exact)

    def _spans(self, start: int, end: int) -> list[Span]:
        """From the outermost, in the model's own file, to the innermost; at least one."""
        length = self._ends(self.parts)[-1] if self.parts else 0
        start = max(min(start, length - 1), 0)
        beginning = Span(self.template, self.template.start, self.template.start + 1)
        return self._descend(start, max(end, start + 1)) or self._descend(start, start + 1) or [beginning]

    def _descend(self, start: int, end: int) -> list[Span]:
        """From the outermost to the innermost span that holds all of ``[start, end)``; none where it is a mixture."""
        spans: list[Span] = []
        parts = self.parts
        while parts:
            found = list(self._overlapping(parts, start, end))
            if len(found) != 1:
                return [*spans, *self._stretch(found)]
            (stretch,) = found
            spans += [stretch.span] if stretch.span else []
            parts = stretch.part.inner
            start, end = stretch.within
        return spans

    def _stretch(self, found: list[_Stretch]) -> list[Span]:
        """What several pieces of one template have in common: everything from the first to the last of them."""
        pieces = [_widened(stretch.span) for each in found for stretch in self._outermost(each) if stretch.span]
        if not all(a.template is b.template and a.start <= b.start for a, b in itertools.pairwise(pieces)):
            return []
        return [pieces[0]._replace(end=max(piece.end for piece in pieces))] if pieces else []

    def _outermost(self, stretch: _Stretch) -> Iterator[_Stretch]:
        """What a stretch consists of, down to the first spans."""
        waiting = [stretch]
        for _ in range(MAX_PIECES):
            if not waiting:
                return
            each = waiting.pop()
            if each.part.span is None and each.part.inner:
                waiting += reversed(list(self._overlapping(each.part.inner, *each.within)))
            else:
                yield each

    def _leaves(self, parts: tuple[Part, ...]) -> Iterator[_Stretch]:
        """Stretches whose characters have one origin each."""
        waiting = [_Stretch(part, 0, part.length) for part in reversed(parts)]
        while waiting:
            each = waiting.pop()
            if each.part.inner and each.part.is_exact:
                waiting += reversed(list(self._overlapping(each.part.inner, *each.within)))
            else:
                yield each

    def _overlapping(self, parts: tuple[Part, ...], start: int, end: int) -> Iterator[_Stretch]:
        """The parts that hold the characters ``[start, end)``, each with those of its characters that are meant."""
        ends = self._ends(parts)
        index = bisect.bisect_right(ends, start)
        position = ends[index - 1] if index else 0
        for part in itertools.islice(parts, index, None):
            if position >= end:
                return
            yield _Stretch(part, max(start - position, 0), min(end - position, part.length))
            position += part.length

    def _ends(self, parts: tuple[Part, ...]) -> list[int]:
        known = self._ends_of_parts.get(id(parts))
        if known is None:
            known = self._ends_of_parts[id(parts)] = list(itertools.accumulate(part.length for part in parts))
        return known

    @functools.cached_property
    def _ends_of_parts(self) -> dict[int, list[int]]:
        """By the identity of tuples that live as long as this map."""
        return {}


class _Stretch(NamedTuple):
    """The characters ``[start, end)`` of a part."""

    part: Part
    start: int
    end: int

    @property
    def span(self) -> Span | None:
        """Where they are written; all that their tag writes, if that is where they come from."""
        part = self.part
        if part.span is None or part.inner or not part.is_exact:
            return part.span
        return part.span._replace(start=part.span.start + self.start, end=part.span.start + self.end)

    @property
    def within(self) -> tuple[int, int]:
        """Which characters of the inner text they are; all of it, where that can't be told."""
        part = self.part
        if part.is_exact:
            return part.skip + self.start, part.skip + self.end
        return 0, sum(each.length for each in part.inner)


def trail(spans: list[Span]) -> tuple[Related, ...]:
    """How the text at the last of some spans got into that at the first. What only holds it tells nothing."""
    steps: dict[Related, None] = {}
    for outer, inner in zip(spans[-2::-1], spans[:0:-1], strict=True):
        if outer.holds(spans[-1]):
            continue
        macro, by = inner.template.macro(inner.start), outer.template.macro(outer.start)
        said = f"put in here by the macro {by}" if by else "put in here"
        steps[Related(outer.place, f"in the macro {macro}, called from here" if macro else said)] = None
    return tuple(steps)[:MAX_TRAIL]


def _widened(span: Span) -> Span:
    """A quoted text is only a part of what its tag writes."""
    tag = span.template.tag(span.start)
    return tag if tag.holds(span) else span
