"""A template as its lexer sees it: which characters are tags, which are names, and which belong to a macro."""

from __future__ import annotations

import bisect
import dataclasses
import functools
from typing import NamedTuple

from aggregator.core.diagnostics import Document, Place

_OPENING = frozenset({"variable_begin", "block_begin", "comment_begin", "raw_begin"})
_CLOSING = frozenset({"variable_end", "block_end", "comment_end", "raw_end"})
_BLANK = frozenset({"whitespace", "comment", *_OPENING, *_CLOSING})


class Lexeme(NamedTuple):
    """A token of a template and the offset in its document at which it begins; ``text`` is as written."""

    start: int
    kind: str
    text: str

    @property
    def end(self) -> int:
        """The offset after its last character; a closing tag does not own the white space that it swallows."""
        return self.start + len(self.text.rstrip() if self.kind in _CLOSING else self.text)


class Span(NamedTuple):
    """The characters ``[start, end)`` of the document of a template."""

    template: TemplateText
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where that is in the file."""
        return self.template.document.place(self.start, self.end)

    def holds(self, other: Span) -> bool:
        """Whether another span is within this one."""
        return self.template is other.template and self.start <= other.start and other.end <= self.end


@dataclasses.dataclass(frozen=True, eq=False)
class TemplateText:
    """The template that begins at ``start`` of a document. ``lexemes`` are all that the lexer came to see."""

    document: Document
    start: int
    lexemes: list[Lexeme] = dataclasses.field(default_factory=list)

    def tag(self, offset: int) -> Span:
        """The tag around an offset, ``{{ … }}`` or ``{% … %}``; outside of tags, the token there."""
        index = bisect.bisect_right(self._tag_starts, offset) - 1
        if index >= 0:
            start, end = self._tags[index]
            if offset < end:
                return Span(self, start, end)
        return self.token(offset)

    def token(self, offset: int) -> Span:
        """The token at an offset, or just this character."""
        index = bisect.bisect_right(self._starts, offset) - 1
        if index >= 0:
            lexeme = self.lexemes[index]
            if offset < lexeme.end and lexeme.kind != "data":
                return Span(self, lexeme.start, lexeme.end)
        return Span(self, offset, offset + 1)

    def name(self, within: Span, name: str) -> Span | None:
        """Where a name, or a text that is that name, stands within a tag."""
        first = bisect.bisect_left(self._starts, within.start)
        for lexeme in self.lexemes[first:]:
            if lexeme.start >= within.end:
                return None
            if lexeme.kind == "name" and lexeme.text == name:
                return Span(self, lexeme.start, lexeme.end)
            if lexeme.kind == "string" and lexeme.text[1:-1] == name:
                return Span(self, lexeme.start + 1, lexeme.end - 1)
        return None

    def literal(self, offset: int, value: str) -> Span | None:
        """The characters between the quotes of the text at an offset, if they are the value itself."""
        index = bisect.bisect_left(self._starts, offset)
        if not value or index == len(self.lexemes) or self.lexemes[index].start != offset:
            return None
        lexeme = self.lexemes[index]
        is_itself = lexeme.kind == "string" and lexeme.text[1:-1] == value
        return Span(self, lexeme.start + 1, lexeme.end - 1) if is_itself else None

    def macro(self, offset: int) -> str:
        """The name of the macro whose text an offset is in; empty outside of macros."""
        holding = [name for start, end, name in self._macros if start <= offset < end]
        return holding[-1] if holding else ""

    def opening(self, word: str) -> Span | None:
        """The last tag that begins with a word and whose end tag does not follow."""
        open_ = [tag for tag, words in self._statements if words[:1] == [word]]
        closed = sum(words[:1] == [f"end{word}"] for _, words in self._statements)
        return open_[-1 - closed] if len(open_) > closed else None

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [lexeme.start for lexeme in self.lexemes]

    @functools.cached_property
    def _tags(self) -> list[tuple[int, int]]:
        """Start and end of each tag; one that is never closed ends with what the lexer came to see."""
        tags: list[tuple[int, int]] = []
        start: int | None = None
        for lexeme in self.lexemes:
            if lexeme.kind in _OPENING:
                start = lexeme.start
            elif lexeme.kind in _CLOSING and start is not None:
                tags.append((start, lexeme.end))
                start = None
        if start is not None:
            tags.append((start, self.lexemes[-1].end))
        return tags

    @functools.cached_property
    def _tag_starts(self) -> list[int]:
        return [start for start, _ in self._tags]

    @functools.cached_property
    def _statements(self) -> list[tuple[Span, list[str]]]:
        """Each ``{% … %}`` with its words."""
        statements: list[tuple[Span, list[str]]] = []
        words: list[str] | None = None
        for lexeme in self.lexemes:
            if lexeme.kind == "block_begin":
                words = []
                statements.append((self.tag(lexeme.start), words))
            elif lexeme.kind == "block_end":
                words = None
            elif words is not None and lexeme.kind not in _BLANK:
                words.append(lexeme.text)
        return statements

    @functools.cached_property
    def _macros(self) -> list[tuple[int, int, str]]:
        """Start, end and name of each macro; of nested ones the inner comes last."""
        macros: list[tuple[int, int, str]] = []
        open_: list[tuple[int, str]] = []
        for tag, words in self._statements:
            if words[:1] == ["macro"] and len(words) > 1:
                open_.append((tag.start, words[1]))
            elif words[:1] == ["endmacro"] and open_:
                start, name = open_.pop()
                macros.append((start, tag.end, name))
        return sorted(macros)
