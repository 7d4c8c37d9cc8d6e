"""SQL as words and brackets: what can be known of a SELECT that is only half typed.

A parser refuses text with a hole in it; here each word is read for itself, and whatever is missing is simply not there.
Offsets are those of the text that was given.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from enum import Enum, auto

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)|{\#.*?(?:\#}|\Z))
      | (?P<template>{{.*?(?:}}|$)|{%.*?(?:%}|$))
      | (?P<string>[rRbB]{0,2}(?:'{3}.*?(?:'{3}|\Z)|"{3}.*?(?:"{3}|\Z)
                               |'(?:\\.|[^'\\\n])*(?:'|$)|"(?:\\.|[^"\\\n])*(?:"|$)))
      | (?P<quoted>`[^`\n]*(?:`|$))
      | (?P<word>[^\W\d]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<parameter>@+\w*)
      | (?P<sign>\S)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    QUOTED = auto()
    STRING = auto()
    NUMBER = auto()
    PARAMETER = auto()
    TEMPLATE = auto()
    COMMENT = auto()
    SIGN = auto()


@dataclasses.dataclass(frozen=True)
class Token:
    """One word, text, sign or comment. ``name`` is what a word names, without backticks."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind the last character."""
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """The word without backticks; empty for anything but a name."""
        return self.text.strip("`") if self.kind in (Kind.WORD, Kind.QUOTED) else ""

    def is_word(self, *words: str) -> bool:
        """Whether this is one of some keywords, given in upper case."""
        return self.kind is Kind.WORD and self.text.upper() in words


@dataclasses.dataclass(frozen=True)
class Block:
    """Everything between two brackets, or the whole text. ``items`` are the tokens and inner blocks, in order.

    ``end`` is the offset of the closing bracket; of the end of the text where there is none.
    """

    items: tuple[Token | Block, ...]
    start: int
    end: int

    @property
    def is_query(self) -> bool:
        """Whether it holds a SELECT, or begins to."""
        first = next(iter(self.items), None)
        if isinstance(first, Block):
            return first.is_query
        return first is not None and first.is_word("SELECT", "WITH")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, comments and all; nothing in it can make this fail."""
    for match in _TOKEN.finditer(text):
        assert match.lastgroup is not None  # noqa: S101  (each alternative has a name)
        yield Token(Kind[match.lastgroup.upper()], match[0], match.start())


def blocks(found: Iterator[Token], end: int) -> Block:
    """Nest tokens by their brackets.

    One that closes too much is passed over. One that is never closed opens a SELECT up to the end, or else nothing:
    what follows a half-typed call belongs to the SELECT around it.
    """
    levels: list[tuple[int, list[Token | Block]]] = [(0, [])]
    for token in found:
        if token.kind is Kind.SIGN and token.text == "(":
            levels.append((token.end, []))
        elif token.kind is Kind.SIGN and token.text == ")" and len(levels) > 1:
            start, items = levels.pop()
            levels[-1][1].append(Block(tuple(items), start, token.start))
        elif token.kind is not Kind.COMMENT:
            levels[-1][1].append(token)
    while len(levels) > 1:
        start, items = levels.pop()
        block = Block(tuple(items), start, end)
        levels[-1][1].extend([block] if block.is_query else items)
    return Block(tuple(levels[0][1]), 0, end)


def around(block: Block, offset: int) -> list[Block]:
    """The blocks that an offset is in, from the whole text inwards."""
    for item in block.items:
        if isinstance(item, Block) and item.start <= offset <= item.end:
            return [block, *around(item, offset)]
    return [block]


def queries(block: Block) -> Iterator[Block]:
    """A block and the blocks in it, outer before inner."""
    yield block
    for item in block.items:
        if isinstance(item, Block):
            yield from queries(item)
