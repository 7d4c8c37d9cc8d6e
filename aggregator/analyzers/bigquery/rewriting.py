"""Logical names of tables to what BigQuery is to read instead, and the way back from its text to the author's."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable

from aggregator.compile.parse import parse_select
from aggregator.compile.resolve import Reference, references
from aggregator.core.diagnostics import Diagnostic, Document


@dataclasses.dataclass(frozen=True)
class Rewritten:
    """A text with some of its stretches replaced.

    ``pieces`` are the replaced stretches, in order: offsets of its start and end in the new text, and of its start in
    the old one. ``is_understood`` is False where the text could not be parsed; then it is as it was.
    """

    text: str
    pieces: tuple[tuple[int, int, int, int], ...] = ()
    is_understood: bool = True

    def original(self, offset: int) -> int:
        """Where in the old text a character of the new one stands; the start of what was replaced, if it is new."""
        index = bisect.bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1
        if index < 0:
            return offset
        _, end, old_start, old_end = self.pieces[index]
        return old_start if offset < end else offset - end + old_end


def rewrite(text: str, replacement: Callable[[Reference], str | None]) -> Rewritten:
    """Replace mentions of tables, at the offsets of their tokens; None leaves one as it is."""
    query = parse_select(text, Document("", text), 0)
    if isinstance(query, Diagnostic):
        return Rewritten(text, is_understood=False)
    new, pieces, position, length = [], [], 0, 0
    for reference in references(query):
        put = None if isinstance(reference, Diagnostic) else replacement(reference)
        if put is None or isinstance(reference, Diagnostic):
            continue
        kept = text[position : reference.start]
        start = length + len(kept)
        new += [kept, put]
        length = start + len(put)
        pieces.append((start, length, reference.start, reference.end))
        position = reference.end
    return Rewritten("".join((*new, text[position:])), tuple(pieces))
