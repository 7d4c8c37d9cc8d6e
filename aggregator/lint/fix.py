"""Mended text, from the edits that findings carry."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from aggregator.core.diagnostics import Diagnostic, Document, Edit


@dataclasses.dataclass(frozen=True)
class Mended:
    """A file's new text, and the findings that are mended in it."""

    document: Document
    findings: tuple[Diagnostic, ...]


def mend(document: Document, found: Iterable[Diagnostic]) -> Mended | None:
    """Apply the edits of a file's findings; None if there are none.

    The edits of a finding are applied together or not at all. Of two findings that want to edit the same characters
    the first is mended; the other is found again next time, if it is still there.
    """
    chosen: list[Edit] = []
    mended = []
    for each in found:
        fits = all(
            _is_within(edit, document) and not any(_overlap(edit, other) for other in chosen) for edit in each.edits
        )
        if each.edits and each.place.path == document.path and (fits or set(each.edits) <= set(chosen)):
            chosen += [edit for edit in each.edits if edit not in chosen]
            mended.append(each)
    if not mended:
        return None
    text = document.text
    for edit in sorted(chosen, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return Mended(Document(document.path, text), tuple(mended))


def _is_within(edit: Edit, document: Document) -> bool:
    return 0 <= edit.start <= edit.end <= len(document.text)


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same characters, or insert at the same place."""
    return (one.start < other.end and other.start < one.end) or one.start == other.start
