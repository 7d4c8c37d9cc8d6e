"""Text that knows where it comes from, while a template is rendered.

It is a ``str`` like any other: filters, comparisons and lengths see the text and nothing else, so a template gives the
same text with and without it. What a filter makes anew is plain text; then the tag that wrote it is its origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self, SupportsIndex

from aggregator.compile.templates.text import Span


class Part(NamedTuple):
    """A stretch of text with its origin.

    ``span`` is where it was written, or the tag that put it in; then ``inner`` says what it was before. Without a
    span, ``inner`` takes its place. ``is_exact`` says that this text is that of the span, or that of ``inner`` after
    the first ``skip`` characters, character by character.
    """

    length: int
    span: Span | None = None
    inner: tuple[Part, ...] = ()
    is_exact: bool = False
    skip: int = 0


class Traced(str):
    """A text in parts. Their lengths add up to its own."""

    __slots__ = ("_parts",)
    _parts: tuple[Part, ...]

    def __new__(cls, text: str = "", parts: tuple[Part, ...] = ()) -> Self:
        """Without parts, a text of unknown origin."""
        traced = super().__new__(cls, text)
        traced._parts = parts or ((Part(len(text)),) if text else ())
        return traced

    def __str__(self) -> str:
        """Turning it into text changes nothing."""
        return self

    def __add__(self, other: str) -> str:
        return joined((self, other)) if isinstance(other, str) else super().__add__(other)

    def __radd__(self, other: str) -> str:
        return joined((other, self)) if isinstance(other, str) else NotImplemented

    def __getitem__(self, index: SupportsIndex | slice) -> str:
        text = super().__getitem__(index)
        if not isinstance(index, slice) or index.step not in (None, 1):
            return text
        return Traced(text, (_piece(self._parts, index.indices(len(self))[0], len(text)),) if text else ())

    def join(self, items: Iterable[str], /) -> str:
        """All items, with this text in between."""
        listed = list(items)
        between: list[str] = [self] * max(2 * len(listed) - 1, 0)
        between[::2] = listed
        return joined(between)

    def strip(self, characters: str | None = None, /) -> str:
        """Without white space, or other characters, at both ends."""
        text = str.strip(self, characters)
        start = len(self) - len(str.lstrip(self, characters))
        return self[start : start + len(text)]

    def lstrip(self, characters: str | None = None, /) -> str:
        """Without white space, or other characters, at the start."""
        return self[len(self) - len(super().lstrip(characters)) :]

    def rstrip(self, characters: str | None = None, /) -> str:
        """Without white space, or other characters, at the end."""
        return self[: len(super().rstrip(characters))]


def parts_of(text: str) -> tuple[Part, ...]:
    """The parts of a text; plain text is one part of unknown origin."""
    if isinstance(text, Traced):
        return text._parts  # noqa: SLF001  (a template must not see them, hence the name)
    return (Part(len(text)),) if text else ()


def written(text: str, span: Span) -> Traced:
    """Text that stands in a template, at a span."""
    return Traced(text, (Part(len(text), span, is_exact=True),))


def put_in(span: Span, text: str) -> str:
    """What the tag at a span writes; what is not text is for Jinja to refuse."""
    if not text or not isinstance(text, str):
        return text
    inner = parts_of(text) if type(text) is Traced else ()
    return Traced(text, (Part(len(text), span, inner, is_exact=bool(inner)),))


def joined(pieces: Iterable[str]) -> str:
    """Pieces of text as one."""
    listed = list(pieces)
    text = "".join(listed)
    parts: list[Part] = []
    for piece in listed:
        own = parts_of(piece)
        if len(own) > 1:  # not copied, as a text may be added to itself many times
            own = (Part(len(piece), inner=own, is_exact=True),)
        parts += own
    return Traced(text, tuple(parts))


def changed(before: Traced, after: str) -> str:
    """What a filter made of a text, if it can be seen what became of it: by characters, else by lines."""
    parts = parts_of(before)
    if _is_same(before, after):
        return Traced(after, parts)
    old, new = before.split("\n"), after.split("\n")
    if len(old) == 1 or len(old) != len(new):
        return after
    made: list[Part] = []
    start = 0
    for was, now in zip(old, new, strict=True):
        made += _line(was, now, parts, start)
        start += len(was) + 1
        made.append(_piece(parts, start - 1, 1))  # the line feed
    return Traced(after, tuple(made[:-1]))


def _line(was: str, now: str, parts: tuple[Part, ...], start: int) -> Iterator[Part]:
    """What a filter made of one line, which began at ``start``: the line in another place, or something new."""
    core, line = was.strip(), (_piece(parts, start, len(was)),)
    if not core or not _is_same(core, now.strip()):
        yield from (Part(len(now), inner=line),) if now else ()
        return
    before, behind = len(now) - len(now.lstrip()), len(now) - len(now.rstrip())
    if before:
        yield Part(before, inner=line)
    yield _piece(parts, start + len(was) - len(was.lstrip()), len(core))
    if behind:
        yield Part(behind, inner=line)


def _piece(parts: tuple[Part, ...], start: int, length: int) -> Part:
    """The text of some parts from ``start`` on. Parts may be very many, so they are not looked at."""
    return Part(length, inner=parts, is_exact=True, skip=start)


def _is_same(one: Any, other: str) -> bool:
    return len(one) == len(other) and one.casefold() == other.casefold()


def plain(text: str) -> str:
    """The text alone."""
    return str.__str__(text)
