"""Where a cursor is in YAML that may be half typed: the keys around it, and whether a key or a value is expected."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_LINE = re.compile(r"(?P<indent>[ ]*)(?P<dash>(?:-[ ]+)*)(?:(?P<key>[\w.\"']+)[ ]*:(?=\s|$))?(?P<rest>.*)")
_TOKEN = re.compile(r"'(?:''|[^'\n])*'?|\"(?:\\.|[^\"\\\n])*\"?|[{}\[\],]|:(?=\s|$)|\s\#[^\n]*|\s+|[^\s{}\[\],:]+|:")
ITEM = "[]"
"""Stands in a path for an item of a list."""


@dataclasses.dataclass(frozen=True)
class Cursor:
    """``path`` are the keys around the cursor, outer first; ``word`` is what is typed of the key or value.

    ``taken`` are the keys that the mapping around the cursor has already, before it.
    """

    path: tuple[str, ...]
    word: str
    expects_key: bool
    taken: frozenset[str] = frozenset()


@dataclasses.dataclass
class _Level:
    """A mapping or list that is not closed; ``column`` is its indentation, -1 between brackets."""

    key: str
    column: int
    is_list: bool = False
    pending: str = ""
    taken: set[str] = dataclasses.field(default_factory=set)

    def ends_before(self, indent: int, *, is_item: bool) -> bool:
        """Whether a line that is indented so far is outside; the items of a list may stand right below its key."""
        return self.column > indent or (self.is_list and self.column == indent and not is_item)


def cursor(before: str) -> Cursor:
    """The cursor at the end of a text."""
    reader = _Reader()
    lines = before.split("\n")
    for line in lines[:-1]:
        reader.line(line)
    return reader.last(lines[-1])


class _Reader:
    """Follows keys by indentation, and by brackets where there are any."""

    def __init__(self) -> None:
        self._blocks: list[_Level] = [_Level("", 0)]
        self._flow: list[_Level] = []

    def line(self, text: str) -> None:
        if self._flow:
            self._brackets(text)
            return
        match = _LINE.fullmatch(text)
        if match is None or not text.strip() or text.lstrip().startswith("#"):
            return
        self._enter(match)
        self._brackets(match["rest"])

    def last(self, text: str) -> Cursor:
        """The line with the cursor at its end."""
        match = None if self._flow else _LINE.fullmatch(text)
        rest = match["rest"] if match else text
        if match is not None:
            self._enter(match)
        self._brackets(rest)
        word = re.search(r"[\w.@+\-]*$", rest)
        typed = word[0] if word else ""
        keys = tuple(level.key for level in self._blocks[1:])
        if self._flow:
            return self._between_brackets(keys, typed)
        top = self._blocks[-1]
        if match is not None and match["key"]:
            return Cursor((*keys, top.pending), typed, expects_key=False)
        return Cursor(keys, typed, expects_key=True, taken=frozenset(top.taken))

    def _between_brackets(self, keys: tuple[str, ...], typed: str) -> Cursor:
        pending = (self._blocks[-1].pending,) if self._blocks[-1].pending else ()
        inner = tuple(key for level in self._flow for key in (level.pending, ITEM if level.key == "[" else "") if key)
        last = self._flow[-1]
        path = (*keys, *pending, *inner)
        expects_key = last.key == "{" and not last.pending
        return Cursor(path, typed, expects_key=expects_key, taken=frozenset(last.taken - {typed}))

    def _enter(self, match: re.Match[str]) -> None:
        """Go out of what ends before this line, and into what begins on it."""
        indent, is_item = len(match["indent"]), bool(match["dash"])
        while len(self._blocks) > 1 and self._blocks[-1].ends_before(indent, is_item=is_item):
            self._blocks.pop()
        column = indent + len(match["dash"])
        parent = self._blocks[-1]
        if parent.pending and (is_item or parent.column < indent):
            self._blocks.append(_Level(parent.pending, indent, is_list=is_item))
            parent.pending = ""
        if is_item:
            self._blocks.append(_Level(ITEM, column))
        if match["key"]:
            top = self._blocks[-1]
            top.pending = match["key"].strip("\"'")
            top.taken.add(top.pending)

    def _brackets(self, text: str) -> None:
        word = ""
        for piece in _TOKEN.findall(text):
            if piece in "{[":
                self._flow.append(_Level(piece, -1))
            elif not self._flow or piece.isspace():
                continue
            elif piece in "}]":
                self._flow.pop()
            elif piece == ",":
                self._flow[-1].pending = ""
            elif piece == ":":
                self._flow[-1].pending = word
                self._flow[-1].taken.add(word)
            else:
                word = piece.strip("\"'")


def at_path(schema: Schema, path: tuple[str, ...]) -> list[Schema]:
    """The schemas that hold for what is at a path: several where a value may be one of several things."""
    found = _alternatives(schema)
    for key in path:
        inner = [each for alternative in found for each in _below(alternative, key)]
        found = [each for schema in inner for each in _alternatives(schema)]
    return found


def _below(schema: Schema, key: str) -> list[Schema]:
    if key == ITEM:
        return [schema["items"]] if "items" in schema else []
    known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return [known] if isinstance(known, dict) else []


def _alternatives(schema: Schema) -> list[Schema]:
    """A schema without ``anyOf``: each of the things that it may be; what is said of all stays first."""
    inner = [each for choice in schema.get("anyOf", ()) for each in _alternatives(choice)]
    return [schema, *inner]
