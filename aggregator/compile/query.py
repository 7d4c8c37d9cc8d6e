"""A parsed SELECT, and the way back from it to the analyst's file."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING

from aggregator.compile.nodes import Nodes

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

    from aggregator.compile.templates.source_map import SourceMap
    from aggregator.core.diagnostics import Document, Place, Related


@dataclasses.dataclass(frozen=True)
class Query:
    """A parsed SELECT with its text and the way back to the analyst's file.

    Without a ``source_map`` the text is the file's own, from ``start`` on.
    """

    text: str
    tree: exp.Query
    document: Document
    start: int
    source_map: SourceMap | None = None
    tokens: tuple[Token, ...] = ()

    @functools.cached_property
    def nodes(self) -> Nodes:
        """The nodes of the tree by type."""
        return Nodes(self.tree)

    def place(self, start: int, end: int | None = None) -> Place:
        """Where the characters ``[start, end)`` of the text are written; its trail tells which macros put them in."""
        if self.source_map is not None:
            return self.source_map.place(start, start + 1 if end is None else end)
        return self.document.place(self.start + start, None if end is None else self.start + end)

    def trace(self, start: int, end: int) -> tuple[Related, ...]:
        """How the characters ``[start, end)`` got from where they are written into the text, innermost first."""
        return self.place(start, end).trail

    def verbatim(self, start: int, end: int) -> tuple[int, int] | None:
        """The offsets in the file of characters of the text; None where a template had a hand in it.

        What is verbatim may be edited in the file: it stands there as it is in the text.
        """
        if self.source_map is not None:
            return self.source_map.verbatim(start, end)
        return self.start + start, self.start + end

    def place_of_nothing(self) -> Place:
        """Where a SELECT is missing: the end of the text, or of what a template made nothing of."""
        written = self.document.text[self.start :]
        text = self.text if self.text.strip() or not written.strip() else written
        end = max(len(text.rstrip()) - 1, 0)
        return self.document.place(self.start + end) if text is written else self.place(end)

    def place_of(self, node: exp.Expr) -> Place:
        """The place of a node of the tree: of its first token that has one, else of its keyword, else of the SELECT."""
        for part in node.walk(bfs=False):
            if "start" in part.meta:
                return self.place(part.meta["start"], part.meta["end"] + 1)
        keyword = node.sql_name() if hasattr(node, "sql_name") else node.key
        found = re.search(rf"\b{re.escape(keyword)}\b", self.text, re.IGNORECASE)
        if found:
            return self.place(*found.span())
        return self.place(len(self.text) - len(self.text.lstrip()))
