"""Names of tables that stand in one pair of backticks.

To BigQuery, what the backticks of ```lake.flights``` hold is a path, and the query calls the table ``flights``. To the
analyzer it is one identifier, and that is what the query calls the table. To the reference engine it must be one, or it
does not find the rows.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator

from aggregator.analyzers.googlesql.reads import Node, inherited, walk

_DOTTED = re.compile(r"`[^`\n]*\.[^`\n]*`")
_ADDED = 2
"""Characters for each dot: a pair of backticks around it."""


@dataclasses.dataclass(frozen=True)
class Split:
    """A text in which each part of a name has backticks of its own, and where the dots were before."""

    sql: str
    dots: tuple[int, ...] = ()

    def before(self, offset: int) -> int:
        """Where a character was in the text as it had been."""
        for dot in self.dots:
            if offset > dot:
                offset = max(dot, offset - _ADDED)
        return offset


def may_be_dotted(sql: str) -> bool:
    """Whether there may be such a name; to be sure costs parsing."""
    return _DOTTED.search(sql) is not None


def split(sql: str, parsed: Node) -> Split:
    """The text with ```lake`.`flights``` for ```lake.flights```; ``parsed`` is its syntax tree."""
    text = sql.encode()
    dots = sorted(dot for path in _paths(parsed) for name in path.path_expr.names for dot in _dots(text, name))
    for dot in reversed(dots):
        text = text[:dot] + b"`.`" + text[dot + 1 :]
    return Split(text.decode(), tuple(len(sql.encode()[:dot].decode()) for dot in dots))


def joined(sql: str, parsed: Node, places: Collection[tuple[int, int]]) -> str:
    """The text with ```lake.flights` AS `flights``` for what stands at these places, in bytes: each names a table."""
    names = dict.fromkeys(places, b"")
    for path in _paths(parsed):
        place = _place(path.path_expr)
        if place in names and not path.HasField("alias") and not path.parent.postfix_operators:
            names[place] = b" AS `" + path.path_expr.names[-1].id_string.rpartition(".")[2].encode() + b"`"
    text = sql.encode()
    for (start, end), alias in sorted(names.items(), reverse=True):
        text = text[:start] + b"`" + text[start:end].replace(b"`", b"") + b"`" + alias + text[end:]
    return text.decode()


def places(parsed: Node, names: Collection[str]) -> set[tuple[int, int]]:
    """Where, in bytes, tables of these names stand in a FROM."""
    paths = (path.path_expr for path in _paths(parsed))
    return {_place(path) for path in paths if ".".join(each.id_string for each in path.names) in names}


def _paths(parsed: Node) -> Iterator[Node]:
    for node in walk(parsed):
        if node.DESCRIPTOR.name == "ASTTablePathExpressionProto" and node.HasField("path_expr"):
            yield node


def _dots(text: bytes, name: Node) -> Iterator[int]:
    if "." in name.id_string:
        start, end = _place(name)
        yield from (place for place in range(start, end) if text[place : place + 1] == b".")


def _place(node: Node) -> tuple[int, int]:
    found = inherited(node, "parse_location_range")
    return found.start, found.end
