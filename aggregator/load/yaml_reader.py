"""YAML as text with places: a tree of nodes, read from the C parser's events.

PyYAML's own constructors lose positions, keep the last of two equal keys and turn ``NO`` into False and ``12:30``
into 750. Here a scalar stays the text that the author wrote; the shape that reads it decides what it may mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import yaml

from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.load import codes
from aggregator.load.yaml_nodes import Mapping, Node, Refused, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

_UNQUOTED = (None, "")
MAX_DEPTH = 50
"""Nesting beyond this is an attack or an accident; PyYAML would need a second per few thousand levels."""

_TOO_DEEP = (f"nested more than {MAX_DEPTH} levels deep", "flatten it")


class _BrokenYamlError(Exception):
    """Reading cannot go on after this."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_yaml(document: Document, start: int, end: int) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Read the YAML between two offsets of a document: its root, if there is one, and all that is wrong with it."""
    reader = _Reader(document, start)
    try:
        root = reader.read(document.text[start:end])
    except _BrokenYamlError as broken:
        return None, (*reader.diagnostics, broken.diagnostic)
    return root, tuple(reader.diagnostics)


class _Reader:
    """Builds nodes from the parser's events."""

    def __init__(self, document: Document, start: int) -> None:
        self._document = document
        self._start = start
        self._aliases: set[str] = set()
        self.diagnostics: list[Diagnostic] = []

    def read(self, text: str) -> Node | None:
        try:
            self._next = cast("Callable[[], yaml.Event]", yaml.CSafeLoader(text).get_event)
            return self._document_root()
        except yaml.MarkedYAMLError as error:
            mark, problem, advice = _cause(error)
            at = mark.index if mark else 0
            raise _BrokenYamlError(_broken(self._place(at, at + 1), problem, advice)) from None
        except yaml.reader.ReaderError as error:
            found = yaml.reader.Reader.NON_PRINTABLE.search(text)
            at = found.start() if found else 0
            problem = f"the character U+{error.character:04X} is not text"
            raise _BrokenYamlError(_broken(self._place(at, at + 1), problem, "remove it")) from None

    def _document_root(self) -> Node | None:
        root: Node | None = None
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                place = self._place_of(event)
                raise _BrokenYamlError(_broken(place, "a second YAML document begins here", "keep one per file"))
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = self._place_of(event)
        if isinstance(event, yaml.AliasEvent):
            name = event.anchor or ""
            if name not in self._aliases:
                self._aliases.add(name)
                self._refuse(place, f"*{name} is an alias", "write the value out")
            return Refused(place)
        assert isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))  # noqa: S101  (all that there is)
        if event.anchor is not None or event.tag is not None:
            self._refuse_decoration(event.anchor, event.tag, place)
        if depth > MAX_DEPTH:
            raise _BrokenYamlError(_broken(place, *_TOO_DEEP))
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.style in _UNQUOTED, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(depth)), place)
        return self._mapping(place, depth)

    def _refuse_decoration(self, anchor: str | None, tag: str | None, place: Place) -> None:
        """Say of an anchor or a tag, which stand before the value itself, that it means nothing here."""
        start = self._document.offset(place.line, place.column)
        if anchor is not None:
            at = self._document.text.index(f"&{anchor}", start)
            self._refuse(self._document.place(at, at + len(anchor) + 1), f"&{anchor} is an anchor", "remove it")
        if tag is not None:
            at = self._document.text.index("!", start)
            written = self._document.text[at:].split(maxsplit=1)[0]
            self._refuse(self._document.place(at, at + len(written)), f"{written} is a tag", "remove it")

    def _refuse(self, place: Place, what: str, advice: str) -> None:
        message = f"{what}; project files may not use anchors, aliases and tags"
        self.diagnostics.append(Diagnostic(place, codes.ALIAS, message, advice))

    def _items(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, place: Place, depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, Scalar):
                advice = "quote a value that begins with { or ["
                raise _BrokenYamlError(_broken(key.place, "a key must be a single word", advice))
            if key.text in entries:
                first = entries[key.text][0].place.line
                message = f"the key {key.text} is here twice; the first is on line {first}"
                self.diagnostics.append(Diagnostic(key.place, codes.DUPLICATE_KEY, message, "keep one of them"))
            else:
                entries[key.text] = (key, value)
        return Mapping(tuple(entries.values()), place)

    def _place_of(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        assert start is not None  # noqa: S101  (the parser sets them; the annotation can't say so)
        assert end is not None  # noqa: S101
        return self._document.place(self._start + start.index, self._start + end.index)

    def _place(self, start: int, end: int) -> Place:
        return self._document.place(self._start + start, self._start + end)


def _cause(error: yaml.MarkedYAMLError) -> tuple[yaml.Mark | None, str, str]:
    """Where and what: a bracket or quote that is never closed is to blame, not the line where the parser gave up."""
    opened, noticed, problem = error.context_mark, error.problem_mark, error.problem or "it makes no sense"
    what = {
        "while parsing a flow sequence": "bracket",
        "while parsing a flow mapping": "brace",
        "while scanning a quoted scalar": "quote",
    }.get(error.context or "")
    if what is not None and opened is not None and noticed is not None and opened.line != noticed.line:
        advice = "close it" if what == "quote" else "close it, and look for a missing comma"
        return opened, f"this {what} is not closed", advice
    if "nesting depth" in problem:  # libyaml looks ahead and gives up before the outermost bracket has reached us
        return noticed or opened, *_TOO_DEEP
    return noticed or opened, problem, ""


def _broken(place: Place, problem: str, advice: str = "") -> Diagnostic:
    return Diagnostic(place, codes.BROKEN_YAML, f"this is not valid YAML: {problem}", advice or _advice(problem))


def _advice(problem: str) -> str:
    if "cannot start any token" in problem:
        return "indent with spaces, not tabs, and quote values that begin with @ ` or %"
    if "mapping values are not allowed" in problem:
        return "quote a value that contains a colon, and check the indentation"
    return "check indentation, quotes and brackets just before this place"
