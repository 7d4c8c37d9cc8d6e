"""Generated SQL as text that knows for which word of the author's each of its characters is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aggregator.compile.templates.text import Span, TemplateText
from aggregator.compile.templates.traced import joined, put_in, written

if TYPE_CHECKING:
    from aggregator.aggregates.select import Piece
    from aggregator.core.diagnostics import Word


def placed(pieces: Iterable[Piece], template: TemplateText) -> str:
    """Pieces of SQL as one text."""
    return joined(_placed(piece, template) for piece in pieces)


def _placed(piece: Piece, template: TemplateText) -> str:
    if piece.cause is None:
        return piece.text
    span = span_of(piece.cause, template)
    stands = template.document.text[span.start : span.start + len(piece.text)]
    return written(piece.text, span) if stands == piece.text else put_in(span, piece.text)


def span_of(word: Word, template: TemplateText) -> Span:
    """Where a word stands, without its quotes."""
    place, document = word.place, template.document
    start = document.offset(place.line, place.column)
    if not document.text.startswith(word, start) and document.text.startswith(word, start + 1):
        return Span(template, start + 1, start + 1 + len(word))
    return Span(template, start, max(document.offset(place.end_line, place.end_column), start + 1))
