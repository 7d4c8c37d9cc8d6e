"""A parsed SELECT, and the way back from it to the analyst's file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from aggregator.core.diagnostics import Document, Place


@dataclasses.dataclass(frozen=True)
class Query:
    """A parsed SELECT with its text and the way back to the analyst's file.

    ``offsets`` is None when the text is the file's own, from ``start`` on; otherwise it gives, for each line of the
    rendered text, the line of the file that it came from.
    """

    text: str
    tree: exp.Query
    document: Document
    start: int
    lines: tuple[int, ...] | None = None

    def place(self, start: int, end: int | None = None) -> Place:
        """The place in the file of the characters ``[start, end)`` of the text."""
        if self.lines is None:
            return self.document.place(self.start + start, None if end is None else self.start + end)
        line_start = self.document.offset(self.lines[self.text.count("\n", 0, start)], 1)
        line = self.document.text[line_start:].partition("\n")[0]
        column = line.find(self.text[start : end or start])
        if end is None or column < 0:  # the template makes this text from another one
            return self.document.place(line_start + len(line) - len(line.lstrip()))
        return self.document.place(line_start + column, line_start + column + end - start)

    def place_of(self, node: exp.Expr) -> Place:
        """The place of a node of the tree: of its first token that has one, else of its keyword, else of the SELECT."""
        for part in node.walk(bfs=False):
            if "start" in part.meta:
                return self.place(part.meta["start"], part.meta["end"] + 1)
        keyword = node.sql_name() if hasattr(node, "sql_name") else node.key
        start = self.text.upper().find(keyword.upper())
        if start >= 0:
            return self.place(start, start + len(keyword))
        return self.place(len(self.text) - len(self.text.lstrip()))
